"""The canvas of a moving picture: resampled in a tenth of the time, for there are many frames to make."""

from __future__ import annotations

import copy
from typing import Any, Self

import cv2
import numpy as np
import torch
from torch import Tensor

from reverie.canvas.detail import DetailCanvas
from reverie.canvas.fast import fast_resize, fast_warp
from reverie.canvas.fast_shrunk import fast_shrunk
from reverie.ops.warp import Border


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
        border: Border = "wrap" if self.circular else "mirror"
        return fast_warp(plane, field, border=border, alias=True)


class FilmCanvas(MovingCanvas):
    """A canvas whose detail follows a flow. On a device, or with edges that meet, as any that moves.

    What the detail is added to at the source's own size is made once: a frame comes back to it.
    """

    _own: Tensor | None = None

    def rebased(self, source: Tensor, mask: Tensor | None = None) -> Self:
        """As of any canvas."""
        twin = super().rebased(source, mask)
        twin._own = twin.base
        return twin

    def _base_at(self, size: tuple[int, int]) -> Tensor:
        if size != (self.source.shape[3], self.source.shape[2]):
            return super()._base_at(size)
        if self._own is None:
            self._own = super()._base_at(size)
        return self._own

    def seen_at(self, plane: Tensor, field: Tensor) -> Tensor:
        """As ``DetailCanvas.seen_at``, by Lanczos' kernel at places rounded to 1/32 pixel.

        A measured flow is not as exact as that, and of many such warps one after another nearly all detail
        is left: more than of splines.
        """
        if plane.device.type != "cpu" or plane.dtype != torch.float32 or self.circular:
            return super().seen_at(plane, field)
        # Rounded to OpenCV's own fixed point once for all channels.
        where = cv2.convertMaps(field.numpy(), None, cv2.CV_16SC2)  # type: ignore[call-overload]
        how: dict[str, Any] = {"interpolation": cv2.INTER_LANCZOS4, "borderMode": cv2.BORDER_REFLECT_101}
        made = torch.empty_like(plane)
        for channel, out in zip(plane[0].numpy(), made[0].numpy(), strict=True):
            np.copyto(out, cv2.remap(channel, *where, **how))
        return made

    def clean(self, amount: float, seen: Tensor | None) -> None:
        """As of any canvas."""
        if self.circular:
            super().clean(amount, seen)
        else:
            self.detail = fast_shrunk(self.detail, amount, attention=seen)

    def cropped(self, box: tuple[int, int, int, int]) -> Self:
        """A canvas of a rectangle (top, left, bottom, right) of this one, with memory of its own."""
        top, left, bottom, right = box
        twin = copy.copy(self)
        twin.let_go()
        twin.detail, twin.base = (p[:, :, top:bottom, left:right].clone() for p in (self.detail, self.base))
        twin.mask = None if self.mask is None else self.mask[:, :, top:bottom, left:right].contiguous()
        twin.source = twin._own = twin.base
        twin.mask_source, twin._mask_share = twin.mask, None
        return twin

    def paste(self, part: Self, box: tuple[int, int, int, int]) -> None:
        """Take over the detail of such a rectangle's canvas."""
        top, left, bottom, right = box
        self.detail[:, :, top:bottom, left:right] = part.detail
        self.detail = self.detail  # measured anew
