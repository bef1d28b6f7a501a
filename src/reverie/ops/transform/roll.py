"""Draw a random transform; applied later, so that a seed tells the whole story."""

from __future__ import annotations

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Roll:
    """A circular shift by whole pixels, downwards and to the right, under which a picture is looked at.

    One that is ``mirrored`` is turned left to right before it is shifted.
    """

    down: int
    right: int
    mirrored: bool = False

    @staticmethod
    def draw(rng: torch.Generator, jitter: int, *, mirror: bool = False) -> Roll:
        """Both shifts uniform on the integers -jitter..jitter (Mordvintsev et al. 2015).

        With ``mirror`` every second look, at random, is at the mirrored picture.
        """
        down = right = 0
        if jitter:
            down, right = torch.randint(-jitter, jitter + 1, (2,), generator=rng).tolist()
        mirrored = mirror and torch.rand(1, generator=rng).item() < 0.5
        return Roll(down, right, mirrored)
