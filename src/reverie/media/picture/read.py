"""Picture files in: any accepted format to float32 sRGB, upright, with nothing trusted.

The order is the safety: what the file is (from its bytes), how large it says it is (from its
header), and only then its pixels, by the one decoder its bytes ask for.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reverie.errors import BadInput, ResourceError
from reverie.media.picture import xmp as metadata
from reverie.media.picture.container_colour import bmp_profile, boxed_colour
from reverie.media.picture.decoding import decoding
from reverie.media.picture.described_colour import DescribedColour
from reverie.media.picture.detect_format import MIN_SIDE, PILLOW, check_size, read_local, sniff
from reverie.media.picture.picture import Floats, Picture, Source, fingerprint
from reverie.media.picture.png_chunks import PngMeaning, described, narrow, opacity, png_meaning
from reverie.media.picture.profiled import deep_to_srgb, shallow_to_srgb, unit
from reverie.media.picture.sixteen_bit import deep_samples, upright
from reverie.process.forks import lock
from reverie.process.notices import warn

MAX_PIXELS = 64_000_000

_ORIENTATION = 0x0112
_opening = lock()


@dataclass
class _Header:
    """What is known of a file before its pixels are decoded."""

    image: Image.Image
    kind: str
    name: str
    deep: bool  # 16 bits a channel
    meaning: PngMeaning | None  # of a PNG


def load_picture(
    path: str | PathLike[str],
    *,
    max_pixels: int = MAX_PIXELS,
    svg_width: int = 1024,
    min_side: int = MIN_SIDE,
) -> Picture:
    """Read a still picture.

    PNG, JPEG, WebP, AVIF, TIFF, GIF, BMP, PPM, HEIC (extra ``heic``) and SVG (extra ``svg``), told
    apart by their bytes. The picture is turned upright (EXIF) and brought to sRGB (ICC). 16 bits a
    channel are kept of PNG and TIFF. Of an animation the first frame is read, with a warning.

    Args:
        path: A local file.
        max_pixels: The most pixels its header may state.
        svg_width: How wide, in pixels, a drawing is made.
        min_side: The shortest side that it may have, in pixels; of a TIFF or a drawing no less than usual.

    Returns:
        Three channels; ``alpha`` where any of it is not opaque.

    Raises:
        BadInput: The file is missing, no picture, damaged, cut short, or its size is out of bounds.
        ResourceError: There is not enough memory to decode it.
    """
    name = os.fspath(path)
    # 16 bytes a pixel are more than any accepted format stores, with room for metadata.
    data = read_local(path, most=16 * max_pixels + 64_000_000)
    kind = sniff(data, name)
    digest = hashlib.sha256(data).hexdigest()

    def from_file(picture: Picture) -> Picture:
        return replace(picture, source=Source(os.path.basename(name), digest, kind, fingerprint(picture)))

    try:
        if kind == "svg":
            from reverie.media.picture.svg import draw_svg

            png, rows = draw_svg(data, name, width=svg_width, max_pixels=max_pixels)
            return from_file(_decode(png, "png", name, max_pixels, rows=rows))
        if kind == "tiff":
            return from_file(_decode_tiff(data, name, max_pixels))
        return from_file(_decode(data, kind, name, max_pixels, min_side=min_side))
    except MemoryError as error:
        raise ResourceError(f"{name}: not enough memory to read it; give a smaller one") from error


def read_provenance(path: str | PathLike[str]) -> dict[str, Any] | None:
    """Reverie's own metadata of a picture file, or None; the pixels are not decoded.

    Raises:
        BadInput: The file is missing or no picture, or the metadata in it is damaged.
    """
    name = os.fspath(path)
    data = read_local(path)
    kind = sniff(data, name)
    if kind == "tiff":
        from reverie.media.picture.tiff.read import tiff_packet

        return metadata.unpack(tiff_packet(data, name), name=name)
    if kind not in PILLOW:  # reverie writes neither SVG nor HEIC
        return None
    packet = _xmp(_open(data, kind, name))
    if not packet and kind == "png":  # of what moves it stands behind all frames
        packet = metadata.packet_in_png(io.BytesIO(data))
    return metadata.unpack(packet, name=name)


def _decode_tiff(data: bytes, name: str, max_pixels: int) -> Picture:
    from reverie.media.picture.tiff.read import read_tiff

    found = read_tiff(data, name, max_pixels)
    alpha = found.alpha if found.alpha is not None and found.alpha.min() < 1.0 else None
    return Picture(found.pixels, alpha, found.depth, provenance=_provenance(found.xmp, name))


def _provenance(xmp: bytes, name: str) -> dict[str, Any] | None:
    """What reverie itself wrote into it; damaged, it is left out with a warning."""
    try:
        return metadata.unpack(xmp, name=name)
    except BadInput as error:
        warn(f"{error}; it is read as a plain picture")
        return None


def _decode(
    data: bytes,
    kind: str,
    name: str,
    max_pixels: int,
    *,
    rows: int | None = None,
    min_side: int = MIN_SIDE,
) -> Picture:
    """The picture of a file's bytes, or the first rows of it."""
    image = _open_heic(data, name) if kind == "heic" else _open(data, kind, name)
    check_size(*image.size, name, max_pixels, min_side=min_side)
    header = _read_header(image, data, kind, name)
    with decoding(name):
        image.load()
    check_size(*image.size, name, max_pixels, min_side=min_side)
    provenance = _provenance(_xmp(image), name)
    pixels, alpha, depth = _pixels(header, data)
    orientation = _orientation(image, name)
    pixels = np.ascontiguousarray(upright(pixels, orientation)[:rows])
    if alpha is not None:
        alpha = np.ascontiguousarray(upright(alpha, orientation)[:rows])
        alpha = None if alpha.min() >= 1.0 else alpha
    return Picture(pixels, alpha, depth, provenance=provenance)


