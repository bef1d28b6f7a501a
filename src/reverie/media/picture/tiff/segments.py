"""The samples of a TIFF, strip by strip or tile by tile, in bounded memory.

Each is decoded by tifffile and imagecodecs alone, brought to 8 or 16 bits, and put in its place, so that
nothing but the picture itself is ever held whole.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reverie.errors import BadInput
from reverie.media.picture.decoding import decoding
from reverie.media.picture.tiff.inner_size import jpeg_2000_size, jpeg_size, webp_size
from reverie.media.picture.tiff.layout import JPEG, JPEG_2000, OLD_JPEG, WEBP, Colours, Layout
from reverie.media.picture.tiff.streams import STREAMS, unpacked

_INNER = {
    **dict.fromkeys((*JPEG, *OLD_JPEG), jpeg_size),
    **dict.fromkeys(JPEG_2000, jpeg_2000_size),
    **dict.fromkeys(WEBP, webp_size),
}
_MOST_PARTS = 500_000  # more would take minutes
_BEYOND = 0.01  # how far floating point may leave [0, 1], as resampling lets it


def read_samples(page: Any, data: bytes, layout: Layout, name: str) -> NDArray[Any]:
    """The picture's samples (H, W, channels), uint8 for up to 8 bits and uint16 for more.

    Whole numbers of other widths are scaled, floating point from 0 to 1 too; indices of a palette stay.

    Args:
        page: A ``TiffPage`` that is still open.
        data: The file.
        layout: What was said of it.
        name: What to call the file in an error.

    Raises:
        BadInput: Its pixels are damaged, cut short, missing, not finite, or floating point beyond [0, 1].
    """
    kept = np.uint8 if layout.bits <= 8 and not layout.floats else np.uint16
    out = np.empty((layout.height, layout.width, layout.channels), kept)
    turned = page.fillorder == 2
    if layout.coding in STREAMS:
        page.compression = page.fillorder = 1  # of what tifffile has still to do
    for index, packed in _packed(page, data, layout, name):
        with decoding(name):
            _check_inner(packed, page, layout)
            part, place = _decoded(page, packed, index, layout, turned)
        _put(out, _kept(part, layout, name), place)
    return out


def _decoded(
    page: Any, packed: bytes, index: int, layout: Layout, turned: bool
) -> tuple[NDArray[Any], tuple[int, ...]]:
    """A strip or tile (h, w, samples), and where it belongs."""
    if layout.subsampled != (1, 1):
        return _shared_colours(page, packed, index, layout, turned)
    if layout.coding in STREAMS:
        packed = unpacked(packed, layout.coding, _most_bytes(page, layout), turned)
    part, place, _ = page.decode(packed, index, jpegtables=page.jpegtables)
    return part[0], place


def _most_bytes(page: Any, layout: Layout) -> int:
    """How long a strip or tile is when unpacked, filled up as the last strip of some programs is."""
    samples = 1 if layout.planes else layout.channels
    down, across = page.rowsperstrip, layout.width
    if page.is_tiled:
        down, across = page.tilelength, page.tilewidth
    return int(down) * math.ceil(int(across) * samples * layout.bits / 8)


def _put(out: NDArray[Any], part: NDArray[Any], place: tuple[int, ...]) -> None:
    """Put (h, w, samples) where it belongs; what a tile has beyond the picture's edge is cut."""
    channel, _, top, left, _ = place
    part = part[: out.shape[0] - top, : out.shape[1] - left]
    there = out[top : top + part.shape[0], left : left + part.shape[1]]
    if part.shape[2] == out.shape[2]:
        there[...] = part
    else:
        there[..., channel] = part[..., 0]


# -- what lies in the file ----------------------------------------------------------------------------------


def _packed(page: Any, data: bytes, layout: Layout, name: str) -> Iterator[tuple[int, bytes]]:
    """Each strip or tile as it lies in the file, with its number."""
    wanted = _how_many(page, layout)
    if wanted > _MOST_PARTS:
        raise BadInput(f"{name}: lies in {wanted} strips or tiles; save it in larger ones")
    with decoding(name, header=True):
        offsets = [int(each) for each in page.dataoffsets[:wanted]]
        lengths = _lengths(page, offsets, wanted, len(data), layout)
    if len(offsets) < wanted or len(lengths) < wanted:
        raise BadInput(f"{name}: the file is damaged (parts of the picture have no place); get it again")
    for index, (at, length) in enumerate(zip(offsets, lengths, strict=True)):
        if at <= 0 or length <= 0:
            raise BadInput(f"{name}: parts of the picture are not in the file; save it whole")
        if at + length > len(data):
            raise BadInput(f"{name}: the file is cut short; get it again")
        yield index, data[at : at + length]


def _lengths(page: Any, offsets: list[int], wanted: int, end: int, layout: Layout) -> list[int]:
    """How many bytes each strip or tile has in the file."""
    if layout.coding == 1 and layout.subsampled == (1, 1):  # a row has a known length, whatever is stated
        return [_plain_length(page, index, layout) for index in range(wanted)]
    if any(tag in page.tags for tag in (279, 325, 514)):
        return [int(each) for each in page.databytecounts[:wanted]]
    places = [*sorted(offsets), end]  # each reaches up to what follows it
    return [places[bisect.bisect_right(places, at, hi=len(offsets))] - at for at in offsets]


