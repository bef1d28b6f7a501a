"""The terms of an objective bound to a network: which layer, what of it, where, and how much."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from reverie.gradient.cells import Window
from reverie.scoring.functions import Linear, ScoreFunction, mean_square
from reverie.scoring.pairwise import OfMaps
from reverie.scoring.place import Place
from reverie.scoring.regularizers import OfRows


@dataclass(frozen=True)
class BoundTerm:
    """One term with its names resolved: which layer, what of it, where, and how much.

    With ``peak`` its score is the largest value of all positions instead of their mean: a whole map is
    needed.
    """

    text: str
    weight: float
    layer: str
    function: ScoreFunction
    mask: str | None = None
    border: int = 0
    place: Place | None = None
    peak: bool = False

    def score(self, activation: Tensor, window: Window, mask: Tensor | None) -> Tensor:
        """This term's unweighted score, (N,).

        ``activation`` is the map of the tile, (N, C, h, w); ``mask`` (1, 1, h', w') the cells that count in
        it.
        """
        cells = window.owned(activation)
        height, width = cells.shape[2:]
        if self.place is not None:
            row, column = self._place(window, self.place)
            if not (0 <= row < height and 0 <= column < width):
                return cells.flatten(1).sum(1) * 0
            return self.function(cells[:, :, row : row + 1, column : column + 1], window)[:, 0, 0]
        found = self.function(cells, window)  # (N, h, w)
        if self.peak:
            return found.amax((1, 2))
        if self.border:
            found = found * self._inside(cells, window).to(found.dtype)
        if mask is not None:
            found = found * mask[0, 0].to(found)
        return found.sum((1, 2)) / (window.height * window.width)

    def slope(self, activation: Tensor, window: Window, mask: Tensor | None) -> tuple[Tensor, Tensor] | None:
        """The score (N,) and its gradient at the map, where that is short; None leaves it to autograd.

        A layer's mean square is what most dreams climb, at every step; channels, neurons and classes are what
        most portraits climb.
        """
        if self.function is mean_square and not self.border and mask is None:
            return self._slope_of_square(activation, window)
        if not isinstance(self.function, Linear) or self.peak:
            return None
        score, cells = self.score(activation, window, mask), window.owned(activation)
        slope = self.function.pull(self._counts(cells, window, mask), cells)
        if cells.shape == activation.shape:
            return score, slope
        seed = activation.new_zeros(activation.shape)
        window.owned(seed).copy_(slope)
        return score, seed

    def _slope_of_square(self, activation: Tensor, window: Window) -> tuple[Tensor, Tensor]:
        cells = window.owned(activation)
        share = 1 / (activation.shape[1] * window.height * window.width)
        score = torch.linalg.vector_norm(cells, dim=(1, 2, 3)).square() * share
        if cells.shape == activation.shape:
            return score, cells * (2 * share)
        seed = torch.zeros_like(activation)
        torch.mul(cells, 2 * share, out=window.owned(seed))
        return score, seed

    def _counts(self, cells: Tensor, window: Window, mask: Tensor | None) -> Tensor:
        """How much each position of the tile counts, (h, w): d(score)/d(value)."""
        height, width = cells.shape[2:]
        if self.place is not None:
            counts = cells.new_zeros(height, width)
            row, column = self._place(window, self.place)
            if 0 <= row < height and 0 <= column < width:
                counts[row, column] = 1
            return counts
        counts = cells.new_ones(height, width) / (window.height * window.width)
        if mask is not None:
            counts = counts * mask[0, 0].to(counts)
        return counts * self._inside(cells, window).to(counts) if self.border else counts

    def _place(self, window: Window, place: Place) -> tuple[int, int]:
        """Row and column in the tile; they may lie outside it."""
        row, column = place.find(window, self.text)
        return row - window.top, column - window.left

    def _inside(self, cells: Tensor, window: Window) -> Tensor:
        """Which positions of the tile are no border, (h, w)."""
        height, width = cells.shape[2:]
        rows = torch.arange(window.top, window.top + height, device=cells.device)
        columns = torch.arange(window.left, window.left + width, device=cells.device)
        down = (rows >= self.border) & (rows < window.height - self.border)
        across = (columns >= self.border) & (columns < window.width - self.border)
        return down[:, None] & across


@dataclass(frozen=True)
class Comparison:
    """A term that compares the items of a batch: see ``reverie.scoring.pairwise``."""

    text: str
    weight: float
    layer: str
    key: str  # terms of equal keys are compared with each other
    of_maps: OfMaps


@dataclass(frozen=True)
class Penalty:
    """A term that reads the picture itself, a sum over its rows."""

    text: str
    weight: float
    of_rows: OfRows

    def piece(self, strip: Tensor, rows: int, height: int) -> Tensor:
        """What the first ``rows`` of a strip of a picture ``height`` rows high give, (N,), unweighted."""
        return self.of_rows(strip, rows, height)
