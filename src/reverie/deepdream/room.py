"""Room to black and white: so that large shapes end neither in holes nor in blown-out patches.

An eye needs a dark iris and a glint in it. Where a photograph is nearly white, or a large form has become so,
there is no room for either.
"""

from __future__ import annotations

import torch
from torch import Tensor

from reverie.ops.filters import low_pass

#: Large is what a blur of this share of the short side leaves.
LARGE = 1 / 48
#: There is always so much room.
LEAST = 0.03


def with_room(detail: Tensor, base: Tensor, share: float, *, circular: bool = False) -> Tensor:
    """A detail whose large changes of lightness take no more than a share of the room to black or white.

    Args:
        detail: (1, C, H, W), what is added to the base.
        base: (1, C, H, W) in [0, 1].
        share: Of the room, over 0.
        circular: Wrap at the border.

    Returns:
        (1, C, H, W).
    """
    sigma = max(1.0, min(detail.shape[2:]) * LARGE)
    ground, large = (
        low_pass(plane.mean(1, keepdim=True), sigma, circular=circular) for plane in (base, detail)
    )
    room = torch.where(large > 0, 1 - ground, ground).clamp_min(LEAST) * share
    return detail + (room * torch.tanh(large / room) - large)
