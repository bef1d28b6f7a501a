"""Pictures as they are learnt from: on some ground, a little turned, moved, larger or smaller."""

from __future__ import annotations

from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

#: Deviations of a turn in radians, of the logarithm of a size, and of a shift in sides of the picture.
TURN, SIZE, SHIFT = 0.08, 0.06, 0.025
#: What shows through transparent pictures: a grey from this to white, and the deviation of its colours.
GROUND, TINT = 0.5, 0.12
WHITE: Final = 1.0


def plain(pictures: Tensor) -> Tensor:
    """Pictures (N, 4, S, S) uint8 on white: (N, 3, S, S) in [0, 1]."""
    return _over(pictures, torch.full((1, 3, 1, 1), WHITE))


def varied(pictures: Tensor, rng: torch.Generator, *, mirror: bool) -> Tensor:
    """The same on grounds of their own, each turned, moved and scaled a little, perhaps mirrored.

    Args:
        pictures: (N, 4, S, S) uint8.
        rng: Where all chances come from.
        mirror: Whether half of them are mirrored.

    Returns:
        (N, 3, S, S) in [0, 1].
    """
    count = len(pictures)
    grey = GROUND + (1 - GROUND) * torch.rand(count, 1, 1, 1, generator=rng)
    ground = (grey + TINT * torch.randn(count, 3, 1, 1, generator=rng)).clamp(0, 1)
    x = _over(pictures, ground)
    turn, size, across, down = torch.randn(4, count, generator=rng)
    flip = torch.rand(count, generator=rng)
    sign = torch.where(flip < 0.5, -1.0, 1.0) if mirror else torch.ones(count)
    scale, angle = torch.exp(SIZE * size), TURN * turn
    rows = [
        torch.stack([angle.cos() * scale * sign, -angle.sin() * scale, 2 * SHIFT * across], 1),
        torch.stack([angle.sin() * scale * sign, angle.cos() * scale, 2 * SHIFT * down], 1),
    ]
    grid = F.affine_grid(torch.stack(rows, 1), list(x.shape), align_corners=False)
    return F.grid_sample(x, grid, padding_mode="border", align_corners=False)


def _over(pictures: Tensor, ground: Tensor) -> Tensor:
    values = pictures.float() / 255
    alpha = values[:, 3:]
    return values[:, :3] * alpha + ground * (1 - alpha)
