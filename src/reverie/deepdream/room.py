"""Room to black and white: so that large shapes end neither in holes nor in blown-out patches.

An eye needs a dark iris and a glint in it. Where a photograph is nearly white, or a large form has become so,
there is no room for either.
"""

from __future__ import annotations

import torch
from torch import Tensor

from reverie.ops.filters import gaussian_kernel, low_pass, separable

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
    """
    sigma = max(1.0, min(detail.shape[2:]) * LARGE)
    ground, large = (
        _large(plane.mean(1, keepdim=True), sigma, circular=circular) for plane in (base, detail)
    )
    room = torch.where(large > 0, 1 - ground, ground).clamp_min(LEAST) * share
    return detail + (room * torch.tanh(large / room) - large)


def _large(plane: Tensor, sigma: float, *, circular: bool) -> Tensor:
    if sigma > 4:
        return low_pass(plane, sigma, circular=circular)
    return separable(plane, gaussian_kernel(sigma, round(3 * sigma + 0.49)), circular=circular)
