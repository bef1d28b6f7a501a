"""Pictures out: a file that is whole or not there, with the recipe inside and nothing else."""

from __future__ import annotations

import contextlib
import io
import os
import secrets
import struct
import zlib
from os import PathLike
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from reverie.errors import ResourceError, ReverieError, UsageError
from reverie.media.names import behind, check_kind, check_name
from reverie.media.picture import xmp as metadata
from reverie.process.notices import warn

EXTENSIONS = {
    ".png": "png",
    ".jpg": "jpeg",
    ".jpeg": "jpeg",
    ".webp": "webp",
    ".avif": "avif",
    ".tif": "tiff",
    ".tiff": "tiff",
}
QUALITY = {"jpeg": 95, "webp": 92, "avif": 85}
_DEEP = ("png", "tiff")
_MOST_A_SIDE = {"jpeg": 65_500, "webp": 16_383, "avif": 65_535}
_JPEG_XMP = 65_504  # a marker of 64 kB less its own length and name
_STRIP = 1 << 20  # bytes of a TIFF strip before compression
_ROWS = 64  # converted at a time, so that the temporaries stay small


class Writable(Protocol):
    """What is written of a picture: its pixels and its transparency."""

    @property
    def pixels(self) -> NDArray[np.float32]:
        """(H, W, C) in [0, 1], sRGB."""

    @property
    def alpha(self) -> NDArray[np.float32] | None:
        """(H, W) in [0, 1], or None for an opaque picture."""


def check_save(
    path: str | PathLike[str],
    *,
    depth: int = 8,
    quality: int | None = None,
    overwrite: bool = False,
) -> str:
    """Whether a picture can be written under this name, asked before the work is done.

    Returns:
        The format: "png", "jpeg", "webp", "avif" or "tiff".

    Raises:
        UsageError: The extension, depth or quality cannot be used, the name is too long, or the file exists
            and ``overwrite`` is false; or what stands there is a folder, a device or a pipe.
        ResourceError: The folder does not exist.
    """
    name = os.fspath(path)
    kind = EXTENSIONS.get(Path(name).suffix.lower())
    if kind is None:
        raise UsageError(f"{name}: no format that can be written; use one of {', '.join(EXTENSIONS)}")
    if depth not in (8, 16):
        raise UsageError(f"{name}: depth {depth} is not possible; use 8 or 16")
    if depth == 16 and kind not in _DEEP:
        raise UsageError(f"{name}: only PNG and TIFF hold 16 bits a channel; use depth 8 or .png")
    if quality is not None:
        if kind not in QUALITY:
            raise UsageError(f"{name}: quality is for JPEG, WebP and AVIF; leave it out")
        if not 1 <= quality <= 100:
            raise UsageError(f"{name}: quality {quality} is out of range; use 1 to 100")
    check_name(name)
    check_kind(name)
    if os.path.lexists(name) and not overwrite:
        raise UsageError(f"{name}: exists already; give another name or --overwrite")
    folder = os.path.dirname(behind(name)) or "."
    if not os.path.isdir(folder):
        raise ResourceError(f"cannot write {name}: there is no folder {folder}; create it first")
    return kind


def save_picture(
    picture: Writable,
    path: str | PathLike[str],
    *,
    depth: int = 8,
    quality: int | None = None,
    provenance: dict[str, Any] | None = None,
    overwrite: bool = False,
) -> None:
    """Write a picture; its name's extension chooses the format.

    The file appears whole or not at all. It holds pixels, alpha where the format can, and the
    provenance: never EXIF, never a place or a time. The same picture gives the same bytes.

    Args:
        picture: One channel (grey) or three (sRGB), finite; values past [0, 1] are clipped.
        path: Ends in .png, .jpg, .jpeg, .webp, .avif, .tif or .tiff.
        depth: 8, or 16 for PNG and TIFF.
        quality: 1 to 100; 95 for JPEG (4:4:4), 92 for WebP and 85 for AVIF (4:4:4) by default.
        provenance: A JSON document to put inside, or None for none.
        overwrite: Whether an existing file may be replaced; of a link what it leads to is, the link stays.

    Raises:
        UsageError: As `check_save`; or the picture cannot be held by the format.
        ResourceError: The file cannot be written.
    """
    name = os.fspath(path)
    kind = check_save(path, depth=depth, quality=quality, overwrite=overwrite)
    try:
        data = encode(
            picture,
            kind,
            depth=depth,
            quality=quality,
            provenance=provenance,
            name=name,
        )
    except MemoryError as error:
        raise ResourceError(f"cannot write {name}: not enough memory to encode it") from error
    write_whole(data, name, overwrite=overwrite)


