"""Colour: brightness and the colour around it."""

from __future__ import annotations

import torch
from torch import Tensor

from reverie.errors import UsageError

#: Luma of sRGB values (ITU-R BT.601).
LUMA = (0.299, 0.587, 0.114)
#: Values above the first are softened so that white comes to its room from 1, those below the other alike.
LIGHT, LIGHT_ROOM = 0.5, 0.13
DARK, DARK_ROOM = 0.2, 0.06


def luma(picture: Tensor) -> Tensor:
    """Brightness (N, 1, H, W) of (N, C, H, W): BT.601 for three channels, the mean for any other count."""
    if picture.shape[1] != 3:
        return picture.mean(1, keepdim=True)
    bright = picture[:, :1] * LUMA[0]
    return bright.add_(picture[:, 1:2], alpha=LUMA[1]).add_(picture[:, 2:], alpha=LUMA[2])


def in_grey(picture: Tensor) -> Tensor:
    """A picture (N, C, H, W) in shades of grey: its brightness in every channel."""
    return luma(picture).expand_as(picture).contiguous()


def keep_colour(dream: Tensor, source: Tensor, amount: float) -> Tensor:
    """The dream's brightness with ``amount`` (0..1) of the source's colour and the rest of its own.

    (1, C, H, W) in and out, in place of the dream; nothing happens to pictures of another channel count than
    three.
    """
    if amount == 0 or dream.shape[1] != 3:
        return dream
    shift = luma(dream).sub_(luma(source))
    return dream.mul_(1 - amount).add_(source, alpha=amount).add_(shift, alpha=amount)


def bent(picture: Tensor, knee: float) -> Tensor:
    """A picture in [0, 1], with what lies near and beyond black and white bent smoothly into the range."""
    dark = knee * torch.exp((picture - knee).clamp_max(0) / knee)
    light = 1 - knee * torch.exp((1 - knee - picture).clamp_max(0) / knee)
    return torch.where(picture < knee, dark, torch.where(picture > 1 - knee, light, picture))


def softened(picture: Tensor) -> Tensor:
    """A picture in [0, 1] whose lightest and darkest parts are bent smoothly away from white and black."""
    high, low = 1 - LIGHT - LIGHT_ROOM, DARK - DARK_ROOM
    light = LIGHT + high * torch.tanh((picture - LIGHT) / high)
    dark = DARK - low * torch.tanh((DARK - picture) / low)
    return torch.where(picture > LIGHT, light, torch.where(picture < DARK, dark, picture))


def with_channels(picture: Tensor, channels: int) -> Tensor:
    """A picture (1, C, H, W) with a network's channels: brightness for one, grey repeated for more.

    Raises:
        UsageError: Colours that are to become another number of channels.
    """
    given = picture.shape[1]
    if given == channels:
        return picture
    if channels == 1:
        return luma(picture)
    if given == 1:
        return picture.expand(-1, channels, -1, -1).contiguous()
    raise UsageError(
        f"picture: has {given} channels, and the network takes {channels}; without a photograph it makes "
        "portraits (see, microscope) and dreams of noise or clouds (--from)"
    )
