"""The grid of patches in a gradient, taken down to what lies about it.

A vision transformer cuts a picture into patches and looks at all of them in one way, so whatever they have in
common comes back in each of them: a pattern as regular as the cut. In the spectrum that is a peak at every
multiple of one cycle a patch, across and down. What a picture is made of has no such peaks, so the spectrum
may be no louder there than a little further away: in windows of some patches, and along each row and column
of them.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

#: How far about a multiple frequencies are looked at, as a part of the way to the next; what counts is as far
#: again beyond.
REACH: Final = 0.35
#: How many patches a window is high and wide, and how near to a multiple a frequency is too near to count.
WINDOW: Final = 8
NEAR: Final = 2
#: How many times louder than what counts is more than chance.
LOUD: Final = 1.3
TINY: Final = 1e-37
#: So many patches have to lie beside each other.
LEAST: Final = 5


def without_grid(gradient: Tensor, patch: tuple[int, int], shift: tuple[int, int] = (0, 0)) -> Tensor:
    """A gradient in which patches are seen no more.

    Args:
        gradient: (N, C, H, W).
        patch: (height, width) of a patch in pixels.
        shift: (down, right) in pixels: how far the picture was rolled before it was cut into patches.

    Returns:
        (N, C, H, W); the same along sides on which fewer than 5 patches lie.
    """
    height, width = gradient.shape[-2:]
    if min(height // patch[0], width // patch[1]) < 1:
        return gradient
    seen = _whole(_whole(gradient.roll(shift, (-2, -1)), -2, patch[0]), -1, patch[1])
    seen = _in_windows(seen, patch)
    seen = _in_rows(seen, patch)
    seen = _in_rows(seen.transpose(-2, -1), (patch[1], patch[0])).transpose(-2, -1)
    seen = _in_rows(seen, patch)  # quieter columns left some of these loud
    return seen[..., :height, :width].roll((-shift[0], -shift[1]), (-2, -1))


def _whole(gradient: Tensor, side: int, patch: int) -> Tensor:
    """A side continued to a multiple of the patches, as these go on."""
    length = gradient.shape[side]
    return torch.cat([gradient, gradient.narrow(side, length - patch, -length % patch)], side)


def _in_windows(gradient: Tensor, patch: tuple[int, int]) -> Tensor:
    """In overlapping windows over a gradient (N, C, H, W), rings about each multiple no louder than beyond.

    A grid may be faint where the gradient is, and as plain to see there once all places count alike.
    """
    height, width = gradient.shape[-2:]
    window = WINDOW * patch[0], WINDOW * patch[1]
    if height < window[0] or width < window[1]:
        return gradient
    hop = window[0] // 2, window[1] // 2
    around = [
        torch.arange(-step, -(-length // step) * step + step, device=gradient.device) % length
        for step, length in zip(hop, (height, width), strict=True)
    ]
    whole = gradient[..., around[0][:, None], around[1][None]]
    cut = whole.unfold(-2, window[0], hop[0]).unfold(-2, window[1], hop[1])  # (N, C, down, across, h, w)
    down, across = (torch.hann_window(side, device=gradient.device, dtype=gradient.dtype) for side in window)
    spectrum = torch.fft.rfft2(cut * (down[:, None] * across))
    spectrum *= _quieter_rings(spectrum.abs().square().mean(1))[:, None]
    pieces = torch.fft.irfft2(spectrum, s=window).flatten(-2).flatten(2, 3).transpose(2, 3)
    found = F.fold(pieces.flatten(1, 2), whole.shape[-2:], window, stride=hop)  # such windows add up to 1
    return found[..., hop[0] : hop[0] + height, hop[1] : hop[1] + width]


def _quieter_rings(power: Tensor) -> Tensor:
    """What each frequency of windows (..., H, W // 2 + 1) is multiplied by, 1 but about the multiples."""
    height, half = power.shape[-2:]
    place, sizes = (one.to(power.device) for one in _rings(height, half))
    flat = power.flatten(-2).flatten(0, -2)
    sums = flat.new_zeros(len(flat), sizes.numel()).index_add_(1, place, flat)
    means = sums.view(-1, *sizes.shape) / sizes.clamp_min(1)  # (windows, multiples, rings)
    level = means[..., -1:]
    factor = torch.where(means > LOUD * level, (level / means.clamp_min(TINY)).sqrt(), 1.0)
    factor[:, 0] = 1  # no multiple: slow changes, which pictures are made of
    return factor.flatten(1)[:, place].view_as(power)


@lru_cache(maxsize=16)
def _rings(height: int, half: int) -> tuple[Tensor, Tensor]:
    """About which multiple each frequency of a window lies, and in which ring: one number for both.

    Also how many frequencies each ring of each multiple has. The last ring is what counts.
    """
    down, across = torch.arange(height)[:, None], torch.arange(half)[None]
    beside = (half - 1 + WINDOW // 2) // WINDOW + 1
    middle = WINDOW // 2
    away = torch.maximum(
        ((down + middle) % WINDOW - middle).abs(), ((across + middle) % WINDOW - middle).abs()
    )
    multiple = (down + middle) // WINDOW % (height // WINDOW) * beside + (across + middle) // WINDOW
    place = (multiple * (NEAR + 2) + away.clamp_max(NEAR + 1)).flatten()
    count = height // WINDOW * beside
    return place, torch.bincount(place, minlength=count * (NEAR + 2)).view(count, NEAR + 2)


def _in_rows(gradient: Tensor, patch: tuple[int, int]) -> Tensor:
    """Along each row of patches of a gradient (N, C, H, W), no multiple louder than what lies beside it."""
    rows, count = gradient.shape[-2] // patch[0], gradient.shape[-1] // patch[1]
    if count < LEAST or patch[1] < 2:
        return gradient
    spectrum = torch.fft.rfft(gradient)
    power = spectrum.abs().square().unflatten(-2, (rows, patch[0])).mean((1, 3))  # (N, rows, frequencies)
    spectrum *= _quieter(power, count).repeat_interleave(patch[0], -2)[:, None]
    found: Tensor = torch.fft.irfft(spectrum, n=gradient.shape[-1])
    return found


def _quieter(power: Tensor, count: int) -> Tensor:
    """What each frequency (..., K) is multiplied by, where so many of them are one cycle a patch."""
    last = power.shape[-1] - 1
    away = torch.arange(count, device=power.device) - count // 2
    places = torch.arange(1, last // count + 1, device=power.device)[:, None] * count + away
    mirrored = torch.where(places > last, 2 * last - places, places)
    about = power[..., mirrored]  # (..., multiples, count)
    reach = max(1, round(REACH * count))
    near = away.abs() <= reach
    level = about[..., ~near & (away.abs() <= 2 * reach)].mean(-1, keepdim=True)
    calm = torch.where(near & (about > LOUD * level), level, about)
    beside = calm[..., (away.abs() > 1) & (away.abs() <= max(2, reach // 2))].mean(-1, keepdim=True)
    calm = torch.where((away.abs() <= 1) & (calm > beside), beside, calm)
    factor = (calm / about.clamp_min(TINY)).sqrt()
    whole = torch.ones_like(power)
    inside = places <= last
    whole[..., places[inside]] = factor[..., inside]
    return whole
