"""A small network that keeps positions: maps all the way, and a class is read off a whole window of them.

Networks that average over positions at the end know textures alone, and dream of nothing else. Here a class
has a weight for each feature at each place of a small picture, so what it learns has a shape.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import torch.nn.functional as F
from torch import Tensor, nn

from reverie.network.class_names import ClassNames
from reverie.network.network import Network, NetworkLayer

#: Kernel and stride of the layers, the first ones; all later ones are as the last.
LAYERS: Final = ((5, 2), (3, 2), (3, 1))
LOGITS, CLASS_MAP = "logits", "logit_map"
#: Pixels from one position of the last maps to the next.
STRIDE: Final = 4


@dataclass(frozen=True)
class PositionalPlan:
    """What such a network is made of.

    Attributes:
        side: Of the pictures it was trained on, in pixels; a multiple of ``STRIDE``.
        widths: Channels of each layer.
        classes: How many classes there are.
        channels: Of its pictures.
    """

    side: int
    widths: tuple[int, ...]
    classes: int
    channels: int = 3

    @property
    def window(self) -> int:
        """Positions of the last maps across a picture of its side."""
        return self.side // STRIDE

    def kernels(self) -> Iterator[tuple[str, int, int, int, int]]:
        """Name, channels in and out, kernel and stride of each layer, in order."""
        inputs = self.channels
        for index, width in enumerate(self.widths):
            kernel, stride = LAYERS[min(index, len(LAYERS) - 1)]
            yield f"conv{index + 1}", inputs, width, kernel, stride
            inputs = width

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of every weight."""
        found: dict[str, tuple[int, ...]] = {}
        for name, inputs, width, kernel, _ in self.kernels():
            found[f"stages.{name}.weight"] = (width, inputs, kernel, kernel)
            found[f"stages.{name}.bias"] = (width,)
        found["classify.weight"] = (self.classes, self.widths[-1], self.window, self.window)
        found["classify.bias"] = (self.classes,)
        return found


class Positional(nn.Module):
    """Convolutions with ReLU, and a classifier as large as the last maps of a picture of its side.

    Maps and ``logit_map`` are of pictures (N, C, H, W) of any size; ``logits`` (N, classes) are of the whole
    picture, scaled to the network's side. The logit map's cell above and left of a picture's middle sees just
    that, so of a picture of its own side it has the logits there.
    """

    def __init__(self, plan: PositionalPlan) -> None:
        super().__init__()
        self.plan = plan
        self.stages = nn.ModuleDict(
            {
                name: nn.Conv2d(inputs, width, kernel, stride, kernel // 2)
                for name, inputs, width, kernel, stride in plan.kernels()
            }
        )
        self.classify = nn.Conv2d(plan.widths[-1], plan.classes, plan.window)

    def forward(self, x: Tensor, names: Sequence[str]) -> dict[str, Tensor]:
        """{name: activation} of the layers asked for, of pictures that are normalised."""
        found: dict[str, Tensor] = {}
        maps = [name for name in names if name != LOGITS]
        whole = tuple(x.shape[-2:]) == (self.plan.side,) * 2
        if maps or whole:
            found, last = self._maps(x, names)
            if CLASS_MAP in maps:
                half = (self.plan.window - 1) // 2
                rest = self.plan.window - 1 - half
                found[CLASS_MAP] = self.classify(F.pad(last, (half, rest, half, rest)))
        if LOGITS in names:
            if not whole:
                last = self._maps(scaled_to(x, self.plan.side), ())[1]
            found[LOGITS] = self.classify(last).flatten(1)
        return {name: found[name] for name in names}

    def _maps(self, x: Tensor, names: Sequence[str]) -> tuple[dict[str, Tensor], Tensor]:
        """The maps that are asked for, and the last ones."""
        found = {}
        for name, stage in self.stages.items():
            x = F.relu(stage(x))
            if name in names:
                found[name] = x
        return found, x


def scaled_to(x: Tensor, side: int) -> Tensor:
    """Pictures (N, C, H, W) as squares of a side; those that are stay as they are."""
    if tuple(x.shape[-2:]) == (side, side):
        return x
    return F.interpolate(x, (side, side), mode="bilinear", align_corners=False, antialias=True)


def positional_layers(plan: PositionalPlan) -> dict[str, NetworkLayer]:
    """The layers in order, with strides and receptive fields."""
    stride, field, layers = 1, 1, {}
    for name, _, width, kernel, step in plan.kernels():
        field += (kernel - 1) * stride
        stride *= step
        layers[name] = NetworkLayer(name, width, stride, field)
    layers[LOGITS] = NetworkLayer(LOGITS, plan.classes)
    field += (plan.window - 1) * stride
    layers[CLASS_MAP] = NetworkLayer(CLASS_MAP, plan.classes, stride, field)
    return layers


def positional_network(
    name: str,
    plan: PositionalPlan,
    state: Mapping[str, Tensor],
    classes: ClassNames,
    *,
    scale: tuple[float, float],
    sha256: str = "",
) -> Network:
    """A network that dreams.

    Args:
        name: What to call it.
        plan: What it is made of.
        state: Every weight of ``plan.shapes()``.
        classes: Their names, in order.
        scale: Mean and deviation that pictures in [0, 1] are normalised with.
        sha256: Of the file that the weights come from.

    Raises:
        NetworkError: Weights that are not finite.
    """
    module = Positional(plan)
    kept: dict[str, Any] = {key: state[key].float() for key in plan.shapes()}
    module.load_state_dict(kept)
    net = Network(
        name,
        module.requires_grad_(False).eval(),
        layers=positional_layers(plan),
        mean=(scale[0],) * plan.channels,
        std=(scale[1],) * plan.channels,
        classes=classes,
        class_map=CLASS_MAP,
        weights_sha256=sha256,
        min_size=plan.side,
    )
    net.check_weights()
    return net
