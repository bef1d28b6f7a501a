"""Windows: where a photograph gives way, and what is left of it there."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from reverie.ops.filters import low_pass

#: A window is open to INNER half sides from its centre and closed from OUTER on.
INNER, OUTER = 0.5, 1.45
#: What melts is finer than a blur of this share of the long side.
MELTED = 1 / 24


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
        way = ((OUTER - distance) / (OUTER - INNER)).clamp(0, 1)
        open_ = torch.maximum(open_, way * way * (3 - 2 * way))
    return open_[None, None]


def melted(base: Tensor, open_: Tensor, amount: float) -> Tensor:
    """A picture (1, C, H, W) that has lost its own detail where a window (1, 1, H, W) is open.

    base - amount * open * (base - low), low a blur of ``MELTED`` of the long side.
    """
    if amount == 0:
        return base
    blurred = low_pass(base, max(1.0, max(base.shape[2:]) * MELTED))
    return base - amount * open_ * (base - blurred)
