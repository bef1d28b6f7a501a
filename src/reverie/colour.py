"""Colour: brightness and the colour around it."""

from __future__ import annotations

import torch
from torch import Tensor

#: Luma of sRGB values (ITU-R BT.601).
LUMA = (0.299, 0.587, 0.114)


def luma(picture: Tensor) -> Tensor:
    """Brightness (N, 1, H, W) of (N, C, H, W): BT.601 for three channels, the mean for any other count."""
    if picture.shape[1] != 3:
        return picture.mean(1, keepdim=True)
    weights = torch.tensor(LUMA, dtype=picture.dtype, device=picture.device)
    return (picture * weights.view(1, 3, 1, 1)).sum(1, keepdim=True)


def keep_colour(dream: Tensor, source: Tensor, amount: float) -> Tensor:
    """The dream's brightness with ``amount`` (0..1) of the source's colour and the rest of its own.

    (1, C, H, W) in and out; nothing happens to pictures of another channel count than three.
    """
    if amount == 0 or dream.shape[1] != 3:
        return dream
    bright = luma(dream)
    return bright + (1 - amount) * (dream - bright) + amount * (source - luma(source))
