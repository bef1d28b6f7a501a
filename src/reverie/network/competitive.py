"""Two layers of cells that learnt by competing: edges, then whole pictures of them.

The first are as simple cells of a visual cortex, each with an on and an off half, pooled a little; the second
see all of a small picture of these (Le et al. 2012, "Building high-level features using large scale
unsupervised learning", in miniature).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reverie.network.class_names import ClassNames
from reverie.network.network import Network, NetworkLayer
from reverie.network.positional import scaled_to

CELLS, POOLED, LOGITS = "cells", "pooled", "logits"
#: Added to a picture's own deviation when it is brought to 1: a flat one stays flat.
SOFTNESS: Final = 0.02


@dataclass(frozen=True)
class CompetitivePlan:
    """What such a network is made of.

    Attributes:
        side: Of the grey pictures that it learnt from, in pixels; a multiple of ``pool``.
        cells: Of the first layer.
        kernel: Side of what one of them sees, in pixels; odd.
        pool: Pixels across which their answers are averaged.
        units: Of the second layer.
    """

    side: int
    cells: int
    kernel: int
    pool: int
    units: int

    @property
    def features(self) -> int:
        """What a unit of the second layer reads."""
        return 2 * self.cells * (self.side // self.pool) ** 2

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of every weight."""
        return {
            "cells": (self.cells, 1, self.kernel, self.kernel),
            "mean": (self.features,),
            "deviation": (self.features,),
            "units": (self.units, self.features),
        }


class Competitive(nn.Module):
    """The network: ``cells`` and ``pooled`` are maps of pictures of any size, ``logits`` are the units."""

    cells: Tensor
    mean: Tensor
    deviation: Tensor
    units: Tensor

    def __init__(self, plan: CompetitivePlan) -> None:
        super().__init__()
        self.plan = plan
        for name, shape in plan.shapes().items():
            self.register_buffer(name, torch.ones(shape) if name == "deviation" else torch.zeros(shape))

    def forward(self, x: Tensor, names: Sequence[str]) -> dict[str, Tensor]:
        """{name: activation} of the layers asked for, of grey pictures (N, 1, H, W) in [0, 1]."""
        found = {}
        if CELLS in names or POOLED in names:
            found[CELLS] = self.answers(x)
        if POOLED in names:
            found[POOLED] = F.avg_pool2d(found[CELLS], self.plan.pool)
        if LOGITS in names:
            found[LOGITS] = self.read(x) @ self.units.T
        return {name: found[name] for name in names}

    def answers(self, x: Tensor) -> Tensor:
        """Of the cells, on halves first: (N, 2 cells, H, W)."""
        x = x - x.mean((1, 2, 3), keepdim=True)
        x = x / (x.square().mean((1, 2, 3), keepdim=True).add(1e-12).sqrt() + SOFTNESS)
        edge = self.plan.kernel // 2
        found = F.conv2d(F.pad(x, (edge, edge, edge, edge), mode="reflect"), self.cells)
        return F.relu(torch.cat([found, -found], 1))

    def read(self, x: Tensor) -> Tensor:
        """What the units read of whole pictures, (N, features) of length 1."""
        side = self.plan.side
        pooled = F.avg_pool2d(self.answers(scaled_to(x, side)), self.plan.pool)
        return F.normalize((pooled.flatten(1) - self.mean) / self.deviation, dim=1)


def competitive_network(
    name: str, plan: CompetitivePlan, state: Mapping[str, Tensor], classes: ClassNames, *, sha256: str = ""
) -> Network:
    """A network that dreams; arguments and errors as of ``positional_network``."""
    module = Competitive(plan)
    kept: dict[str, Any] = {key: state[key].float() for key in plan.shapes()}
    module.load_state_dict(kept)
    pooled = plan.kernel + plan.pool - 1
    net = Network(
        name,
        module.eval(),
        layers={
            CELLS: NetworkLayer(CELLS, 2 * plan.cells),
            POOLED: NetworkLayer(POOLED, 2 * plan.cells),
            LOGITS: NetworkLayer(LOGITS, plan.units),
        },
        mean=(0.0,),
        std=(1.0,),
        classes=classes,
        weights_sha256=sha256,
        min_size=max(plan.side, pooled),
    )
    net.check_weights()
    return net
