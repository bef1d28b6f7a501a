"""Draw a random transform; applied later, so that a seed tells the whole story."""

from __future__ import annotations

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Roll:
    """A circular shift by whole pixels, downwards and to the right, under which a picture is looked at."""

    down: int
    right: int

    @staticmethod
    def draw(rng: torch.Generator, jitter: int) -> Roll:
        """Both shifts uniform on the integers -jitter..jitter (Mordvintsev et al. 2015)."""
        if jitter == 0:
            return Roll(0, 0)
        down, right = torch.randint(-jitter, jitter + 1, (2,), generator=rng).tolist()
        return Roll(down, right)