def _how_many(page: Any, layout: Layout) -> int:
    planes = layout.channels if layout.planes else 1
    if page.is_tiled:
        across = math.ceil(layout.width / int(page.tilewidth))
        return planes * across * math.ceil(layout.height / int(page.tilelength))
    return planes * math.ceil(layout.height / int(page.rowsperstrip))


def _plain_length(page: Any, index: int, layout: Layout) -> int:
    """Bytes of an uncompressed strip or tile."""
    samples = 1 if layout.planes else layout.channels
    if page.is_tiled:
        return int(page.tilelength) * math.ceil(int(page.tilewidth) * samples * layout.bits / 8)
    strips = math.ceil(layout.height / page.rowsperstrip)
    rows = min(page.rowsperstrip, layout.height - index % strips * page.rowsperstrip)
    return int(rows) * math.ceil(layout.width * samples * layout.bits / 8)


def _check_inner(packed: bytes, page: Any, layout: Layout) -> None:
    """Let no decoder make room for more than the strip or tile can need, or make up what is not there."""
    size = _INNER.get(layout.coding)
    if size is None:
        return
    most = (page.tilewidth, page.tilelength) if page.is_tiled else (layout.width, layout.height)
    found = size(packed)
    if found is None and layout.coding in OLD_JPEG:
        return  # its frame header lies elsewhere; tifffile refuses what it cannot join
    if found is None or min(found) < 1 or found[0] > most[0] + 16 or found[1] > most[1] + 16:
        raise ValueError(f"a part of {most[0]} x {most[1]} says it is {found}")
    if size is jpeg_size and packed.find(b"\xff\xd9", len(packed) // 2) < 0:
        raise EOFError("a JPEG in it has no end")  # its decoder would fill it up with grey


# -- to 8 or 16 bits ----------------------------------------------------------------------------------------


def _kept(part: NDArray[Any], layout: Layout, name: str) -> NDArray[Any]:
    """Samples of any width as uint8 or uint16; the largest stays white."""
    if layout.floats:
        return _from_floats(part, name)
    bits = layout.bits
    if layout.colours is Colours.PALETTE:
        return _from_indices(part, layout)
    if bits in (8, 16):
        return part
    top = 2**bits - 1
    if bits < 8:
        return np.asarray((part.astype(np.uint16) * 255 + top // 2) // top, np.uint8)
    if bits < 16:
        return np.asarray((part.astype(np.uint32) * 65535 + top // 2) // top, np.uint16)
    scaled = part.astype(np.float64) * (65535 / (2.0**bits - 1))
    return np.asarray(np.rint(np.clip(scaled, 0, 65535)), np.uint16)


def _from_indices(part: NDArray[Any], layout: Layout) -> NDArray[Any]:
    """The first channel as it is, others scaled."""
    out = part.astype(np.uint8 if layout.bits <= 8 else np.uint16)
    if layout.channels > 1 and layout.bits not in (8, 16) and not layout.planes:
        full = 255 if layout.bits < 8 else 65535
        out[..., 1:] = out[..., 1:].astype(np.uint32) * full // (2**layout.bits - 1)
    return out


def _from_floats(part: NDArray[Any], name: str) -> NDArray[np.uint16]:
    if not np.isfinite(part).all():
        raise BadInput(f"{name}: its pixels hold NaN or infinite values; mend them in what made it")
    low, high = float(part.min()), float(part.max())
    if low < -_BEYOND or high > 1 + _BEYOND:
        raise BadInput(
            f"{name}: its floating-point samples reach from {low:.4g} to {high:.4g}; scale them to 0 to 1"
        )
    scaled = np.clip(part.astype(np.float32), 0, 1) * np.float32(65535)
    return np.asarray(np.rint(scaled), np.uint16)


def _shared_colours(
    page: Any, packed: bytes, index: int, layout: Layout, turned: bool
) -> tuple[NDArray[Any], tuple[int, ...]]:
    """A strip of YCbCr whose colours several pixels share (TIFF 6.0, 21), each with its own.

    A unit is the Y of across x down pixels, then one Cb and one Cr.
    """
    across, down = layout.subsampled
    top = index * page.rowsperstrip
    rows = min(page.rowsperstrip, layout.height - top)
    wide, high = math.ceil(layout.width / across), math.ceil(rows / down)
    unit = across * down + 2
    if layout.coding != 1 or turned:
        most = wide * math.ceil(page.rowsperstrip / down) * unit
        packed = unpacked(packed, layout.coding, most, turned)
    units = np.frombuffer(packed, np.uint8, wide * high * unit).reshape(high, wide, unit)
    luma = (
        units[..., :-2].reshape(high, wide, down, across).swapaxes(1, 2).reshape(high * down, wide * across)
    )
    chroma = units[..., -2:].repeat(down, axis=0).repeat(across, axis=1)
    part = np.concatenate([luma[..., None], chroma], axis=2)[:rows, : layout.width]
    return part, (0, 0, top, 0, 0)
