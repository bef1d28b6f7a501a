"""A TIFF's first picture: which of its pages that is, its pixels, its profile and its packet."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from reverie.errors import BadInput
from reverie.media.picture.camera_raw import is_preview, refuse_raw_directories
from reverie.media.picture.colour_profile import Floats
from reverie.media.picture.decoding import decoding
from reverie.media.picture.sixteen_bit import upright
from reverie.media.picture.tiff.colours import to_picture
from reverie.media.picture.tiff.entries import longest_of
from reverie.media.picture.tiff.layout import REMEDY, Colours, Layout, layout_of
from reverie.media.picture.tiff.segments import read_samples
from reverie.process.notices import warn

_ORIENTATION, _XMP, _ICC = 274, 700, 34675
_PREVIEW, _MASK = 1, 4  # bits of NewSubfileType
_MOST_PAGES = 12  # looked at for one that is no preview
# Makers' kinds of TIFF, whose own rules tifffile would follow; each is read as the TIFF it says it is.
_PLAIN = ("lsm", "ndpi", "scanimage", "stk", "philips", "vista", "indica", "eer", "ome", "imagej")

# Values that tifffile takes one by one: what is said once or once a channel, and a microscope's tables.
_READ_ONE_BY_ONE = frozenset(
    {*range(254, 260), 262, 263, 266, 274, 277, 278, 284, 296, 317, 322, 323, *range(338, 342), 512}
    | {*range(529, 533), *range(33628, 33632)}
)
_MOST_VALUES = 50_000


@dataclass(frozen=True)
class TiffPicture:
    """What was read of a TIFF.

    Attributes:
        pixels: (H, W, 3) float32 in [0, 1], sRGB, upright.
        alpha: (H, W) float32 in [0, 1], or None.
        depth: 8 or 16.
        xmp: The packet of metadata, or nothing.
    """

    pixels: Floats
    alpha: Floats | None
    depth: int
    xmp: bytes


def read_tiff(data: bytes, name: str, max_pixels: int) -> TiffPicture:
    """The first picture of a TIFF.

    Previews and masks that stand before it are passed over. Further pages are said in a warning.

    Args:
        data: The file.
        name: What to call it.
        max_pixels: The most pixels its directory may state.

    Raises:
        BadInput: It is a camera raw, damaged, cut short, out of bounds, or of a layout without one meaning.
    """
    with _open(data, name) as pages:
        page = _first_picture(pages, name)
        layout = _stated(page, name, max_pixels)
        with decoding(name, header=True):
            icc, xmp = _bytes_of(page, _ICC), _bytes_of(page, _XMP)
            turned = page.tags.valueof(_ORIENTATION, 1)
        samples = read_samples(page, data, layout, name)
        pixels, alpha = to_picture(samples, page, layout, icc, name)
    deep = samples.dtype == np.uint16 and layout.colours is not Colours.PALETTE
    turned = int(turned) if isinstance(turned, int) else 1
    whole = None if alpha is None else np.ascontiguousarray(upright(alpha, turned))
    return TiffPicture(np.ascontiguousarray(upright(pixels, turned)), whole, 16 if deep else 8, xmp)


def tiff_packet(data: bytes, name: str) -> bytes:
    """The packet of metadata (XMP) of a TIFF, or nothing; no pixel is decoded.

    Raises:
        BadInput: It is no TIFF, or a camera raw.
    """
    with _open(data, name) as pages, decoding(name, header=True):
        return _bytes_of(pages[0], _XMP)


@contextmanager
def _open(data: bytes, name: str) -> Iterator[Any]:
    """The pages of a file, none of them read yet but the first."""
    import tifffile

    quiet = logging.getLogger("tifffile")
    if not any(isinstance(handler, logging.NullHandler) for handler in quiet.handlers):
        quiet.addHandler(logging.NullHandler())  # what it says of foreign files is said here in one line
    if longest_of(data, _READ_ONE_BY_ONE) > _MOST_VALUES:
        raise BadInput(f"{name}: its directory holds far too many values; save it with another program")
    with decoding(name, header=True):
        plain: dict[str, Any] = {f"is_{maker}": False for maker in _PLAIN}
        try:
            file = tifffile.TiffFile(io.BytesIO(data), **plain)
        except TypeError as error:  # of what says one thing for all channels, and here does not
            raise BadInput(f"{name}: its channels are numbers of different kinds; {REMEDY}") from error
    with file:
        with decoding(name, header=True):
            if not _has_picture(file.pages):
                raise ValueError("its first directory is not there")
        refuse_raw_directories(file.pages, name)
        yield file.pages


def _has_picture(pages: Any) -> bool:
    try:
        return bool(pages[0].tags)
    except IndexError:
        return False


def _stated(page: Any, name: str, max_pixels: int) -> Layout:
    with decoding(name, header=True):
        return layout_of(page, name, max_pixels)


def _first_picture(pages: Any, name: str) -> Any:
    """The first page that is no preview and no mask; the other pages are spoken of."""
    found: Any = None
    passed = 0
    for index in range(_MOST_PAGES):
        try:
            page = pages[index]
        except Exception:  # the end, or a directory that is broken: what stands before it counts
            break
        if int(page.subfiletype) & (_PREVIEW | _MASK):
            passed += found is None
        elif found is None:
            found = page
        else:
            if page.offset != found.offset:
                warn(f"{name}: has several pages, the first is taken; save the others as their own files")
            break
    if found is not None:
        if passed:
            warn(f"{name}: begins with a preview, the picture after it is taken")
        return found
    if passed > 1 or is_preview(pages[0]) or int(pages[0].subfiletype) & _MASK:
        raise BadInput(f"{name}: previews or masks and no picture; get the file they were made of")
    return pages[0]  # it calls itself a preview, and there is nothing it could be one of


def _bytes_of(page: Any, tag: int) -> bytes:
    value = page.tags.valueof(tag)
    if isinstance(value, str):
        return value.encode("utf-8", errors="replace")
    if isinstance(value, tuple | np.ndarray):
        return bytes(np.asarray(value).astype(np.uint8))
    return value if isinstance(value, bytes) else b""
