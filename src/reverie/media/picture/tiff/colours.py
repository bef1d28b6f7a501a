"""Samples of a TIFF, by what its channels mean, as float sRGB and transparency."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from reverie.errors import BadInput
from reverie.media.picture.colour_profile import Floats, to_encoded_srgb
from reverie.media.picture.decoding import decoding
from reverie.media.picture.profiled import deep_to_srgb, eight_bits, shallow_to_srgb, unit
from reverie.media.picture.tiff.layout import Colours, Layout
from reverie.process.notices import warn

_COLOR_MAP, _COEFFICIENTS, _BLACK_WHITE = 320, 529, 532
_ROWS = 256  # converted at a time, so that the temporaries stay small


def to_picture(
    samples: NDArray[Any], page: Any, layout: Layout, icc: bytes, name: str
) -> tuple[Floats, Floats | None]:
    """(pixels (H, W, 3), alpha (H, W) or None), both in [0, 1].

    Args:
        samples: (H, W, channels) of uint8 or uint16.
        page: The ``TiffPage``, for its palette and what its YCbCr is made of.
        layout: What the channels mean.
        icc: The file's colour profile, or nothing.
        name: What to call the file.

    Raises:
        BadInput: Its palette is not there or too short.
    """
    alpha = None if layout.alpha is None else samples[..., layout.alpha]
    colours: NDArray[Any] = samples[..., : layout.coloured]
    if layout.associated and alpha is not None:
        colours = _divided(colours, alpha)
    kind = layout.colours
    if kind in (Colours.CIELAB, Colours.ICCLAB):
        pixels = _from_lab(colours, kind is Colours.CIELAB)
    elif kind is Colours.CMYK:
        pixels = _from_cmyk(colours, icc, name)
    else:
        if kind is Colours.PALETTE:
            colours = _from_palette(colours[..., 0], page, layout, name)
        elif kind is Colours.WHITE_IS_ZERO:
            colours = np.iinfo(colours.dtype).max - colours
        elif kind is Colours.YCBCR and layout.coloured == 3 and not _decoded(layout):
            colours = _from_ycbcr(colours, page)
        pixels = _from_plain(colours, icc, name)
    return pixels, None if alpha is None else unit(alpha)


def _decoded(layout: Layout) -> bool:
    """Whether a JPEG decoder has made RGB of YCbCr already."""
    return layout.coding in (6, 7) and not layout.planes


def _divided(colours: NDArray[Any], alpha: NDArray[Any]) -> NDArray[Any]:
    """Colours that were multiplied by alpha, as they were before; black where nothing is left."""
    top = np.iinfo(colours.dtype).max
    out = np.empty_like(colours)
    for row in range(0, len(colours), _ROWS):
        rows = slice(row, row + _ROWS)
        divisor = alpha[rows, :, None].astype(np.uint32)
        whole = colours[rows].astype(np.uint32) * top // np.maximum(divisor, 1)
        out[rows] = np.where(divisor > 0, np.minimum(whole, top), 0)
    return out


def _from_plain(colours: NDArray[Any], icc: bytes, name: str) -> Floats:
    """Grey (H, W, 1) or RGB of 8 or 16 bits."""
    colours = np.ascontiguousarray(colours[..., 0] if colours.shape[2] == 1 else colours)
    if colours.dtype == np.uint16:
        return deep_to_srgb(colours, icc, name)
    return shallow_to_srgb(Image.fromarray(colours), icc, name)


def _from_cmyk(inks: NDArray[Any], icc: bytes, name: str) -> Floats:
    if inks.dtype == np.uint16:
        if not icc:
            light = 65535 - inks.astype(np.float32)
            return np.asarray(light[..., :3] * light[..., 3:] / np.float32(65535**2), np.float32)
        warn(f"{name}: its colour profile is of a kind that is applied at 8 bits a channel")
        inks = eight_bits(inks)
    return shallow_to_srgb(Image.fromarray(np.ascontiguousarray(inks), "CMYK"), icc, name)


def _from_palette(indices: NDArray[Any], page: Any, layout: Layout, name: str) -> NDArray[np.uint8]:
    """The colours of a map of 16-bit values, at 8 bits."""
    count = 2**layout.bits
    with decoding(name, header=True):
        found = page.tags.valueof(_COLOR_MAP)
        table: NDArray[Any] = np.asarray(() if found is None else found).astype(np.uint16).reshape(-1)
    if table.size < 3 * count:
        raise BadInput(f"{name}: the file is damaged (its palette is too short); get it again")
    table = table[: 3 * count].reshape(3, count).T
    if table.max() >= 256:  # some programs write values of 8 bits
        table = table >> 8
    return np.asarray(table.astype(np.uint8)[indices])


def _from_ycbcr(colours: NDArray[Any], page: Any) -> NDArray[Any]:
    """YCbCr to RGB of the same bits (TIFF 6.0, 20 and 21)."""
    top = int(np.iinfo(colours.dtype).max)
    middle = (top + 1) // 2
    weights = _rationals(page, _COEFFICIENTS, 3) or (0.299, 0.587, 0.114)
    bounds = _rationals(page, _BLACK_WHITE, 6) or (0.0, top, middle, top, middle, top)
    red, green, blue = weights
    out = np.empty_like(colours)
    for row in range(0, len(colours), _ROWS):
        part = colours[row : row + _ROWS].astype(np.float64)
        luma = (part[..., 0] - bounds[0]) * top / ((bounds[1] - bounds[0]) or 1)
        cb = (part[..., 1] - bounds[2]) * (top - middle) / ((bounds[3] - bounds[2]) or 1)
        cr = (part[..., 2] - bounds[4]) * (top - middle) / ((bounds[5] - bounds[4]) or 1)
        r = luma + cr * (2 - 2 * red)
        b = luma + cb * (2 - 2 * blue)
        g = (luma - red * r - blue * b) / (green or 1)
        out[row : row + _ROWS] = np.rint(np.clip(np.stack([r, g, b], axis=-1), 0, top)).astype(out.dtype)
    return out


def _rationals(page: Any, tag: int, count: int) -> tuple[float, ...] | None:
    """Fractions of a tag, or None where it is not there or makes no sense."""
    said = page.tags.valueof(tag)
    if not isinstance(said, tuple) or len(said) != 2 * count:
        return None
    pairs = zip(said[::2], said[1::2], strict=True)
    try:
        found = tuple(float(top) / float(bottom) if bottom else -1.0 for top, bottom in pairs)
    except (TypeError, ValueError):  # no numbers
        return None
    return found if min(found) >= 0 else None


def _from_lab(lab: NDArray[Any], signed: bool) -> Floats:
    """CIE L*a*b* of the D50 white (TIFF 6.0, 23; ICC.1:2022, 6.3.4) as sRGB.

    Args:
        lab: (H, W, 3) of uint8 or uint16.
        signed: Whether a* and b* are two's complements (CIELab) or have their zero in the middle (ICCLab).
    """
    deep = lab.dtype == np.uint16
    one = 256.0 if deep else 1.0
    most = (65535.0 if signed else 65280.0) if deep else 255.0
    out = np.empty(lab.shape, np.float32)
    for row in range(0, len(lab), _ROWS):
        part = lab[row : row + _ROWS]
        if signed:
            opponent = part[..., 1:].view(np.int16 if deep else np.int8).astype(np.float64) / one
        else:
            opponent = part[..., 1:] / one - 128.0
        y = (part[..., 0] * (100.0 / most) + 16.0) / 116.0
        f = np.stack([y + opponent[..., 0] / 500.0, y, y - opponent[..., 1] / 200.0], axis=-1)
        xyz = np.where(f > 6 / 29, f**3, (f - 4 / 29) * 3 * (6 / 29) ** 2) * (0.9642, 1.0, 0.8249)
        out[row : row + _ROWS] = to_encoded_srgb(xyz)
    return out
