"""How far the cells of a layer see, measured by where their gradient reaches.

The receptive field of Luo et al. 2016, "Understanding the Effective Receptive Field in Deep Convolutional
Neural Networks".
"""

from __future__ import annotations

from typing import Final, Protocol

import torch
from torch import Tensor

SIDES: Final = (64, 128, 256, 512)  # of pictures that receptive fields are looked for in
TRIES: Final = 3  # noise pictures per size: one alone misses what its ReLUs and max pools shut


class Seeing(Protocol):
    """What is asked of a network."""

    @property
    def channels(self) -> int:
        """Of its pictures."""

    def works(self, side: int) -> bool:
        """Whether it takes a square picture of this side."""

    def forward(self, picture: Tensor, names: list[str]) -> dict[str, Tensor]:
        """Activations of some layers."""


def measure_field(net: Seeing, name: str) -> tuple[int, int] | None:
    """(stride, receptive field) of a map, from where the gradient of its central cell reaches.

    The picture grows until the support stays inside it. None when it never does, or the layer is no map.
    """
    for side in SIDES:
        if not net.works(side):
            continue
        support = _support(net, name, side)
        if support is None:
            return None
        if min(support[0], support[2]) > 0 and max(support[1], support[3]) < side - 1:
            field = max(support[1] - support[0], support[3] - support[2]) + 1
            return _measure_stride(net, name, side), field
    return None


def _measure_stride(net: Seeing, name: str, side: int) -> int:
    """Pixels from cell to cell, from the maps of two pictures: padding cancels out."""
    other = side // 2 if net.works(side // 2) else 2 * side
    with torch.no_grad():
        cells, more = (
            net.forward(torch.full((1, net.channels, s, s), 0.5), [name])[name].shape[-1]
            for s in sorted((side, other))
        )
    return max(1, round(abs(side - other) / max(1, more - cells)))


def _support(net: Seeing, name: str, side: int) -> tuple[int, int, int, int] | None:
    """Top, bottom, left and right pixel that the central cell sees; None for what is no map."""
    touched = torch.zeros(side, side, dtype=torch.bool)
    generator = torch.Generator().manual_seed(1)
    for attempt in range(TRIES):
        shape = (1, net.channels, side, side)
        picture = torch.rand(shape, generator=generator) * (1 + attempt)
        picture.requires_grad_(True)
        with torch.enable_grad():
            activation = net.forward(picture, [name])[name]
            if activation.ndim != 4 or not activation.requires_grad:
                return None
            cell = activation[0, :, activation.shape[-2] // 2, activation.shape[-1] // 2]
            seed = torch.randn(cell.shape, generator=generator).to(cell)
            (gradient,) = torch.autograd.grad((cell * seed).sum(), picture)
        touched |= (gradient[0] != 0).any(0)
    if not touched.any():
        return None
    rows, columns = touched.any(1).nonzero(), touched.any(0).nonzero()
    return int(rows[0]), int(rows[-1]), int(columns[0]), int(columns[-1])
