"""The terms of an objective bound to a network: which layer, what of it, where, and how much."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from reverie.errors import UsageError
from reverie.gradient.cells import Window
from reverie.objective.terms.code import Activations, Scored

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


@runtime_checkable
class Sloped(Protocol):
    """A score function that says its gradient at each position itself."""

    def __call__(self, cells: Tensor, window: Window) -> Tensor:
        """See ``ScoreFunction``."""

    def slope(self, cells: Tensor) -> Tensor:
        """The gradient (N, C, h, w) at each position of the value there."""


def mean_square(cells: Tensor, window: Window) -> Tensor:
    """The mean square of all channels, which the original deep dream climbs (Mordvintsev et al. 2015)."""
    return (cells * cells).mean(1)


@dataclass(frozen=True)
class Place:
    """The one position that a neuron's term reads: fractions of the map, or the column and row of a cell."""

    x: float
    y: float
    cell: tuple[int, int] | None = None

    def find(self, window: Window, text: str) -> tuple[int, int]:
        """Row and column in the whole map; UsageError where the map has no such cell."""
        if self.cell is None:
            return round(self.y * (window.height - 1)), round(self.x * (window.width - 1))
        column, row = self.cell
        if row >= window.height or column >= window.width:
            raise UsageError(
                f'objective "{text}": no cell {column},{row}; at this size the layer has columns 0 to '
                f"{window.width - 1} and rows 0 to {window.height - 1}"
            )
        return row, column


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
        if self.peak or not isinstance(self.function, (Linear, Sloped)):
            return None
        score, cells = self.score(activation, window, mask), window.owned(activation)
        counts = self._counts(cells, window, mask)
        if isinstance(self.function, Linear):
            slope = self.function.pull(counts, cells)
        else:
            slope = self.function.slope(cells).mul_(counts.to(cells))
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


@dataclass(frozen=True)
class BoundCode:
    """A function with its layers resolved.

    Attributes:
        text: Its term, as the text form names it.
        weight: What its score and gradient are multiplied by.
        code: The function.
        names: By the names that it reads, the network's own.
    """

    text: str
    weight: float
    code: Scored
    names: Mapping[str, str]
    function: None = None  # nothing at each position: what weighs terms by that leaves it as it is
    mask: None = None

    @property
    def layers(self) -> tuple[str, ...]:
        """Every layer that it reads, each once."""
        return tuple(dict.fromkeys(self.names.values()))

    @property
    def layer(self) -> str:
        """The first of them."""
        return self.layers[0]

    def slopes(self, activations: Mapping[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        """Unweighted scores (N,) and their gradients at the layers, each item by a call of its own.

        Args:
            activations: Of every one of ``layers`` (N, ...), as the network gives them.

        Raises:
            UsageError: The function returns something else than one number that depends on its layers.
        """
        count = len(activations[self.layer])
        each = [self._of_one({k: activations[k][i : i + 1] for k in self.layers}) for i in range(count)]
        values = torch.stack([value for value, _ in each])
        return values, {k: torch.cat([found[k] for _, found in each]) for k in self.layers}

    def _of_one(self, activations: Mapping[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        leaves = {k: a.detach().clone().requires_grad_(True) for k, a in activations.items()}
        with torch.enable_grad():
            value = self.code(Activations({asked: leaves[own] for asked, own in self.names.items()}))
            self._check(value)
            found = torch.autograd.grad(value.sum(), list(leaves.values()), allow_unused=True)
        slopes = {
            k: torch.zeros_like(leaves[k]) if s is None else s for k, s in zip(leaves, found, strict=True)
        }
        return value.detach().reshape(()), slopes

    def _check(self, value: object) -> None:
        if not isinstance(value, Tensor) or value.numel() != 1:
            shape = (
                f"a tensor of shape {tuple(value.shape)}"
                if isinstance(value, Tensor)
                else type(value).__name__
            )
            raise UsageError(
                f"objective {self.text}: its function returned {shape}; one number a picture is needed, "
                "as .mean() gives"
            )
        if not value.requires_grad:
            raise UsageError(
                f"objective {self.text}: what its function returned does not depend on "
                f"{', '.join(self.names)}; nothing in it may detach, round or turn tensors into numbers"
            )
