"""Windows: where a picture moves: about places of a photograph, or about its own middle."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from reverie.ops.filters import low_pass

#: A window is open to INNER half sides from its centre and closed from OUTER on.
INNER, OUTER = 0.5, 1.45
#: The picture's own middle is open to so many half sides, and its edges from so many on closed.
MIDDLE, EDGE = 0.55, 1.0
#: What melts is finer than a blur of this share of the long side.
MELTED = 1 / 24


def smoothstep(way: Tensor) -> Tensor:
    """From 0 to 1 with level ends, where ``way`` goes from 0 to 1."""
    way = way.clamp(0, 1)
    return way * way * (3 - 2 * way)


def middle(size: tuple[int, int], amount: float) -> Tensor:
    """How open a picture of a (width, height) is about its own middle, (H, W) in [1 - amount, 1].

    The distance from the middle counts in half widths and half heights: the window is an ellipse.
    """
    width, height = size
    down = (torch.arange(height).view(-1, 1) + 0.5) / height * 2 - 1
    across = (torch.arange(width).view(1, -1) + 0.5) / width * 2 - 1
    distance = (across.square() + down.square()).sqrt()
    return 1 - amount * (1 - smoothstep((EDGE - distance) / (EDGE - MIDDLE)))


def window(size: tuple[int, int], squares: Sequence[tuple[float, float, float]]) -> Tensor:
    """How open a picture of a (width, height) is, (1, 1, H, W) in [0, 1]: the most over its squares.

    Each is (centre x, centre y, side) in pixels; with r the distance from the centre in half sides it is
    smoothstep((OUTER - r) / (OUTER - INNER)).
    """
    width, height = size
    down = torch.arange(height).view(-1, 1) + 0.5
    across = torch.arange(width).view(1, -1) + 0.5
    open_ = torch.zeros(height, width)
    for x, y, side in squares:
        distance = ((across - x).square() + (down - y).square()).sqrt() / (side / 2)
        open_ = torch.maximum(open_, smoothstep((OUTER - distance) / (OUTER - INNER)))
    return open_[None, None]


def melted(base: Tensor, open_: Tensor, amount: float) -> Tensor:
    """A picture (1, C, H, W) that has lost its own detail where a window (1, 1, H, W) is open.

    base - amount * open * (base - low), low a blur of ``MELTED`` of the long side.
    """
    if amount == 0:
        return base
    blurred = low_pass(base, max(1.0, max(base.shape[2:]) * MELTED))
    return base - amount * open_ * (base - blurred)
