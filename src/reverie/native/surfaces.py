"""Smooth surfaces into pictures, and how rough pictures are: the kernels behind ``reverie.evolve.natural``.

NumPy there gives the same bytes, and serves where there is no library.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reverie.native import function, library
from reverie.native.check import check_range, check_that, check_threads

_int, _long, _array = ctypes.c_int, ctypes.c_long, ctypes.c_void_p
#: More would not fit into the numbers that are added up.
MOST_CHANNELS = 64


def available() -> bool:
    """Whether there are kernels; any processor can run them."""
    return library() is not None


def draw(
    genes: NDArray[np.uint8],
    strengths: NDArray[np.float32],
    sides: Sequence[int],
    first: Sequence[NDArray[np.int32]],
    weights: Sequence[NDArray[np.float32]],
    *,
    levels: int = 0,
    threads: int = 1,
) -> NDArray[np.float32]:
    """Pictures (N, C, S, S) in [0, 1] of N genomes.

    Args:
        genes: (N, C, sum of the squares of all sides but the last), the coarsest surface first.
        strengths: (256,): what each gene stands for.
        sides: Knots in a row of each surface, from coarse to fine, and S.
        first: From each side to the next: (next,), the first knot that each place is made of.
        weights: From each side to the next: (taps, next), of that knot and those behind it.
        levels: Rounds to multiples of 1 / levels; 0 leaves them as they are.
        threads: At most so many.

    Raises:
        MemoryError: There is none.
        UsageError: Arrays that do not fit each other.
    """
    _check(genes, strengths, sides, first, weights)
    check_range("levels", levels, 0)
    check_threads(threads)
    count, channels, _ = genes.shape
    held = (
        np.ascontiguousarray(genes),
        np.ascontiguousarray(strengths, np.float32),
        np.array(sides, ctypes.c_long),
        np.array([len(w) for w in weights], ctypes.c_long),
        np.concatenate(first).astype(np.int32),
        np.concatenate([w.reshape(-1) for w in weights]).astype(np.float32),
    )
    at = [array.ctypes.data for array in held]
    out = np.empty((count, channels, sides[-1], sides[-1]), np.float32)
    surfaces = _long, _int, _array, _array, _int, *(_array,) * 4
    drawing = function("reverie_surfaces_draw", _int, *surfaces, _int, _array, _int)
    if drawing(count, channels, *at[:2], len(sides) - 1, *at[2:], levels, out.ctypes.data, threads) < 0:
        raise MemoryError("out of memory drawing evolved pictures")
    return out


def measure(pictures: NDArray[np.float32], *, threads: int = 1) -> NDArray[np.int64]:
    """Sums (N, 4) over pictures (N, C, H, W) in [0, 1], C at most ``MOST_CHANNELS``.

    With g the sum over channels of whole 255ths: of g, of g squared, and of the squares of what g differs
    from the pixel above and from the pixel on the left.

    Raises:
        MemoryError: There is none.
        UsageError: No such pictures: of another shape, without pixels, or with values out of range.
    """
    check_threads(threads)
    held = np.ascontiguousarray(pictures, np.float32)
    check_that(held.ndim == 4 and 0 not in held.shape[1:], "pictures have to be (N, C, H, W), no side of 0")
    check_range("channels", held.shape[1], 1, MOST_CHANNELS)
    inside = held.size == 0 or (float(held.min()) >= 0 and float(held.max()) <= 1)
    check_that(inside, "pictures have to be in [0, 1]")
    sums = np.empty((len(held), 4), np.int64)
    measuring = function("reverie_surfaces_measure", _int, _long, _int, _long, _long, _array, _array, _int)
    if measuring(*held.shape, held.ctypes.data, sums.ctypes.data, threads) < 0:
        raise MemoryError("out of memory measuring evolved pictures")
    return sums


def _check(
    genes: NDArray[np.uint8],
    strengths: NDArray[np.float32],
    sides: Sequence[int],
    first: Sequence[NDArray[np.int32]],
    weights: Sequence[NDArray[np.float32]],
) -> None:
    """UsageError unless what ``draw`` is given fits together."""
    check_that(len(sides) >= 2, "sides have to be at least two")
    for side in sides:
        check_range("a side", int(side), 1, 1 << 15)
    genome = sum(int(side) ** 2 for side in sides[:-1])
    fits = genes.ndim == 3 and genes.dtype == np.uint8 and genes.shape[2] == genome and genes.shape[1] > 0
    check_that(fits, f"genes have to be uint8 of shape (N, C, {genome}), not {genes.dtype} {genes.shape}")
    check_that(strengths.shape == (256,), f"strengths have to be (256,), not {strengths.shape}")
    each = len(sides) - 1
    check_that(len(first) == len(weights) == each, f"first and weights have to be {each} arrays")
    for side, after, start, share in zip(sides, sides[1:], first, weights, strict=False):
        shaped = start.shape == (after,) and share.ndim == 2 and share.shape[1:] == (after,) and len(share)
        check_that(
            bool(shaped), f"from side {side} to {after}: first has to be ({after},), weights (taps, {after})"
        )
        within = start.min() >= 0 and start.max() + len(share) <= side
        check_that(bool(within), f"from side {side} to {after}: knots that do not exist")
