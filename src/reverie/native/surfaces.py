"""Smooth surfaces into pictures, and how rough pictures are: the kernels behind ``reverie.evolve.natural``.

NumPy there gives the same bytes, and serves where there is no library.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reverie.native import function, library

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
    """
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
    """
    held = np.ascontiguousarray(pictures, np.float32)
    sums = np.empty((len(held), 4), np.int64)
    measuring = function("reverie_surfaces_measure", _int, _long, _int, _long, _long, _array, _array, _int)
    if measuring(*held.shape, held.ctypes.data, sums.ctypes.data, threads) < 0:
        raise MemoryError("out of memory measuring evolved pictures")
    return sums