def write_whole(data: bytes, path: str | PathLike[str], *, overwrite: bool = False) -> None:
    """Put bytes under a name at once: written beside it first, then renamed.

    A link stays what it is: with ``overwrite`` the file that it leads to is replaced.

    Raises:
        UsageError: The file exists and ``overwrite`` is false, or what stands there is no file.
        ResourceError: It cannot be written; nothing is left behind.
    """
    name = os.fspath(path)
    place = behind(name)
    part = os.path.join(os.path.dirname(place), f".reverie-{secrets.token_hex(8)}.part")
    try:
        with open(part, "xb") as file:
            file.write(data)
        if os.path.lexists(name) and not overwrite:
            raise UsageError(f"{name}: exists already; give another name or --overwrite")
        check_kind(name)
        os.replace(part, place)
    except OSError as error:
        raise ResourceError(
            f"cannot write {name}: {error.strerror or error}; free or choose another place"
        ) from error
    finally:
        with contextlib.suppress(OSError):  # after os.replace there is nothing to remove
            os.unlink(part)


def encode(
    picture: Writable,
    kind: str,
    *,
    depth: int = 8,
    quality: int | None = None,
    provenance: dict[str, Any] | None = None,
    name: str = "the picture",
) -> bytes:
    """The bytes of a picture file; arguments and errors as `save_picture`."""
    height, width = picture.pixels.shape[:2]
    most = _MOST_A_SIDE.get(kind)
    if most is not None and max(width, height) > most:
        raise UsageError(f"{name}: {kind} holds at most {most} pixels a side; use .png or .tif")
    xmp = b"" if provenance is None else metadata.pack(provenance)
    if kind == "jpeg" and len(xmp) > _JPEG_XMP:
        raise UsageError(f"{name}: the recipe is too long for a JPEG ({len(xmp)} bytes); use .png")
    if kind == "jpeg" and picture.alpha is not None:
        warn(f"{name}: JPEG has no alpha, it is left out; .png and .webp keep it", stacklevel=3)
    samples = _samples(picture, kind, depth, name)
    if kind == "tiff":
        return _tiff(samples, xmp, name)
    if depth == 16:
        return _deep_png(samples, xmp)
    image = Image.fromarray(samples[..., 0] if samples.shape[2] == 1 else samples)
    options: dict[str, Any] = {"quality": quality or QUALITY.get(kind), "xmp": xmp}
    if kind == "png":
        options = {"pnginfo": _png_info(xmp)}
    elif kind == "jpeg":
        options |= {"subsampling": 0, "optimize": True}
    elif kind == "webp":
        options |= {"exact": True, "method": 4}
    else:
        # Tiles chosen by the number of processors would make the bytes depend on the machine.
        options |= {"subsampling": "4:4:4", "autotiling": False}
    out = io.BytesIO()
    try:
        image.save(out, format=kind.upper(), **options)
    except (OSError, ValueError, RuntimeError) as error:
        raise UsageError(f"{name}: cannot be written as {kind} ({error}); use .png") from error
    return out.getvalue()


def _samples(picture: Writable, kind: str, depth: int, name: str) -> NDArray[Any]:
    """(H, W, 1, 2, 3 or 4) of uint8 or uint16, alpha last."""
    height, _, channels = picture.pixels.shape
    if channels not in (1, 3):
        raise UsageError(
            f"{name}: a picture file has 1 or 3 channels, this picture {channels}; save picture.visible()"
        )
    alpha = None if kind == "jpeg" else picture.alpha
    colours = 3 if kind in ("webp", "avif") or alpha is not None else channels
    kept = np.dtype(np.uint8 if depth == 8 else np.uint16)
    samples = np.empty((*picture.pixels.shape[:2], colours + (alpha is not None)), kept)
    for top in range(0, height, _ROWS):
        rows = slice(top, top + _ROWS)
        samples[rows, :, :colours] = _whole_numbers(picture.pixels[rows], kept, name)
        if alpha is not None:
            samples[rows, :, colours] = _whole_numbers(alpha[rows], kept, name)
    return samples


