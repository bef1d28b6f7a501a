"""Random numbers of the shapes that the native library takes, for ``native_calls.py``."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def randoms(rng: np.random.Generator, count: int) -> Floats:
    return rng.standard_normal(count, np.float32)


def graphs_of(rng: np.random.Generator, count: int, channels: int) -> tuple[NDArray[Any], ...]:
    """The arguments of ``cppn.render`` for graphs of 5 to 30 nodes with 0 to 4 edges each."""
    nodes = [0, *np.cumsum(rng.integers(5, 31, count)).tolist()]
    edges = rng.integers(0, 5, nodes[-1])
    inside = np.concatenate([np.arange(b - a) for a, b in itertools.pairwise(nodes)])
    return (
        np.array(nodes, np.int32),
        rng.integers(0, 5, nodes[-1]).astype(np.int32),
        np.cumsum([0, *edges]).astype(np.int32),
        (rng.random(edges.sum()) * (4 + np.repeat(inside, edges))).astype(np.int32),
        rng.uniform(-10, 10, edges.sum()),
        np.array([[b - a - 1 - c for c in range(channels)] for a, b in itertools.pairwise(nodes)], np.int32),
    )


def surfaces_of(
    rng: np.random.Generator, count: int, channels: int, sides: tuple[int, ...]
) -> tuple[Any, ...]:
    """The arguments of ``surfaces.draw``, with up to four taps that reach to both ends."""
    pairs = list(itertools.pairwise(sides))
    taps = [min(side, 1 + i) for i, (side, _) in enumerate(pairs)]
    return (
        rng.integers(0, 256, (count, channels, sum(side**2 for side in sides[:-1]))).astype(np.uint8),
        randoms(rng, 256),
        sides,
        [np.linspace(0, a - t, b).astype(np.int32) for (a, b), t in zip(pairs, taps, strict=True)],
        [randoms(rng, t * b).reshape(t, b) for (_, b), t in zip(pairs, taps, strict=True)],
    )
