"""Where a tile's cells lie in the whole feature map."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from reverie.gradient.tiles import Tile


def as_map(activation: Tensor) -> Tensor:
    """Any activation as (N, C, h, w): tokens (N, T, C) become a column, vectors (N, C) one position."""
    if activation.ndim == 3:
        return activation.transpose(1, 2).unsqueeze(-1)
    if activation.ndim == 2:
        return activation[:, :, None, None]
    return activation


@dataclass(frozen=True)
class Window:
    """Which cells of a layer count in one tile: rows and columns of the tile's map, and where they lie.

    ``top`` and ``left`` are the place of the first counted cell in the whole map of ``height`` x ``width``.
    """

    rows: slice
    columns: slice
    top: int
    left: int
    height: int
    width: int

    @staticmethod
    def whole(height: int, width: int) -> Window:
        """Every cell of an untiled map."""
        return Window(slice(0, height), slice(0, width), 0, 0, height, width)

    @staticmethod
    def of_tile(tile: Tile, rows: int, columns: int, stride: int, height: int, width: int) -> Window:
        """The cells a tile owns.

        Args:
            tile: The tile, in pixels.
            rows: Cells in the tile's map, downwards.
            columns: The same, across.
            stride: Pixels a cell, of this layer.
            height: Of the whole picture, in pixels.
            width: The same, across.
        """
        down, right = (
            _owned(tile.owned[axis::2], tile.seen[axis::2], cells, stride, length)
            for axis, cells, length in ((0, rows, height), (1, columns, width))
        )
        return Window(down[0], right[0], down[1], right[1], down[2], right[2])

    def owned(self, part: Tensor) -> Tensor:
        """The counted cells of the tile's map (..., h, w)."""
        return part[..., self.rows, self.columns]

    def cut(self, whole: Tensor) -> Tensor:
        """The counted cells of a whole map (..., height, width)."""
        rows = slice(self.top, self.top + self.rows.stop - self.rows.start)
        columns = slice(self.left, self.left + self.columns.stop - self.columns.start)
        return whole[..., rows, columns]


def _owned(
    owned: tuple[int, ...], seen: tuple[int, ...], cells: int, stride: int, length: int
) -> tuple[slice, int, int]:
    """(slice in the tile's map, first cell in the whole map, cells of the whole map) along one axis."""
    (start, end), (seen_from, seen_to) = owned, seen
    first, shift = start // stride, seen_from // stride
    whole = cells + (length - (seen_to - seen_from)) // stride
    last = whole if end == length else end // stride
    return slice(first - shift, last - shift), first, whole
