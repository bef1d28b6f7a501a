"""What there is to dream at in a network: each layer's map, how far it sees, and what to type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from reverie import objective as ob
from reverie.engine.engine import answers
from reverie.errors import UsageError
from reverie.network.network import Network, NetworkLayer


@dataclass(frozen=True)
class LayerNote:
    """A layer, as it is told of.

    Attributes:
        layer: Its name, channels and what it draws.
        shape: Of its activation for a picture: (channels, rows, columns), (tokens, channels) or (channels,).
        stride: Input pixels from one position to the next; None where it has none, or pictures are resized.
        receptive_field: Side in input pixels of the square that one position sees; None where it sees all, or
            nobody has measured it.
        unknown: Whether that was not measured.
        objective: What to type to dream at it.
    """

    layer: NetworkLayer
    shape: tuple[int, ...]
    stride: int | None
    receptive_field: int | None
    unknown: bool
    objective: str

    @property
    def name(self) -> str:
        """The layer's name."""
        return self.layer.name

    @property
    def draws(self) -> str:
        """A few words on what it tends to draw."""
        return self.layer.draws

    def as_json(self) -> dict[str, Any]:
        """A JSON object."""
        seen = {"stride": self.stride, "receptive_field": self.receptive_field, "shape": list(self.shape)}
        layer = {"name": self.name, "channels": self.layer.channels, "draws": self.draws}
        return {**layer, **seen, "objective": self.objective}

    def cells(self) -> tuple[str, ...]:
        """A row of a table: name, shape, stride, how far it sees, what to type, and what it draws."""
        sees = "all" if self.receptive_field is None else f"{self.receptive_field} px"
        shape = " x ".join(map(str, self.shape))
        told = (shape, str(self.stride or "-"), "-" if self.unknown else sees)
        return (self.name, *told, self.objective, self.draws)


def describe_layers(net: Network, height: int, width: int, *, measure: bool = False) -> list[LayerNote]:
    """Every layer that can dream, in the order they run.

    Args:
        net: The network.
        height: Of the picture whose maps are told, in pixels.
        width: The same, across.
        measure: Measure receptive fields where nobody has yet: some passes for each layer.

    Raises:
        UsageError: The picture has no pixels.
        NetworkError: The network takes no such picture.
    """
    if min(height, width) < 1:
        raise UsageError(f"size: {width} x {height} has no pixels")
    names = [name for name in net.layers if name != net.class_map]
    shapes = _shapes(net, height, width, names)
    twice = shapes if net.input_size is not None else _shapes(net, 2 * height, 2 * width, names)
    notes = []
    for name in names:
        layer, shape = net.layer(name), shapes[name]
        stride, field = (layer.stride, layer.receptive_field) if net.tells_fields else (None, None)
        if stride is None and len(shape) == 3 and twice[name][1] > shape[1]:
            stride = max(1, round(height / (twice[name][1] - shape[1])))
        told = field is not None or measure or len(shape) < 3 or name == "logits"
        if measure and field is None and (seen := net.geometry(name)) is not None:
            stride, field = seen
        notes.append(LayerNote(layer, shape, stride, field, not told, str(ob.layer(name))))
    return notes


def _shapes(net: Network, height: int, width: int, names: list[str]) -> dict[str, tuple[int, ...]]:
    """What each layer makes of a picture of a size."""
    with torch.no_grad():
        found = answers(net, torch.full((1, net.channels, height, width), 0.5, device=net.device), names)
    return {name: tuple(int(side) for side in activation.shape[1:]) for name, activation in found.items()}
