"""What stands out: activations in deviations from their mean over photographs, squared."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from reverie.gradient.cells import Window
from reverie.network.channel_statistics import channel_statistics
from reverie.objective import Standard
from reverie.scoring.binder import Binder, scores
from reverie.scoring.terms import BoundTerm

#: Of how much a channel serves a group of classes, that from which on it counts as doing so.
SERVES = 0.4


@dataclass(frozen=True)
class StandardSquare:
    """Half the mean over channels of w relu((a - mean) / deviation - threshold)^2.

    Attributes:
        mean: (C,) of each channel over photographs.
        deviation: (C,) the same.
        weight: (C,) how much each counts.
        threshold: In deviations.
        limits: See ``ChannelStatistics``.
    """

    mean: Tensor
    deviation: Tensor
    weight: Tensor
    threshold: float
    limits: tuple[float, float]

    def __call__(self, cells: Tensor, window: Window) -> Tensor:
        return 0.5 * (self.beyond(cells).square() * _wide(self.weight, cells)).mean(1)

    def slope(self, cells: Tensor) -> Tensor:
        """The gradient (N, C, h, w) at each position of the value there."""
        share = self.weight / self.deviation / cells.shape[1]
        return self.beyond(cells).mul_(_wide(share, cells))

    def beyond(self, cells: Tensor) -> Tensor:
        """By how many deviations each activation is above the threshold, (N, C, h, w); 0 below it."""
        return self.height(cells).sub_(self.threshold).relu_()

    def height(self, cells: Tensor) -> Tensor:
        """Activations in deviations from their mean, (N, C, h, w)."""
        return (cells - _wide(self.mean, cells)).div_(_wide(self.deviation, cells))


def _wide(values: Tensor, cells: Tensor) -> Tensor:
    return values.to(cells).view(1, -1, 1, 1)


@scores(Standard)
def _standard(wanted: Standard, binder: Binder) -> BoundTerm:
    name = binder.net.layer(wanted.layer).name
    found = channel_statistics(binder.net, name)
    weight = torch.ones_like(found.mean)
    for group, liking in (("dogs", wanted.dogs), ("animals", wanted.animals)):
        if liking and group in found.serves:
            weight = weight * torch.sigmoid(liking * (found.serves[group] - SERVES))
    weight = weight / weight.mean()
    square = StandardSquare(found.mean, found.deviation, weight, wanted.threshold, found.limits)
    return binder.at_layer(name, square)
