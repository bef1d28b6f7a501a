"""Warps and other sizes for what is made many times a second: natively where that can be, else by torch.

``ops/warp.py`` and ``ops/filters.py`` are the reference. What these make differs from it in the last bits, so
still pictures, whose bytes are to stay, are made by that.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from reverie.native import frames, step
from reverie.native.frames import Mixture
from reverie.ops.filters import enlarge, resize
from reverie.ops.warp import Border, Similarity, blur_against_aliasing, spline_filter, warp

#: How the pixels of an axis are made of those that were there.
Way = Literal["cubic", "antialiased", "linear", "wrapped"]
#: Keys' cubic kernel, of resampling upwards and with antialiasing, as torch has them.
CUBIC, ANTIALIASED = -0.75, -0.5


def fast_warp(
    picture: Tensor,
    where: Tensor | Similarity,
    *,
    border: Border = "mirror",
    sharp: bool = True,
    clamp: bool = False,
    alias: bool = False,
) -> Tensor:
    """As ``ops.warp.warp``, in a tenth of the time.

    Args:
        picture: (1, C, H, W) float32.
        where: A field (H', W', 2), or a similarity, as there.
        border: As there.
        sharp: As there.
        clamp: Keep the result within 0 and 1.
        alias: Look past what shrinks: nothing is filtered out before. For fields of which it is known that
            they hardly shrink.

    Returns:
        (1, C, H', W').

    Raises:
        ValueError: A field of another shape.
    """
    field = None if isinstance(where, Similarity) else where
    picture = picture.contiguous() if picture.device.type == "cpu" else picture
    if not step.serves(picture) or len(picture) != 1 or (field is not None and field.ndim != 3):
        made = warp(picture, where, border=border, sharp=sharp)
        return made.clamp_(0, 1) if clamp else made
    wrap = border == "wrap"
    if not alias:
        picture = blur_against_aliasing(picture, where, wrap=wrap).contiguous()
    if isinstance(where, Similarity):
        to: Tensor | tuple[float, ...] = (
            where.factor.real,
            where.factor.imag,
            where.offset.real,
            where.offset.imag,
        )
    else:
        to = where.to(picture).contiguous()
    return frames.warp(picture, to, filter_taps=spline_filter() if sharp else (), wrap=wrap, clamp=clamp)


def fast_resize(
    picture: Tensor, height: int, width: int, *, circular: bool = False, plain: bool = False
) -> Tensor:
    """As ``ops.filters.resize``: (1, C, height, width) of (1, C, H, W), in a tenth of the time."""
    there = int(picture.shape[2]), int(picture.shape[3])
    if (height, width) == there:
        return picture
    if not step.serves(picture) or len(picture) != 1:
        return resize(picture, height, width, circular=circular, plain=plain)
    way: Way = "antialiased" if height < there[0] or width < there[1] else "cubic"
    if plain:
        way = "linear"
    elif circular and way == "cubic":
        way = "wrapped"
    return frames.resample(picture, mixture(there[0], height, way), mixture(there[1], width, way))


def fast_enlarge(picture: Tensor, height: int, width: int, *, circular: bool = False) -> Tensor:
    """As ``ops.filters.enlarge``: linearly to (1, C, height, width)."""
    if not step.serves(picture) or len(picture) != 1:
        return enlarge(picture, height, width, circular=circular)
    way: Way = "wrapped" if circular else "linear"
    rows, columns = int(picture.shape[2]), int(picture.shape[3])
    return frames.resample(picture, mixture(rows, height, way), mixture(columns, width, way))


def deviation(picture: Tensor) -> float:
    """Standard deviation of a picture (1, C, H, W), the mean of its channels'."""
    planes: list[float] = [cv2.meanStdDev(plane)[1].item() for plane in picture[0].cpu().numpy()]
    return sum(planes) / len(planes)


@lru_cache(128)
def mixture(given: int, made: int, way: Way) -> Mixture:
    """What each of ``made`` pixels along an axis is made of, of ``given`` that were there."""
    scale = given / made
    centre: NDArray[np.float64] = (
        np.arange(made, dtype=np.float64) + 0.5
    ) * scale  # in pixels, from the edge of the first
    if way == "antialiased":
        return _antialiased(given, centre, scale)
    if way == "cubic":
        first = np.floor(centre - 0.5)
        share = centre - 0.5 - first
        distance = share[:, None] - np.arange(-1, 3)
        index = np.clip(first[:, None] + np.arange(-1, 3), 0, given - 1)
        return _mixture(index, _keys(distance, CUBIC), given)
    place = centre - 0.5
    if way == "linear":
        place = np.maximum(place, 0)
    first = np.floor(place)
    share = place - first
    index = first[:, None] + np.arange(2)
    index = index % given if way == "wrapped" else np.minimum(index, given - 1)
    return _mixture(index, np.stack([1 - share, share], 1), given)


def _antialiased(given: int, centre: NDArray[np.float64], scale: float) -> Mixture:
    """Keys' kernel, as wide as the pixels that are made, cut off at the edges."""
    wide = max(1.0, scale)
    first = np.maximum(np.trunc(centre - 2 * wide + 0.5), 0)
    end = np.minimum(np.trunc(centre + 2 * wide + 0.5), given)
    index = first[:, None] + np.arange(int((end - first).max()))
    weights = _keys((index - centre[:, None] + 0.5) / wide, ANTIALIASED) * (index < end[:, None])
    return _mixture(np.minimum(index, given - 1), weights / weights.sum(1, keepdims=True), given)


def _keys(distance: NDArray[np.float64], sharpness: float) -> NDArray[np.float64]:
    """Keys' cubic kernel at distances in pixels (Keys 1981)."""
    x, a = np.abs(distance), sharpness
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = ((x - 5) * x + 8) * x * a - 4 * a
    return np.where(x <= 1, near, np.where(x < 2, far, 0.0))


def _mixture(index: NDArray[Any], weights: NDArray[np.float64], given: int) -> Mixture:
    return Mixture(np.ascontiguousarray(index, np.int32), np.ascontiguousarray(weights, np.float32), given)
