"""Draw a random transform, then apply it: parameters first, so that a seed tells the whole story."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Roll:
    """A circular shift by whole pixels, downwards and to the right, and its exact adjoint."""

    down: int
    right: int

    @staticmethod
    def draw(rng: torch.Generator, jitter: int) -> Roll:
        """Both shifts uniform on the integers -jitter..jitter (Mordvintsev et al. 2015)."""
        if jitter == 0:
            return Roll(0, 0)
        down, right = torch.randint(-jitter, jitter + 1, (2,), generator=rng).tolist()
        return Roll(down, right)

    def apply(self, picture: Tensor) -> Tensor:
        """Shift (N, C, H, W)."""
        return torch.roll(picture, (self.down, self.right), (2, 3)) if self else picture

    def pull_back(self, gradient: Tensor) -> Tensor:
        """The gradient at the unshifted picture."""
        return torch.roll(gradient, (-self.down, -self.right), (2, 3)) if self else gradient

    def __bool__(self) -> bool:
        return bool(self.down or self.right)
