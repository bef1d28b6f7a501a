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
from PIL import Image, UnidentifiedImageError

from reverie.errors import BadInput, ResourceError
from reverie.forks import lock
from reverie.media.picture import xmp as metadata
from reverie.media.picture.colour_profile import ProfileError, to_srgb, to_srgb_deep
from reverie.media.picture.detect_format import ACCEPTED, PILLOW, check_size, read_local, sniff
from reverie.media.picture.picture import Floats, Picture, Source
from reverie.media.picture.sixteen_bit import deep_samples, upright
from reverie.notices import warn

MAX_PIXELS = 64_000_000

_ORIENTATION = 0x0112
_BITS_PER_SAMPLE = 258
_opening = lock()


@dataclass
class _Header:
    """What is known of a file before its pixels are decoded."""

    image: Image.Image
    kind: str
    name: str
    deep: bool  # 16 bits a channel
    turned: int  # the orientation that Pillow applies itself (TIFF), 1 to 8


def load_picture(
    path: str | PathLike[str], *, max_pixels: int = MAX_PIXELS, svg_width: int = 1024
) -> Picture:
    """Read a still picture.

    PNG, JPEG, WebP, AVIF, TIFF, GIF, BMP, PPM, HEIC (extra ``heic``) and SVG (extra ``svg``), told
    apart by their bytes. The picture is turned upright (EXIF) and brought to sRGB (ICC). 16 bits a
    channel are kept of PNG and TIFF. Of an animation the first frame is read, with a warning.

    Args:
        path: A local file.
        max_pixels: The most pixels its header may state.
        svg_width: How wide, in pixels, a drawing is made.

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
    source = Source(os.path.basename(name), hashlib.sha256(data).hexdigest(), kind)
    try:
        if kind == "svg":
            from reverie.media.picture.svg import draw_svg

            png, rows = draw_svg(data, name, width=svg_width, max_pixels=max_pixels)
            return replace(_decode(png, "png", name, max_pixels, rows=rows), source=source)
        return replace(_decode(data, kind, name, max_pixels), source=source)
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
    if kind not in PILLOW:  # reverie writes neither SVG nor HEIC
        return None
    return metadata.unpack(_xmp(_open(data, kind, name)), name=name)


def _decode(data: bytes, kind: str, name: str, max_pixels: int, *, rows: int | None = None) -> Picture:
    """The picture of a file's bytes, or the first rows of it."""
    image = _open_heic(data, name) if kind == "heic" else _open(data, kind, name)
    check_size(*image.size, name, max_pixels)
    header = _read_header(image, data, kind, name)
    with _decoding(name):
        image.load()
    check_size(*image.size, name, max_pixels)
    try:
        provenance = metadata.unpack(_xmp(image), name=name)
    except BadInput as error:
        warn(f"{error}; it is read as a plain picture")
        provenance = None
    pixels, alpha, depth = _pixels(header, data)
    orientation = 1 if kind == "tiff" else _orientation(image, name)
    pixels = np.ascontiguousarray(upright(pixels, orientation)[:rows])
    if alpha is not None:
        alpha = np.ascontiguousarray(upright(alpha, orientation)[:rows])
        alpha = None if alpha.min() >= 1.0 else alpha
    return Picture(pixels, alpha, depth, provenance=provenance)


def _read_header(image: Image.Image, data: bytes, kind: str, name: str) -> _Header:
    _warn_of_more(image, kind, name)
    turned = 1
    with _decoding(name):
        deep = image.mode.startswith("I;16")
        if kind == "png":
            deep = data[24] == 16
        elif kind == "tiff":
            tags = image.tag_v2  # type: ignore[attr-defined]
            turned = tags.get(_ORIENTATION, 1)
            if image.mode in ("RGB", "RGBA"):
                deep = set(tags.get(_BITS_PER_SAMPLE, ())) == {16}
    return _Header(image, kind, name, deep, turned)


def _orientation(image: Image.Image, name: str) -> int:
    """The EXIF orientation, 1 to 8; asked after the pixels, as a PNG may have it behind them."""
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # a foreign EXIF block may break its reader in any way
        warn(f"{name}: its EXIF block is damaged and ignored; it may lie on its side")
        return 1


def _warn_of_more(image: Image.Image, kind: str, name: str) -> None:
    """Say that only the first frame or page is read; a JPEG's further images are its previews."""
    if kind in ("jpeg", "heic"):
        return
    with _decoding(name, header=True), own_limit():
        more = bool(getattr(image, "is_animated", False))
    if more and kind == "tiff":
        warn(f"{name}: has several pages, the first is taken; save the others as their own files")
    elif more:
        warn(f"{name}: an animation, its first frame is taken; `reverie film` takes all of it")


def _open(data: bytes, kind: str, name: str) -> Image.Image:
    """Open with exactly the decoder of this kind."""
    with _decoding(name, header=True), own_limit():
        return Image.open(io.BytesIO(data), formats=[PILLOW[kind]])


