"""What a file is, told from its first bytes and never from its name, and whether it is one."""

from __future__ import annotations

import os
import re
from os import PathLike

from reverie.errors import BadInput
from reverie.media.local_file import open_regular, reason
from reverie.media.picture.camera_raw import refuse_raw_beginning

# reverie's name -> Pillow's name, of the formats that Pillow decodes. TIFF is tifffile's alone.
PILLOW = {
    "png": "PNG",
    "jpeg": "JPEG",
    "webp": "WEBP",
    "avif": "AVIF",
    "gif": "GIF",
    "bmp": "BMP",
    "ppm": "PPM",
}
ACCEPTED = "PNG, JPEG, WebP, AVIF, TIFF, GIF, BMP, PPM, HEIC and SVG"

_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
    (b"II+\0", "tiff"),
    (b"MM\0+", "tiff"),
)
_HEIC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
_SVG = re.compile(r"\s*<(\?xml|svg|!DOCTYPE\s+svg|!--|[A-Za-z]+:svg)", re.IGNORECASE)
# Protocols of video tools and of the web; a single letter before ":" is a drive of Windows.
_PROTOCOL = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]+(:|,,)")


def read_local(path: str | PathLike[str], *, most: int | None = None) -> bytes:
    """The bytes of a local, regular file.

    Args:
        path: The file.
        most: How many bytes a file may have that is no picture reverie knows what to do with.

    Raises:
        BadInput: There is no such file, it is no regular file, it cannot be read, it is empty or
            it is longer than ``most``.
    """
    name = os.fspath(path)
    try:
        with open_regular(name) as file:
            size = os.fstat(file.fileno()).st_size
            if most is not None and size > most:
                raise BadInput(
                    f"{name}: {size} bytes are more than the limit of pixels can need "
                    f"({most}); --max-pixels raises it"
                )
            data = file.read()
    except (OSError, ValueError) as error:
        if looks_like_url(name):
            raise BadInput(f"{name}: not a local file; give the path of a file here") from error
        inside = " in it" if os.path.isdir(name) else ""
        raise BadInput(f"{name}: {reason(error)}; give the path of a picture{inside}") from error
    if not data:
        raise BadInput(f"{name}: empty file; give a picture ({ACCEPTED})")
    return data


def sniff(data: bytes, name: str) -> str:
    """Reverie's name of the format of these bytes.

    Raises:
        BadInput: It is none of the accepted formats, or a camera raw by its first bytes.
    """
    refuse_raw_beginning(data, name)
    for magic, kind in _MAGIC:
        if data.startswith(magic):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    if data[4:8] == b"ftyp":
        length = max(16, min(int.from_bytes(data[:4], "big"), 256))
        brands = {data[8:12], *(data[at : at + 4] for at in range(16, length, 4))}
        if brands & {b"avif", b"avis"}:
            return "avif"
        if brands & _HEIC:
            return "heic"
    if data[:2] == b"BM" and data[14:18] in _BMP_HEADERS:
        return "bmp"
    if re.match(rb"P[1-6][\s#]", data[:3]):
        return "ppm"
    if _SVG.match(_start_of_text(data)):
        return "svg"
    if data[4:8] == b"ftyp" or data[:4] == b"\x1aE\xdf\xa3" or data[:4] + data[8:12] == b"RIFFAVI ":
        raise BadInput(f"{name}: a film and no picture; reverie film {name} takes it")
    raise BadInput(f"{name}: not a picture reverie reads; accepted are {ACCEPTED}")


_BMP_HEADERS = {length.to_bytes(4, "little") for length in (12, 16, 40, 52, 56, 64, 108, 124)}


def _start_of_text(data: bytes) -> str:
    head = data[:512]
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return head.decode("utf-16", errors="replace")
    return head.decode("utf-8-sig", errors="replace")


def looks_like_url(name: str) -> bool:
    """Whether video tools and browsers would take this for an address."""
    return _PROTOCOL.match(name) is not None


MIN_SIDE = 32
MAX_ASPECT = 20


def check_large(width: float, height: float, name: str, max_pixels: int) -> None:
    """Refuse a size with more pixels than the limit.

    Raises:
        BadInput: With the size and the limit.
    """
    if width * height > max_pixels:
        raise BadInput(
            f"{name}: {width:.0f} x {height:.0f} pixels are over the limit of {max_pixels} pixels; "
            "--max-pixels raises it"
        )


def check_size(width: float, height: float, name: str, max_pixels: int, *, min_side: int = MIN_SIDE) -> None:
    """Refuse a size that is too large, too narrow, or too small: to dream on, unless another side is given.

    Raises:
        BadInput: With the size and the limit it breaks.
    """
    check_large(width, height, name, max_pixels)
    size = f"{width:.0f} x {height:.0f} pixels"
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise BadInput(f"{name}: {size} are over the aspect limit of {MAX_ASPECT} : 1; cut a part out of it")
    if min(width, height) < min_side:
        raise BadInput(f"{name}: {size} are too small, the minimum is {min_side} pixels a side; enlarge it")


def is_picture(path: str) -> bool:
    """Whether a file is a still picture, told from its first bytes; a sequence or an animation is not."""
    if os.path.isdir(path) or "%" in path or "*" in path:
        return False
    try:
        with open_regular(path) as file:
            return sniff(file.read(512), path) != "gif"
    except (OSError, ValueError, BadInput):
        return False
