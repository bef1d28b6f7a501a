"""Sixteen bits a channel, at full depth: Pillow keeps them of grey alone, OpenCV of colours too."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image


def deep_samples(image: Image.Image, data: bytes, kind: str, turned: int) -> NDArray[np.uint16] | None:
    """The samples of a 16-bit PNG or TIFF, (H, W) or (H, W, 3 or 4) in the order R, G, B, A.

    Args:
        image: The file as Pillow has decoded, and so verified, it.
        data: The file.
        kind: "png", "tiff" or another.
        turned: The orientation that Pillow has undone already.

    Returns:
        None where OpenCV reads something else than 16 bits of three or four channels.

    Raises:
        ValueError: The pixels are damaged.
    """
    if image.mode.startswith("I;16"):
        return np.asarray(image).astype(np.uint16)
    data = _bare_png(data) if kind == "png" else _level_tiff(data)
    found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if found is None:
        raise ValueError("its pixels are damaged")
    if found.dtype != np.uint16 or found.ndim != 3 or found.shape[2] < 3:
        return None
    array: Any = upright(found[..., [2, 1, 0, 3][: found.shape[2]]], turned)
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
        if data[at + 4 : at + 8] in (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"):
            if zlib.crc32(data[at + 4 : end - 4]) != int.from_bytes(data[end - 4 : end], "big"):
                raise ValueError("its data do not match their checksum")
            parts.append(data[at:end])
        at = end
    return b"".join(parts)


def _level_tiff(data: bytes) -> bytes:
    """A TIFF whose first directory says upright: some versions of OpenCV turn it, others do not."""
    order = "<" if data[:2] == b"II" else ">"
    magic, at = struct.unpack_from(order + "HI", data, 2)
    if magic != 42:  # a BigTIFF keeps its entries elsewhere
        return data
    (count,) = struct.unpack_from(order + "H", data, at)
    for entry in range(at + 2, at + 2 + 12 * count, 12):
        tag, kind = struct.unpack_from(order + "HH", data, entry)
        if (tag, kind) == (0x0112, 3):
            return data[: entry + 8] + struct.pack(order + "H", 1) + data[entry + 10 :]
    return data
