"""Graphs into pictures in NumPy: what the native kernel is held to byte for byte, and what serves without it.

Everything is in double precision, and every function in a fixed sequence of additions, multiplications,
divisions and roots, which the standard of floating point defines to the last bit: a genome has the same
pixels everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Whole = NDArray[np.int32]

#: Adding it leaves the nearest whole number in the lowest bits; taking it away again, that number.
ROUND = 6755399441055744.0
SIGN = np.int64(-(2**63))
#: e^r = 1 + r + r^2 EXP(r) and sin(r) = r + r^3 SIN(r^2): through the Chebyshev nodes, so minimax nearly.
EXP = (
    *(0.5, 0.1666666666664829, 0.04166666666665136, 0.008333333353729397, 0.0013888888905881542),
    *(0.00019841208732536384, 2.4801536388690766e-05, 2.762511557828763e-06, 2.761380686153829e-07),
)
SIN = (
    *(-0.1666666666666665, 0.008333333333325924, -0.00019841269836464245, 2.755731805475644e-06),
    *(-2.505197284086259e-08, 1.60509690477946e-10, -7.408007795516067e-13),
)


def _polynomial(x: Doubles, coefficients: Sequence[float]) -> Doubles:
    y = np.full_like(x, coefficients[-1])
    for c in coefficients[-2::-1]:
        y = y * x + c
    return y


def _exponential(x: Doubles) -> Doubles:
    """e^x for x <= 0: 2^k e^r."""
    x = np.maximum(x, -700.0)
    shifted = x * 1.4426950408889634 + ROUND
    k = shifted - ROUND
    r = (x - k * 0.6931471803691238) - k * 1.9082149292705877e-10
    power = (r * r) * _polynomial(r, EXP) + r + 1.0
    return (power.view(np.int64) + (shifted.view(np.int64) << 52)).view(np.float64)


def sine(x: Doubles) -> Doubles:
    """sin(x), |x| < 1e6, to 1e-15."""
    shifted = x * 0.3183098861837907 + ROUND
    k = shifted - ROUND
    r = (x - k * 3.1415926534682512) - k * 1.2154201013012384e-10
    square = r * r
    y = (r * square) * _polynomial(square, SIN) + r
    return (y.view(np.int64) ^ (shifted.view(np.int64) << 63)).view(np.float64)


def sigmoid(x: Doubles) -> Doubles:
    """2 (1 / (1 + e^-x) - 0.5)."""
    e = _exponential(-np.abs(x))
    y = (1.0 - e) / (1.0 + e)
    return (y.view(np.int64) | (x.view(np.int64) & SIGN)).view(np.float64)


def gaussian(x: Doubles) -> Doubles:
    """e^(-x^2)."""
    return _exponential(-(x * x))


def linear(x: Doubles) -> Doubles:
    """A third of x, from -1 to 1."""
    return np.minimum(np.maximum(x, -3.0), 3.0) * (1 / 3.0)


def steep(x: Doubles) -> Doubles:
    """tanh(5 x)."""
    return sigmoid(10.0 * x)


#: Pixels that are computed at once: every node's values of them are held.
BAND = 1 << 16
#: In the order of the native interface.
APPLY = (sine, sigmoid, gaussian, linear, steep)


def render_one(
    functions: Whole,
    first: Whole,
    sources: Whole,
    weights: Doubles,
    outputs: Sequence[int],
    xs: Doubles,
    ys: Doubles,
    *,
    levels: int = 0,
) -> NDArray[np.float32]:
    """The picture (C, H, W) of one graph; arguments as those of ``native.cppn.render``, for one graph."""
    picture = np.empty((len(outputs), len(ys), len(xs)), np.float32)
    rows = max(1, BAND // len(xs))
    for top in range(0, len(ys), rows):
        x, y = (a.copy() for a in np.broadcast_arrays(xs[None, :], ys[top : top + rows, None]))
        values = [x, y, np.sqrt(x * x + y * y), np.ones_like(x)]
        for node, function in enumerate(functions):
            total = np.zeros_like(x)
            for edge in range(first[node], first[node + 1]):
                total = total + weights[edge] * values[sources[edge]]
            values.append(APPLY[function](total))
        shown = [np.abs(values[4 + node]) for node in outputs]
        planes = np.clip(np.stack(shown if len(shown) == 1 else hls_to_rgb(*shown)), 0.0, 1.0)
        if levels:
            planes = (planes * levels + ROUND - ROUND).astype(np.float32) / np.float32(levels)
        picture[:, top : top + rows] = planes
    return picture


def hls_to_rgb(hue: Doubles, lightness: Doubles, saturation: Doubles) -> list[Doubles]:
    """Red, green and blue of colours given in [0, 1], each of any shape."""
    a = saturation * np.minimum(lightness, 1.0 - lightness)
    planes = []
    for n in (0.0, 8.0, 4.0):
        turned = 12.0 * hue + n
        k = np.where(turned >= 12.0, turned - 12.0, turned)
        planes.append(lightness - a * np.maximum(np.minimum(np.minimum(k - 3.0, 9.0 - k), 1.0), -1.0))
    return planes
