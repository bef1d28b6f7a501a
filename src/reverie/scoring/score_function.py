"""What a score function is: of a map's positions, of the items of a batch, of a picture's rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from torch import Tensor

from reverie.gradient.cells import Window

#: Cells that count, (N, C, h, w), and where they lie, to one number a cell, (N, h, w).
ScoreFunction = Callable[[Tensor, Window], Tensor]
#: Maps of a family, (V, n, C, h, w), to scores (V, n) and their gradients at the maps.
OfMaps = Callable[[Tensor], tuple[Tensor, Tensor]]
#: A strip of a picture, how many of its rows count, and the picture's height, to the part of them, (N,).
OfRows = Callable[[Tensor, int, int], Tensor]


@runtime_checkable
class Linear(Protocol):
    """A score function whose gradient does not depend on the activations."""

    def __call__(self, cells: Tensor, window: Window) -> Tensor:
        """See ``ScoreFunction``."""

    def pull(self, counts: Tensor, cells: Tensor) -> Tensor:
        """The gradient (N, C, h, w) of the function summed over positions that count as ``counts`` (h, w)."""


def mean_square(cells: Tensor, window: Window) -> Tensor:
    """The mean square of all channels, which the original deep dream climbs (Mordvintsev et al. 2015)."""
    return (cells * cells).mean(1)
