"""Octaves: the sizes at which a picture is dreamed, from small to large, and the steps at each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

#: The settings that a plan of octaves follows from, of those that may change while a dream runs.
PLANNED: Final = ("octaves", "octave_scale", "smallest", "steps")
#: An octave smaller than this, in pixels on the short side, is dropped.
SMALLEST = 32


@dataclass(frozen=True)
class Octave:
    """One size of the picture: (width, height) in pixels, its steps, and its place among the octaves."""

    index: int
    size: tuple[int, int]
    steps: int
    before: float  # share of the whole movement that may be used up before this octave, [0, 1)
    share: float  # ... and by its end, (0, 1]


def octave_sizes(
    size: tuple[int, int],
    *,
    count: int | None,
    scale: float,
    top: int = 0,
    smallest: int = SMALLEST,
) -> list[tuple[int, int]]:
    """Sizes from small to large, the largest ``scale ** top`` times ``size``.

    Args:
        size: (width, height) of the picture.
        count: How many; None takes as many as keep the short side at ``smallest`` or more.
        scale: Ratio of neighbours.
        top: Exponent of the largest.
        smallest: Least short side in pixels for ``count=None``; SMALLEST holds for all.
    """
    sizes: list[tuple[int, int]] = []
    exponent = top
    while count is None or len(sizes) < count:
        factor = scale**exponent
        width, height = round(size[0] * factor), round(size[1] * factor)
        floor = SMALLEST if count is not None else smallest
        if min(width, height) < min(floor, *size):
            break
        sizes.append((max(width, 1), max(height, 1)))
        exponent -= 1
    return sizes[::-1] or [size]


def pick(values: Sequence[int], index: int) -> int:
    """The value for an octave; the last one holds for all that follow."""
    return values[min(index, len(values) - 1)]


def octaves(sizes: Sequence[tuple[int, int]], steps: Sequence[int], *, bend: float) -> list[Octave]:
    """The plan: each octave may use up ``((i + 1) / n) ** bend`` of the movement by its end."""
    n = len(sizes)
    return [
        Octave(i, size, pick(steps, i), (i / n) ** bend, ((i + 1) / n) ** bend)
        for i, size in enumerate(sizes)
    ]
