"""Room to black and white: so that large shapes end neither in holes nor in blown-out patches.

An eye needs a dark iris and a glint in it. Where a photograph is nearly white, or a large form has become so,
there is no room for either.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from reverie.canvas.fast import fast_enlarge
from reverie.ops.filters import low_pass, low_pass_cells, low_passed

#: Large is what a blur of this share of the short side leaves.
LARGE = 1 / 48
#: There is always so much room.
LEAST = 0.03


def with_room(
    detail: Tensor, base: Tensor, share: float, *, circular: bool = False, moving: bool = False
) -> Tensor:
    """A detail whose large changes of lightness take no more than a share of the room to black or white.

    Args:
        detail: (1, C, H, W), what is added to the base.
        base: (1, C, H, W) in [0, 1].
        share: Of the room, over 0.
        circular: Wrap at the border.
        moving: Of a picture that moves: what is taken off is worked out on the smaller copy that tells what
            is large, and the detail is changed in place.

    Returns:
        (1, C, H, W).
    """
    sigma = max(1.0, min(detail.shape[2:]) * LARGE)
    height, width = detail.shape[2:]
    if not moving:
        ground, large = (
            low_pass(plane.mean(1, keepdim=True), sigma, circular=circular) for plane in (base, detail)
        )
        return detail + _too_much(large, ground, share)
    cells, scaled = low_pass_cells(height, width, sigma)
    ground, large = (
        low_passed(
            F.interpolate(plane, size=cells, mode="area").mean(1, keepdim=True), scaled, circular=circular
        )
        for plane in (base, detail)
    )
    return detail.add_(fast_enlarge(_too_much(large, ground, share), height, width, circular=circular))


def _too_much(large: Tensor, ground: Tensor, share: float) -> Tensor:
    """What is to be added to large changes (1, 1, h, w), that they take no more than a share of the room."""
    room = torch.where(large > 0, 1 - ground, ground).clamp_min(LEAST) * share
    return room * torch.tanh(large / room) - large