def _whole_numbers(part: NDArray[np.float32], kept: np.dtype[Any], name: str) -> NDArray[Any]:
    if not np.isfinite(part).all():
        raise ReverieError(f"cannot write {name}: the picture holds NaN or infinite values")
    whole: NDArray[Any] = np.rint(np.clip(part, 0.0, 1.0) * np.float32(np.iinfo(kept).max)).astype(kept)
    return whole


def _png_info(xmp: bytes) -> PngInfo:
    info = PngInfo()
    if xmp:
        info.add_itxt(metadata.PNG_KEY, xmp.decode("utf-8"))
    return info


def _deep_png(samples: NDArray[np.uint16], xmp: bytes) -> bytes:
    """A 16-bit PNG: OpenCV's, with the packet as an iTXt chunk after the header (PNG 3, 11.3.3)."""
    order = {1: [0], 3: [2, 1, 0], 4: [2, 1, 0, 3]}[samples.shape[2]]
    done, found = cv2.imencode(".png", np.ascontiguousarray(samples[..., order]))
    if not done:
        raise UsageError("the picture cannot be written as a 16-bit PNG; use .tif")
    data = found.tobytes()
    if not xmp:
        return data
    return data[:33] + metadata.png_chunk(xmp) + data[33:]  # behind a signature of 8 and a header of 25


def _tiff(samples: NDArray[Any], xmp: bytes, name: str) -> bytes:
    """A TIFF 6.0 of deflated strips with horizontal differencing, of 8 or 16 bits, grey to RGBA.

    Written here because neither Pillow nor OpenCV writes 16-bit RGB together with a packet.
    """
    height, width, channels = samples.shape
    if samples.nbytes + len(xmp) > 0xF000_0000:
        raise UsageError(f"{name}: too large for a TIFF; use .png")
    rows = max(1, _STRIP // (width * channels * samples.itemsize))
    out = bytearray(8)
    offsets, counts = [], []
    for row in range(0, height, rows):
        strip = samples[row : row + rows].copy()
        strip[:, 1:] -= samples[row : row + rows, :-1]  # predictor 2; wraps around on purpose
        packed = zlib.compress(strip.astype(strip.dtype.newbyteorder("<")).tobytes(), 6)
        offsets.append(len(out))
        counts.append(len(packed))
        out += packed + b"\0" * (len(packed) % 2)
    tags: list[tuple[int, str, list[int] | bytes]] = [
        (256, "I", [width]),
        (257, "I", [height]),
        (258, "H", [8 * samples.itemsize] * channels),
        (259, "H", [8]),  # deflate
        (262, "H", [2 if channels >= 3 else 1]),  # RGB, or black is zero
        (273, "I", offsets),
        (277, "H", [channels]),
        (278, "I", [rows]),
        (279, "I", counts),
        (284, "H", [1]),
        (317, "H", [2]),
    ]
    if channels == 4:
        tags.append((338, "H", [2]))  # alpha that the colours are not multiplied by
    tags.append((339, "H", [1] * channels))
    if xmp:
        tags.append((700, "B", xmp))
    return _with_directory(out, tags)


def _with_directory(out: bytearray, tags: list[tuple[int, str, list[int] | bytes]]) -> bytes:
    """The strips, then the values that do not fit an entry, then the entries (TIFF 6.0, 2)."""
    types = {"B": 1, "H": 3, "I": 4}
    entries = []
    for tag, code, values in tags:
        packed = struct.pack(f"<{len(values)}{code}", *values)
        if len(packed) > 4:
            where = struct.pack("<I", len(out))
            out += packed + b"\0" * (len(packed) % 2)
        else:
            where = packed.ljust(4, b"\0")
        entries.append(struct.pack("<HHI", tag, types[code], len(values)) + where)
    out[:8] = b"II*\0" + struct.pack("<I", len(out))
    return bytes(out + struct.pack("<H", len(entries)) + b"".join(entries) + b"\0" * 4)
