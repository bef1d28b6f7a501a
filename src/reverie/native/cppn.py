"""Many small graphs into pictures: the batched kernel behind ``reverie.evolve.cppn``.

Its reference is ``evolve.cppn_reference``, written in NumPy, which serves where there is no library. The two
give the same bytes, with every instruction set, number of threads and batch.
"""

from __future__ import annotations

import ctypes
import functools

import numpy as np
from numpy.typing import NDArray

from reverie.native import Isa, function, instruction_sets, library

_int, _long, _plane = ctypes.c_int, ctypes.c_long, ctypes.c_void_p


def available() -> bool:
    """Whether there is a kernel; any processor can run it."""
    return library() is not None


@functools.cache
def _fastest() -> int:
    return max((int(i) for i in instruction_sets() if i <= Isa.AVX512), default=0)


def render(
    nodes: NDArray[np.int32],
    functions: NDArray[np.int32],
    first: NDArray[np.int32],
    sources: NDArray[np.int32],
    weights: NDArray[np.float64],
    outputs: NDArray[np.int32],
    xs: NDArray[np.float64],
    ys: NDArray[np.float64],
    *,
    levels: int = 0,
    threads: int = 1,
    isa: int | None = None,
) -> NDArray[np.float32]:
    """Pictures (G, C, H, W) in [0, 1] of G graphs.

    Args:
        nodes: (G + 1,): graph g has the nodes nodes[g] to nodes[g + 1] of ``functions``.
        functions: Of every node, in an order in which sources come first; see ``evolve.cppn.FUNCTIONS``.
        first: (nodes + 1,): the edges into node i are first[i] to first[i + 1].
        sources: Of every edge, counted in its graph: 0 to 3 the inputs, from 4 on the nodes.
        weights: Of every edge.
        outputs: (G, C): the nodes, counted in their graph, of hue, lightness and saturation; or of lightness.
        xs: (W,) of the columns.
        ys: (H,) of the rows.
        levels: Rounds to multiples of 1 / levels; 0 leaves them as they are.
        threads: At most so many.
        isa: An ``Isa``, or 0 for plain C++; None takes the fastest.

    Raises:
        MemoryError: There is none.
    """
    graphs, channels = outputs.shape
    indices = [np.ascontiguousarray(a, np.int32) for a in (nodes, functions, first, sources, outputs)]
    numbers = [np.ascontiguousarray(a, np.float64) for a in (weights, xs, ys)]
    *graph, drawn = (a.ctypes.data for a in indices)
    weighed, across, down = (a.ctypes.data for a in numbers)
    out = np.empty((graphs, channels, len(ys), len(xs)), np.float32)
    graphs_in, picture_out = (_long, *(_plane,) * 6), (_int, _long, _long, _plane, _plane, _int, _plane, _int)
    picture = channels, len(xs), len(ys), across, down, levels, out.ctypes.data, threads
    draw = function("reverie_cppn_render", _int, _int, *graphs_in, *picture_out)
    if draw(_fastest() if isa is None else isa, graphs, *graph, weighed, drawn, *picture) < 0:
        raise MemoryError("out of memory drawing evolved pictures")
    return out
