"""What is done to a canvas of pixels after each step, so that a naive maximum becomes a picture.

All work on ``x``, (N, C, H, W), the pictures' values about mid-grey, so between -0.5 and 0.5; each item by
itself. Decay, blur and the two kinds of clipping are of Yosinski et al. 2015, "Understanding Neural Networks
Through Deep Visualization"; the norm of Erhan et al. 2009, "Visualizing Higher-Layer Features".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from reverie.canvas.base import Canvas
from reverie.ops.filters import gaussian_blur

GREY: Final = 0.5
#: Halvings of the interval that the gain of ``onto_sphere`` is searched in: down to rounding.
HALVINGS = 60


@dataclass(frozen=True)
class Projections:
    """What is done after a step, in this order.

    Attributes:
        decay: Share of ``x`` that is lost.
        blur: Sigma in pixels of a Gaussian blur.
        small_norm: Pixels whose norm over the channels is below this percentile are set to grey.
        small_contribution: Pixels that the score would miss less than this percentile are set to grey.
        norm: The length of ``x`` as a vector.
    """

    decay: float = 0.0
    blur: float = 0.0
    small_norm: float = 0.0
    small_contribution: float = 0.0
    norm: float | None = None

    def of(self, x: Tensor, gradient: Tensor) -> Tensor:
        """The projected ``x``; ``gradient`` (N, C, H, W) is the one that the step went along."""
        x = gaussian_blur(decayed(x, self.decay), self.blur)
        x = without_small_norms(x, self.small_norm)
        x = without_small_contributions(x, gradient, self.small_contribution)
        return x if self.norm is None else onto_sphere(x, self.norm)

    @torch.no_grad()
    def apply(self, canvas: Canvas, gradient: Tensor) -> None:
        """Project the pictures of a canvas of pixels, if there is anything to do."""
        if self != Projections():
            canvas.fit(GREY + self.of(canvas.picture() - GREY, gradient))


def decayed(x: Tensor, share: float) -> Tensor:
    """Lose a share of the distance from grey: L2 decay (Yosinski et al. 2015; Simonyan et al. 2013)."""
    return x * (1 - share) if share else x


def without_small_norms(x: Tensor, percentile: float) -> Tensor:
    """Set to grey the pixels whose norm over the channels is below a percentile (Yosinski et al. 2015)."""
    return _without_least(x, x.square().sum(1), percentile) if percentile else x


def without_small_contributions(x: Tensor, gradient: Tensor, percentile: float) -> Tensor:
    """Set to grey the pixels that matter least to the score (Yosinski et al. 2015).

    What the score would lose without a pixel is, to first order, |sum over the channels of -x * gradient|.
    """
    return _without_least(x, (-x * gradient).sum(1).abs(), percentile) if percentile else x


def _without_least(x: Tensor, worth: Tensor, percentile: float) -> Tensor:
    """Zero that share of each item's pixels, the least worthy first; of equal ones those that come first.

    ``worth`` is (N, H, W).
    """
    flat = worth.flatten(1)
    count = round(percentile / 100 * flat.shape[1])
    if count == 0:
        return x
    limit = flat.kthvalue(count, dim=1, keepdim=True).values
    below, level = flat < limit, flat == limit
    short = count - below.sum(1, keepdim=True)
    gone = below | (level & (level.cumsum(1) <= short))
    return x.masked_fill(gone.view_as(worth)[:, None], 0.0)


def onto_sphere(x: Tensor, norm: float, *, limit: float = GREY) -> Tensor:
    """Give each item the length ``norm`` while every value stays within ``limit`` (Erhan et al. 2009).

    That is the item times a gain, clipped, with the gain that makes the length right: plain scaling where
    nothing has to be clipped. An item without so much room to grow in goes as far as it can; zero stays.

    Args:
        x: (N, C, H, W) about grey.
        norm: Euclidean length over channels and pixels.
        limit: The greatest magnitude of a value.
    """
    return torch.stack([_onto_sphere(item, norm, limit) for item in x])


def _onto_sphere(item: Tensor, norm: float, limit: float) -> Tensor:
    wide = item.double()
    length = float(wide.norm())
    if length == 0:
        return item
    gain = norm / length
    if float(wide.abs().max()) * gain > limit:
        least = float(wide.abs()[wide != 0].min())
        low, high = 0.0, max(gain, limit / least)
        for _ in range(HALVINGS):
            gain = (low + high) / 2
            if float((wide * gain).clamp(-limit, limit).norm()) < norm:
                low = gain
            else:
                high = gain
    return (wide * gain).clamp(-limit, limit).to(item.dtype)
