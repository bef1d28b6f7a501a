"""How far a picture's features are from those of natural pictures: the prior of DeepInversion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from reverie.network.batch_norms import Statistics


@dataclass(frozen=True)
class FeatureStatistics:
    """Distance from the feature statistics of the pictures that a network was trained on (Yin et al. 2020).

    Per layer the mean over its channels of ((m - M) / S)^2 + (s / S - 1)^2, with m and s a channel's mean and
    deviation over all positions of all views of one picture, M and S what the batch norm remembers; summed
    over the layers.
    """

    text: str
    weight: float
    statistics: Sequence[Statistics]

    @property
    def layers(self) -> tuple[str, ...]:
        """Every layer that is read."""
        names = (n for s in self.statistics for n in (s.less, s.layer) if n is not None)
        return tuple(dict.fromkeys(names))

    def add(self, maps: Mapping[str, Tensor], slopes: Mapping[str, Tensor]) -> Tensor:
        """The weighted score of one item, with its gradient added to the slopes.

        Args:
            maps: By layer, (V, C, h, w) of its views.
            slopes: Of the same shapes, added to.
        """
        score = torch.zeros((), dtype=torch.float64)
        for one in self.statistics:
            value, slope = distance(_columns(maps[one.layer], maps[one.less] if one.less else None), one)
            score = score + self.weight * value
            views, channels, height, width = maps[one.layer].shape
            slope = (slope * self.weight).view(views, height, width, channels).permute(0, 3, 1, 2)
            slopes[one.layer].add_(slope)
            if one.less:
                slopes[one.less].sub_(slope)
        return score


def _columns(cells: Tensor, less: Tensor | None) -> Tensor:
    """Every position's channels, (V h w, C), a copy that lies in memory as if the item were alone."""
    rows = cells.permute(0, 2, 3, 1)
    if less is not None:
        rows = rows - less.permute(0, 2, 3, 1)
    rows = rows.clone(memory_format=torch.contiguous_format)
    return rows.reshape(-1, cells.shape[1])


def distance(rows: Tensor, natural: Statistics) -> tuple[Tensor, Tensor]:
    """How far columns of features (P, C) are from a layer's statistics, and the gradient there."""
    count, channels = rows.shape
    mean = rows.mean(0)
    variance = torch.linalg.vector_norm(rows, dim=0).square() / count - mean * mean
    spread = variance.clamp_min(1e-6).sqrt()
    target, deviation = natural.mean.to(rows), natural.deviation.to(rows)
    shifted, stretched = (mean - target) / deviation, spread / deviation - 1
    value = (shifted.square() + stretched.square()).sum().double() / channels
    constant = 2 * shifted / deviation / (count * channels)
    factor = 2 * stretched / deviation / spread / (count * channels)
    return value.cpu(), torch.addcmul(constant - factor * mean, rows, factor)