def _open_heic(data: bytes, name: str) -> Image.Image:
    try:
        import pillow_heif
    except ImportError as error:
        raise BadInput(f'{name}: reading HEIC needs an extra; pip install "reverie[heic]"') from error
    with _decoding(name, header=True):
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


@contextmanager
def _decoding(name: str, *, header: bool = False) -> Iterator[None]:
    """Turn whatever a decoder raises on a broken file into one line.

    Decoders of foreign bytes raise a dozen kinds of exceptions, so all of them are taken here, and
    nothing but a decoder is called inside.
    """
    try:
        yield
    except (BadInput, MemoryError):
        raise
    except Exception as error:
        said = " ".join(str(error).split())[:120] or type(error).__name__
        if "text chunk" in said or "MAX_TEXT_CHUNK" in said:
            why = "a text chunk in it is too long to be one; save it without metadata"
        elif isinstance(error, UnidentifiedImageError):
            why = f"the file is cut short or damaged; accepted are {ACCEPTED}"
        elif header:
            why = f"the file is cut short or damaged ({said}); get it again"
        elif isinstance(error, EOFError) or "trunc" in said.lower() or "end of" in said.lower():
            why = "the file is cut short; get it again"
        else:
            why = f"the file is cut short or damaged ({said}); get it again"
        raise BadInput(f"{name}: {why}") from error


def _pixels(header: _Header, data: bytes) -> tuple[Floats, Floats | None, int]:
    """(pixels (H, W, 3), alpha (H, W) or None, depth) as they lie in the file, in sRGB."""
    image = header.image
    icc = image.info.get("icc_profile")
    if header.deep:
        with _decoding(header.name):
            deep = deep_samples(image, data, header.kind, header.turned)
        if deep is not None:
            return *_from_deep(deep, image, icc, header.name), 16
        warn(f"{header.name}: its 16 bits a channel cannot be read, 8 are")
    if image.mode in ("I", "F"):
        if header.kind != "ppm" or image.mode == "F":
            raise BadInput(f"{header.name}: 32 bits a channel; save it with 8 or 16 bits a channel")
        grey = np.asarray(image, np.float32) / np.float32(65535)
        return np.repeat(np.clip(grey, 0, 1)[..., None], 3, axis=2), None, 16
    with _decoding(header.name):
        alpha = None
        if image.has_transparency_data:
            whole = image.convert("RGBA")
            alpha = _unit(np.asarray(whole.getchannel("A")))
            image = whole.convert("L" if image.mode in ("L", "LA", "La") else "RGB")
        elif image.mode == "1":
            image = image.convert("L")
        elif image.mode not in ("L", "RGB", "CMYK"):
            image = image.convert("RGB")
    image = _to_srgb(image, icc, header.name)
    return _unit(np.asarray(image if image.mode == "RGB" else image.convert("RGB"))), alpha, 8


def _to_srgb(image: Image.Image, icc: object, name: str) -> Image.Image:
    if not isinstance(icc, bytes) or not icc:
        return image
    try:
        return to_srgb(image, icc)
    except ProfileError as error:
        warn(f"{name}: its colour profile is ignored ({error}); colours may be off")
        return image


def _from_deep(
    deep: NDArray[np.uint16], image: Image.Image, icc: object, name: str
) -> tuple[Floats, Floats | None]:
    alpha: Floats | None = None
    transparent = image.info.get("transparency")
    if deep.ndim == 3 and deep.shape[2] == 4:
        alpha = _unit(deep[..., 3])
        deep = deep[..., :3]
    elif deep.ndim == 2 and isinstance(transparent, int):
        alpha = (deep != transparent).astype(np.float32)
    pixels: Floats | None = None
    if isinstance(icc, bytes) and icc:
        try:
            pixels = to_srgb_deep(deep, icc)
        except ProfileError as error:
            pixels = _profiled_at_8_bits(deep, icc, name, error)
    if pixels is None:
        pixels = _unit(deep)
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[..., None], 3, axis=2)
    return pixels, alpha


def _profiled_at_8_bits(
    deep: NDArray[np.uint16], icc: bytes, name: str, error: ProfileError
) -> Floats | None:
    """A deep picture of a profile that only LittleCMS can apply, at 8 bits."""
    image = Image.fromarray((deep / np.float32(257) + np.float32(0.5)).astype(np.uint8))
    try:
        image = to_srgb(image, icc)
    except ProfileError:
        warn(f"{name}: its colour profile is ignored ({error}); colours may be off")
        return None
    warn(f"{name}: its colour profile is of a kind that is applied at 8 bits a channel")
    return _unit(np.asarray(image))


def _unit(array: NDArray[Any]) -> Floats:
    """Integers -> float32 in [0, 1]; rounding the product takes every value back exactly."""
    unit: Floats = array.astype(np.float32)
    unit /= np.float32(np.iinfo(array.dtype).max)
    return unit


def _xmp(image: Image.Image) -> bytes:
    found = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
    if isinstance(found, str):
        found = found.encode("utf-8", errors="replace")
    return found if isinstance(found, bytes) else b""
