"""The one position that a neuron's term reads."""

from __future__ import annotations

from dataclasses import dataclass

from reverie.errors import UsageError
from reverie.gradient.cells import Window


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
