"""PNG of sixteen bits a channel, at full depth: Pillow keeps them of grey alone, OpenCV of colours too."""

from __future__ import annotations

import zlib
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image


def deep_samples(image: Image.Image, data: bytes) -> NDArray[np.uint16] | None:
    """The samples of a 16-bit PNG, (H, W) or (H, W, 3 or 4) in the order R, G, B, A.

    Args:
        image: The file as Pillow has decoded, and so verified, it.
        data: The file.

    Returns:
        None where OpenCV reads something else than 16 bits of three or four channels.

    Raises:
        ValueError: The pixels are damaged.
    """
    if image.mode.startswith("I;16"):
        return np.asarray(image).astype(np.uint16)
    found = cv2.imdecode(np.frombuffer(_bare_png(data), np.uint8), cv2.IMREAD_UNCHANGED)
    if found is None:
        raise ValueError("its pixels are damaged")
    if found.dtype != np.uint16 or found.ndim != 3 or found.shape[2] < 3:
        return None
    array: Any = found[..., [2, 1, 0, 3][: found.shape[2]]]
    return array if array.shape[1::-1] == image.size else None


def upright(array: Any, orientation: int) -> Any:
    """Undo an EXIF orientation (Exif 2.32, tag 0x0112) of (H, W, ...)."""
    if orientation in (5, 6, 7, 8):
        array = np.swapaxes(array, 0, 1)
    if orientation in (2, 3, 6, 7):
        array = array[:, ::-1]
    if orientation in (3, 4, 7, 8):
        array = array[::-1]
    return array


def _bare_png(data: bytes) -> bytes:
    """A PNG of its pixel chunks alone; OpenCV need not see, and complain about, any other."""
    parts, at = [data[:8]], 8
    while at + 12 <= len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        if data[at + 4 : at + 8] in (b"IHDR", b"PLTE", b"IDAT", b"IEND"):
            if zlib.crc32(data[at + 4 : end - 4]) != int.from_bytes(data[end - 4 : end], "big"):
                raise ValueError("its data do not match their checksum")
            parts.append(data[at:end])
        at = end
    return b"".join(parts)
