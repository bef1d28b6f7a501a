"""A picture looked at through a roll and over its edges, a piece at a time: nothing of its size is copied."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Protocol

import torch
from torch import Tensor

#: A rectangle of pixels, (top, left, bottom, right).
Box = tuple[int, int, int, int]
Where = tuple[slice, slice, slice, slice]


class Pictured(Protocol):
    """What is asked of a picture (N, C, H, W): its kind, and rectangles of it. A tensor is one.

    What has a method ``draw(where, out)``, too, is asked to write the pixels straight where they are wanted.
    """

    @property
    def shape(self) -> torch.Size:
        """(N, C, H, W)."""

    @property
    def dtype(self) -> torch.dtype:
        """The number format of its pixels."""

    @property
    def device(self) -> torch.device:
        """Where its pixels are."""

    def __getitem__(self, where: Where, /) -> Tensor:
        """The pixels of a rectangle."""


@dataclass(frozen=True)
class View:
    """A picture (N, C, H, W) rolled by whole pixels and continued circularly beyond each edge.

    The same as ``pad(roll(picture, (down, right)), margin, mode="circular")`` and its adjoint, without making
    them. Boxes are places in this view.

    Attributes:
        picture: As it lies.
        down: How far it is rolled downwards, in pixels.
        right: The same, to the right.
        margin: How many pixels of the other side are seen beyond each edge.
    """

    picture: Pictured
    down: int = 0
    right: int = 0
    margin: int = 0

    @property
    def height(self) -> int:
        """Of the view, in pixels."""
        return int(self.picture.shape[2]) + 2 * self.margin

    @property
    def width(self) -> int:
        """Of the view, in pixels."""
        return int(self.picture.shape[3]) + 2 * self.margin

    @property
    def all(self) -> Box:
        """The whole view."""
        return 0, 0, self.height, self.width

    def cut(self, box: Box, room: Tensor | None = None) -> Tensor:
        """The pixels in a box, (N, C, h, w).

        Those of a tensor are a view of it where the box does not wrap around; what does is put together in
        ``room``, a vector that is long enough, or in new memory.
        """
        pieces = list(self._pieces(box))
        if len(pieces) == 1:
            return self.picture[pieces[0][0]]
        found = self.of_room(self.room(box) if room is None else room, box)
        draw = getattr(self.picture, "draw", None)
        for there, here in pieces:
            if draw is None:
                found[here].copy_(self.picture[there])
            else:
                draw(there, found[here])
        return found

    def room(self, *boxes: Box) -> Tensor:
        """Room for the largest of some boxes."""
        planes = self.picture.shape[0] * self.picture.shape[1]
        most = max((bottom - top) * (right - left) for top, left, bottom, right in boxes)
        return torch.empty(planes * most, dtype=self.picture.dtype, device=self.picture.device)

    def of_room(self, room: Tensor, box: Box) -> Tensor:
        """As much of a room as a box needs, (N, C, h, w)."""
        top, left, bottom, right = box
        shape = (*self.picture.shape[:2], bottom - top, right - left)
        return room[: math.prod(shape)].view(shape)

    def add(self, target: Tensor, piece: Tensor, box: Box) -> None:
        """The adjoint of ``cut``: add a box's gradient where its pixels lie in ``target``, as the picture."""
        for there, here in self._pieces(box):
            target[there].add_(piece[here].to(target))

    def put(self, target: Tensor, piece: Tensor) -> None:
        """``add`` for a piece that is all of a view without a margin, to a target that was zero."""
        for there, here in self._pieces(self.all):
            target[there].copy_(piece[here])

    def _pieces(self, box: Box) -> Iterator[tuple[Where, Where]]:
        """(where in the picture, where in the box) of each rectangle that the box falls into."""
        top, left, bottom, right = box
        everything = slice(None)
        height, width = self.picture.shape[2:]
        rows = _runs(top - self.margin - self.down, bottom - top, height)
        columns = _runs(left - self.margin - self.right, right - left, width)
        for (y, down), (x, across) in product(rows, columns):
            yield (everything, everything, y, x), (everything, everything, down, across)


def _runs(start: int, length: int, size: int) -> list[tuple[slice, slice]]:
    """(place on a circle of ``size``, place in the stretch) of each run of a stretch that may wrap around."""
    runs = []
    done = 0
    while done < length:
        at = (start + done) % size
        count = min(length - done, size - at)
        runs.append((slice(at, at + count), slice(done, done + count)))
        done += count
    return runs