def _read_header(image: Image.Image, data: bytes, kind: str, name: str) -> _Header:
    _warn_of_more(image, kind, name)
    if kind != "png":
        return _Header(image, kind, name, image.mode.startswith("I;16"), None)
    return _Header(image, kind, name, data[24] == 16, png_meaning(data))


def _orientation(image: Image.Image, name: str) -> int:
    """The EXIF orientation, 1 to 8; asked after the pixels, as a PNG may have it behind them."""
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # a foreign EXIF block may break its reader in any way
        warn(f"{name}: its EXIF block is damaged and ignored; it may lie on its side")
        return 1


def _warn_of_more(image: Image.Image, kind: str, name: str) -> None:
    """Say that only the first frame is read; a JPEG's further images are its previews."""
    if kind in ("jpeg", "heic"):
        return
    with decoding(name, header=True), own_limit():
        more = bool(getattr(image, "is_animated", False))
        if kind == "png":  # its picture for those who know no animations may be no frame of one
            more = image.n_frames - bool(image.info.get("default_image")) > 1  # type: ignore[attr-defined]
    if more:
        warn(f"{name}: an animation, its first frame is taken; `reverie film` takes all of it")


def _open(data: bytes, kind: str, name: str) -> Image.Image:
    """Open with exactly the decoder of this kind."""
    with decoding(name, header=True), own_limit():
        return Image.open(io.BytesIO(data), formats=[PILLOW[kind]])


def _open_heic(data: bytes, name: str) -> Image.Image:
    try:
        import pillow_heif
    except ImportError as error:
        raise BadInput(f'{name}: reading HEIC needs an extra; pip install "reverie[heic]"') from error
    with decoding(name, header=True):
        image: Image.Image = pillow_heif.HeifImageFile(io.BytesIO(data))  # type: ignore[no-untyped-call]
    return image


@contextmanager
def own_limit() -> Iterator[None]:
    """Lift Pillow's limit while a header is read: it names no size, and ours follows at once.

    The limit is the whole process's, so one thread at a time does so.
    """
    with _opening:
        theirs, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = theirs


def _pixels(header: _Header, data: bytes) -> tuple[Floats, Floats | None, int]:
    """(pixels (H, W, 3), alpha (H, W) or None, depth) as they lie in the file, in sRGB."""
    icc = header.image.info.get("icc_profile")
    icc = icc if isinstance(icc, bytes) else b""
    colour: DescribedColour | None = None
    if header.meaning is not None:
        colour, profile_counts = described(header.meaning, bool(icc), header.name)
        icc = icc if profile_counts else b""
    elif header.kind == "bmp":
        icc = bmp_profile(data)
    elif header.kind in ("avif", "heic") and not icc:
        colour = boxed_colour(data, header.name)
    pixels, alpha, depth = _plain_pixels(header, data, icc)
    if header.meaning is not None and narrow(header.meaning):
        pixels = np.clip((pixels * np.float32(255) - 16) / np.float32(219), 0, 1)
    return pixels if colour is None else colour.to_srgb(pixels), alpha, depth


def _plain_pixels(header: _Header, data: bytes, icc: bytes) -> tuple[Floats, Floats | None, int]:
    """As `_pixels`, by a profile and nothing else."""
    image = header.image
    if header.deep:
        with decoding(header.name):
            deep = deep_samples(image, data)
        if deep is not None:
            return *_from_deep(deep, header, icc), 16
        warn(f"{header.name}: its 16 bits a channel cannot be read, 8 are")
    if image.mode in ("I", "F"):
        if header.kind != "ppm" or image.mode == "F":
            raise BadInput(f"{header.name}: 32 bits a channel; save it with 8 or 16 bits a channel")
        grey = np.asarray(image, np.float32) / np.float32(65535)
        return np.repeat(np.clip(grey, 0, 1)[..., None], 3, axis=2), None, 16
    with decoding(header.name):
        image, alpha = _apart(header)
    return shallow_to_srgb(image, icc, header.name), alpha, 8


def _apart(header: _Header) -> tuple[Image.Image, Floats | None]:
    """(colours (L, RGB or CMYK), transparency) of an image of 8 bits or fewer."""
    image, alpha = header.image, None
    if header.meaning is not None and header.meaning.transparent is not None:
        image = image.convert("L" if image.mode in ("1", "L") else "RGB")
        alpha = opacity(np.asarray(image), header.meaning)
    elif image.has_transparency_data:
        whole = image.convert("RGBA")
        alpha = unit(np.asarray(whole.getchannel("A")))
        image = whole.convert("L" if image.mode in ("L", "LA", "La") else "RGB")
        if header.kind == "bmp" and not alpha.any():
            alpha = None  # written by programs that leave the fourth byte empty
    elif image.mode == "1":
        image = image.convert("L")
    elif image.mode not in ("L", "RGB", "CMYK"):
        image = image.convert("RGB")
    return image, alpha


def _from_deep(deep: NDArray[np.uint16], header: _Header, icc: bytes) -> tuple[Floats, Floats | None]:
    alpha: Floats | None = None
    if deep.ndim == 3 and deep.shape[2] == 4:
        alpha = unit(deep[..., 3])
        deep = deep[..., :3]
    elif header.meaning is not None:
        alpha = opacity(deep, header.meaning)
    return deep_to_srgb(deep, icc, header.name), alpha


def _xmp(image: Image.Image) -> bytes:
    found = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
    if isinstance(found, str):
        found = found.encode("utf-8", errors="replace")
    return found if isinstance(found, bytes) else b""
