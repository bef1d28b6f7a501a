"""Canvases: how the picture that moves is stored."""

from __future__ import annotations

import copy

import torch
import torch.nn.functional as F
from torch import Tensor

from reverie.smooth import resize

#: A soft detail goes no further than this many times the room there is.
SOFT_LIMIT = 2.0


class Pixels:
    """A picture as its source and what is added to it: ``base + bend(mask * detail)``.

    All are (1, C, H, W), the picture in [0, 1]. The mask multiplies the detail and not the steps, so black
    stays exactly black however often the picture is resized, and a soft edge stays as soft as it was drawn.
    ``soft`` bends the change towards black and white instead of letting it run into them, as film does with
    light: with h the room left from the base to black or white, d becomes d / sqrt(1 + (d / h)^2).
    """

    def __init__(
        self,
        source: Tensor,
        mask: Tensor | None = None,
        *,
        circular: bool = False,
        soft: bool = False,
        plain: bool = False,
    ) -> None:
        """A canvas over a source (1, C, H, W) and a mask (1, 1, H', W') of any size, white where free."""
        self.source = source
        self.mask_source = mask
        self.circular = circular
        self.soft = soft
        self.plain = plain  # resample bilinearly, as the early systems do
        self.base = source
        self.mask = self.mask_at(*source.shape[2:])
        self.detail = torch.zeros_like(source)

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) now."""
        return self.base.shape[3], self.base.shape[2]

    def change(self) -> Tensor:
        """What the detail adds to the picture, (1, C, H, W)."""
        change = self.detail if self.mask is None else self.mask * self.detail
        if not self.soft:
            return change
        room = torch.where(change > 0, 1 - self.base, self.base).clamp_min(1e-6)
        return change / (1 + (change / room).square()).sqrt()

    def picture(self) -> Tensor:
        """(1, C, H, W)."""
        return self.base + self.change()

    def moved(self) -> float:
        """Root mean square distance from the source at this size."""
        return float(self.change().square().mean().sqrt())

    def add(self, change: Tensor) -> None:
        """Move the detail."""
        self.detail = self.detail + change

    def clip(self) -> None:
        """Keep the picture in [0, 1], or within easy reach of the ends of the range if it is soft."""
        if self.soft:
            self.detail = self.detail.clamp(-SOFT_LIMIT * self.base, SOFT_LIMIT * (1 - self.base))
            return
        if self.mask is None:
            self.detail = (self.base + self.detail).clamp_(0, 1).sub_(self.base)
            return
        inside = (self.base + self.mask * self.detail).clamp(0, 1) - self.base
        self.detail = torch.where(self.mask > 1e-3, inside / self.mask.clamp_min(1e-3), self.detail)

    def within(self, radius: float) -> None:
        """Scale the detail so that the picture has moved by no more than ``radius`` (RMS)."""
        moved = self.moved()
        if moved > radius:
            self.detail = self.detail * (radius / moved)

    def moved_by(self, radius: float, *, rounds: int = 8) -> None:
        """Scale the detail so that the picture has moved by ``radius``, as near as it can be."""
        for _ in range(rounds):
            moved = self.moved()
            if moved == 0 or abs(moved - radius) < 1e-3 * radius:
                break
            self.detail = self.detail * min(1.25, radius / moved)

    def at(self, size: tuple[int, int], *, carry: str = "detail") -> Pixels:
        """A copy of this canvas at another (width, height)."""
        twin = copy.copy(self)
        if size != self.size:
            twin.resize(size, carry=carry)
        return twin

    def resize(self, size: tuple[int, int], *, carry: str = "detail") -> None:
        """Go to another (width, height).

        ``carry="detail"``: the source is resampled afresh and only the detail crosses. ``carry="picture"``:
        the picture crosses whole and loses what the smaller size could not hold.
        """
        width, height = size
        base = self.resampled(self.source, size).clamp(0, 1)
        if carry == "detail":
            detail = self.resampled(self.detail, size)
        else:
            detail = self.resampled(self.picture(), size) - base
        self.base, self.detail = base, detail
        self.mask = self.mask_at(height, width)

    def resampled(self, plane: Tensor, size: tuple[int, int]) -> Tensor:
        """Something of this canvas, (1, C, h, w), at another (width, height)."""
        return resize(plane, size[1], size[0], circular=self.circular, plain=self.plain)

    def mask_at(self, height: int, width: int) -> Tensor | None:
        """The mask at a size, (1, 1, H, W), or None where all may move."""
        if self.mask_source is None:
            return None
        mask = self.mask_source.to(self.source)
        if (height, width) == tuple(mask.shape[2:]):
            return mask
        shrinks = height < mask.shape[2] or width < mask.shape[3]
        return F.interpolate(
            mask,
            size=(height, width),
            mode="bilinear",
            antialias=shrinks,
            align_corners=False,
        ).clamp(0, 1)
