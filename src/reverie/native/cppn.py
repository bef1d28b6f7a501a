"""Many small graphs into pictures: the batched kernel behind ``reverie.evolve.cppn``.

Its reference is ``evolve.cppn_reference``, written in NumPy, which serves where there is no library. The two
give the same bytes, with every instruction set, number of threads and batch.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reverie.native import Isa, function, instruction_sets, library
from reverie.native.check import check_range, check_that, check_threads

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
        UsageError: Arrays that do not fit each other, or an instruction set that this processor lacks.
    """
    _check((nodes, functions, first, sources, weights, outputs))
    check_that(xs.ndim == ys.ndim == 1 and len(xs) > 0 and len(ys) > 0, "xs and ys have to be (W,) and (H,)")
    check_range("levels", levels, 0)
    check_threads(threads)
    check_that(isa is None or isa == 0 or isa in instruction_sets(), f"this processor cannot do isa {isa}")
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


#: Kinds of function, and inputs of a graph, as ``cppn.h`` has them.
FUNCTIONS, INPUTS = 5, 4


def _check(graphs: Sequence[NDArray[Any]]) -> None:
    """UsageError unless what ``render`` is given are graphs in which sources come before what they go to."""
    nodes, functions, first, sources, weights, outputs = graphs
    check_that(outputs.ndim == 2 and outputs.shape[1] in (1, 3), "outputs have to be (G, 1) or (G, 3)")
    check_that(nodes.shape == (len(outputs) + 1,), f"nodes have to be ({len(outputs) + 1},)")
    check_that(functions.ndim == 1 and first.shape == (len(functions) + 1,), "first has to be (nodes + 1,)")
    check_that(sources.ndim == 1 and weights.shape == sources.shape, "sources and weights are (edges,)")
    counts, edges = np.diff(nodes), np.diff(first)
    check_that(
        _runs(nodes, len(functions)) and counts.min(initial=1) > 0, "nodes have to rise to their number"
    )
    check_that(_runs(first, len(sources)) and edges.min(initial=0) >= 0, "first has to rise to all edges")
    check_that(_inside(functions, FUNCTIONS), f"functions have to be 0 to {FUNCTIONS - 1}")
    last = np.repeat(counts, outputs.shape[1]).reshape(outputs.shape)
    check_that(_inside(outputs, last), "outputs have to be nodes of their graph")
    place = np.arange(len(functions)) - np.repeat(nodes[:-1], counts)  # of every node in its graph
    check_that(_inside(sources, np.repeat(INPUTS + place, edges)), "sources have to come before their nodes")


def _runs(starts: NDArray[np.int32], end: int) -> bool:
    return bool(starts[0] == 0 and starts[-1] == end)


def _inside(values: NDArray[np.int32], most: NDArray[np.int64] | int) -> bool:
    return bool(((values >= 0) & (values < most)).all())
