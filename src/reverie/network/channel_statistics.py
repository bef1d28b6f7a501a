"""How a layer's channels are distributed over photographs: what ``standard(LAYER)`` measures by."""

from __future__ import annotations

import functools
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any, Final
from weakref import WeakKeyDictionary

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from reverie.network.network import Network

#: Networks whose layers were measured over photographs, by ``tools/channel_statistics.py``.
FILE = "channel_statistics.npz"
#: Of ``ChannelStatistics.limits``, found by eye on Lite0's block5c. At any other measured layer the first is
#: what as many cells of photographs are under, and the second as far beyond as the rarest cells are.
LIMITS = (1.2, 4.0)
#: No channel's deviation is taken for less than this share of the layer's median one: a channel that hardly
#: ever moves would weigh more than all others.
LEAST = 0.3
#: Pictures that a network is shown which nobody has measured: how many, their side in pixels, and the seed.
PICTURES, SIDE, SEED = 12, 256, 0
#: Discs a picture of those, and their radii as a share of its side.
DISCS, RADII = 160, (0.02, 0.5)


@dataclass(frozen=True)
class ChannelStatistics:
    """How a layer's channels are distributed over photographs.

    Attributes:
        mean: (C,) over pictures and positions.
        deviation: (C,), over the same, none under ``LEAST`` of the median.
        serves: By the name of a group of classes, (C,) how much each channel serves them rather than other
            classes, of deviation 1; empty where that was not measured.
        limits: Mean square over channels of what is above the mean, in deviations, from which on something
            is seen at a cell, and from which on for certain.
    """

    mean: Tensor
    deviation: Tensor
    serves: Mapping[str, Tensor] = field(default_factory=dict)
    limits: tuple[float, float] = LIMITS


#: Of networks that nobody has measured, what was found of their layers.
_SHOWN: Final[WeakKeyDictionary[Network, dict[str, ChannelStatistics]]] = WeakKeyDictionary()


def channel_statistics(net: Network, layer: str) -> ChannelStatistics:
    """The statistics of a layer: as measured over photographs, or over generated pictures like them.

    For an embedded network they come with the package. Any other is shown dead leaves, discs of all sizes
    that cover each other (Lee, Mumford & Huang 2001): edges and flat parts occur there as in photographs.
    That is done once for each layer of a network while it is loaded.
    """
    kept = _measured()
    key = f"{net.name}/{layer}/"
    if f"{key}mean" not in kept:
        found = _SHOWN.setdefault(net, {})
        if layer not in found:
            leaves = [dead_leaves(net.channels, SEED + k) for k in range(PICTURES)]
            found[layer] = measure(net, layer, leaves)
        return found[layer]
    values = {name.removeprefix(key): torch.from_numpy(v) for name, v in kept.items() if name.startswith(key)}
    mean, deviation, limits = values.pop("mean"), values.pop("deviation"), values.pop("limits").tolist()
    return ChannelStatistics(mean, deviation, values, (limits[0], limits[1]))


@functools.cache
def _measured() -> dict[str, Any]:
    data = resources.files("reverie.network").joinpath(FILE).read_bytes()
    with np.load(io.BytesIO(data), allow_pickle=False) as found:
        return {name: found[name].astype(np.float32) for name in found.files}


def measure(net: Network, layer: str, pictures: list[Tensor]) -> ChannelStatistics:
    """The statistics of a layer over pictures, each (1, C, H, W) in [0, 1]."""
    total = squares = torch.zeros(())
    for picture in pictures:
        with torch.no_grad():
            cells = net.forward(picture.to(net.device), [layer])[layer].float()
        cells = cells.flatten(2) if cells.ndim == 4 else cells.reshape(len(cells), cells.shape[-1], -1)
        total = total + cells.mean(2)[0].double()
        squares = squares + cells.square().mean(2)[0].double()
    mean = total / len(pictures)
    deviation = (squares / len(pictures) - mean.square()).clamp_min(1e-12).sqrt()
    least = LEAST * float(deviation.median())
    return ChannelStatistics(mean.float(), deviation.clamp_min(max(least, 1e-6)).float())


def dead_leaves(channels: int, seed: int, side: int = SIDE) -> Tensor:
    """A picture (1, C, side, side) in [0, 1] of discs that cover each other, with radii as in nature."""
    rng = torch.Generator().manual_seed(seed)
    radii = 1 / (1 / RADII[0] - torch.rand(DISCS, generator=rng) * (1 / RADII[0] - 1 / RADII[1])) * side
    places = torch.rand(DISCS, 2, generator=rng) * side
    colours = torch.rand(DISCS, channels, generator=rng)
    across = torch.arange(side, dtype=torch.float32)
    picture = colours.mean(0).view(1, -1, 1, 1).repeat(1, 1, side, side)
    for (y, x), radius, colour in zip(places.tolist(), radii.tolist(), colours, strict=True):
        away = ((across - y).square()[:, None] + (across - x).square()).sqrt()
        cover = (radius - away + 0.5).clamp(0, 1)
        shade = 1 - 0.4 * (away / max(radius, 1)).clamp_max(1)  # a little light from the middle
        picture = torch.lerp(picture, (colour.view(-1, 1, 1) * shade)[None], cover)
    blurred: Tensor = F.avg_pool2d(F.pad(picture, (1, 1, 1, 1), mode="replicate"), 3, 1)
    grain = torch.randn(picture.shape, generator=rng) * (0.02 / math.sqrt(channels))
    return (blurred + grain).clamp_(0, 1)
