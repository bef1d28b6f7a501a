"""The canvas of a moving picture: resampled in a tenth of the time, for there are many frames to make."""

from __future__ import annotations

from typing import Self

from torch import Tensor

from reverie.canvas.detail import DetailCanvas
from reverie.canvas.fast import fast_resize, fast_warp


class MovingCanvas(DetailCanvas):
    """A canvas that may follow a camera or a flow; in all else like any other."""

    @classmethod
    def of(cls, canvas: DetailCanvas) -> Self:
        """A moving picture's canvas that is like another, with its detail."""
        moving = cls.__new__(cls)
        moving.__dict__.update(canvas.__dict__)
        moving.let_go()
        return moving

    def resampled(self, plane: Tensor, size: tuple[int, int]) -> Tensor:
        """A plane of this canvas, (1, C, h, w), at another (width, height)."""
        return fast_resize(plane, size[1], size[0], circular=self.circular, plain=self.plain)

    def seen_at(self, plane: Tensor, field: Tensor) -> Tensor:
        """As ``DetailCanvas.seen_at``; a measured flow hardly shrinks, and nothing is filtered out before."""
        border = "wrap" if self.circular else "mirror"
        return fast_warp(plane, field, border=border, alias=True)
