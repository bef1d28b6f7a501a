"""Quantities of one layer: what it says, all of it or some channels, everywhere or at a place."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Self

from reverie.errors import UsageError
from reverie.objective.objective import Objective
from reverie.objective.quantity import AtLayer, function
from reverie.objective.text import Reader, number

__all__ = [
    "Channel",
    "Direction",
    "Entropy",
    "Layer",
    "Mean",
    "Neuron",
    "Peak",
    "Standard",
    "channel",
    "direction",
    "entropy",
    "layer",
    "mean",
    "neuron",
    "peak",
    "standard",
]

#: More changes nothing any more.
MOST_LIKED = 100.0


@function("layer")
@dataclass(frozen=True)
class Layer(AtLayer):
    """Mean square activation of a layer: its gradient there is the activations (Mordvintsev et al. 2015).

    ``border`` feature cells along the edges do not count (Keras' deep dream leaves out 2).
    """

    border: int = 0

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """See ``Quantity.read``."""
        name = reader.layer_name()
        return cls(name, reader.integer("a number of cells") if reader.keyword("border") else 0)

    def __str__(self) -> str:
        if self.border:
            return f"layer({self.layer_text}, border={self.border})"
        return self.layer if self.layer_text == self.layer else f"layer({self.layer_text})"


def layer(name: str, *, border: int = 0) -> Objective:
    """Mean square activation of a layer, the original deep dream. See ``Layer``."""
    return Objective.of(Layer(name, border))


@function("standard")
@dataclass(frozen=True)
class Standard(AtLayer):
    """Mean square of what stands out: each channel in deviations from its mean over photographs.

    A plain mean square is that of the few channels whose numbers are large; here each channel counts alike,
    but for what is liked. Where nobody has measured which channels serve which classes, likings change
    nothing.

    Attributes:
        layer: The layer's name.
        threshold: Deviations above the mean from which on a channel counts.
        dogs: How much channels that serve breeds of dogs are liked: over 0 more than others, under 0 less.
            ImageNet has 118 breeds.
        animals: The same, of all other animals.
    """

    threshold: float = 0.7
    dogs: float = 0.0
    animals: float = 0.0

    def __post_init__(self) -> None:
        for name, value in self._settings():
            if not abs(value) <= MOST_LIKED:
                raise UsageError(
                    f"standard: {name} {value}; give a number from -{MOST_LIKED:g} to {MOST_LIKED:g}"
                )

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """See ``Quantity.read``."""
        name = reader.layer_name()
        given = {key: reader.signed() for key in ("threshold", "dogs", "animals") if reader.keyword(key)}
        return cls(name, **given)

    def __str__(self) -> str:
        changed = [f"{name}={number(v)}" for name, v in self._settings() if v != getattr(type(self), name)]
        return f"standard({', '.join([self.layer_text, *changed])})"

    def _settings(self) -> tuple[tuple[str, float], ...]:
        return ("threshold", self.threshold), ("dogs", self.dogs), ("animals", self.animals)


def standard(name: str, *, threshold: float = 0.7, dogs: float = 0.0, animals: float = 0.0) -> Objective:
    """Mean square of what stands out of a layer, each channel in deviations. See ``Standard``."""
    return Objective.of(Standard(name, threshold, dogs, animals))


@function("mean")
@dataclass(frozen=True)
class Mean(AtLayer):
    """Mean activation of a layer (the TensorFlow tutorial's loss)."""


def mean(name: str) -> Objective:
    """Mean activation of a layer."""
    return Objective.of(Mean(name))


@dataclass(frozen=True)
class OfChannel(AtLayer):
    """What reads one channel of a layer."""

    index: int

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """See ``Quantity.read``."""
        return cls(*_channel_of(reader))


@function("channel")
@dataclass(frozen=True)
class Channel(OfChannel):
    """Mean activation of one channel."""

    def __str__(self) -> str:
        if self.layer_text == self.layer:
            return f"{self.layer}:{self.index}"
        return f"channel({self.layer_text}, {self.index})"


def channel(name: str, index: int) -> Objective:
    """Mean activation of channel ``index`` of a layer."""
    return Objective.of(Channel(name, index))


@function("peak")
@dataclass(frozen=True)
class Peak(OfChannel):
    """The largest activation of one channel over all positions (portraits only)."""

    only_portraits: ClassVar = True

    def __str__(self) -> str:
        return f"peak({self.layer_text}, {self.index})"


def peak(name: str, index: int) -> Objective:
    """The largest activation of channel ``index`` over all positions; for portraits."""
    return Objective.of(Peak(name, index))


@function("neuron")
@dataclass(frozen=True)
class Neuron(OfChannel):
    """Activation of one channel at one position; x and y run from 0 (left, top) to 1.

    ``cell`` names the position as (column, row) of the layer's map instead, from 0; x and y then say nothing.
    """

    x: float = 0.5
    y: float = 0.5
    cell: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        if self.cell is not None and min(self.cell) < 0:
            raise UsageError(f"neuron: cell {self.cell[0]},{self.cell[1]}; columns and rows count from 0")

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """See ``Quantity.read``."""
        name, index = _channel_of(reader)
        if reader.keyword("cell"):
            return cls(name, index, cell=reader.cell())
        x = reader.signed() if reader.keyword("x") else 0.5
        y = reader.signed() if reader.keyword("y") else 0.5
        if not (0 <= x <= 1 and 0 <= y <= 1):
            reader.fail("x and y between 0 and 1 before this place")
        return cls(name, index, x, y)

    def __str__(self) -> str:
        if self.cell is None:
            return f"neuron({self.layer_text}, {self.index}, x={number(self.x)}, y={number(self.y)})"
        column, row = self.cell
        if self.layer_text == self.layer:
            return f"{self.layer}:{self.index}@{column},{row}"
        return f"neuron({self.layer_text}, {self.index}, cell={column},{row})"


def neuron(
    name: str, index: int, *, x: float = 0.5, y: float = 0.5, cell: tuple[int, int] | None = None
) -> Objective:
    """One neuron: a channel at a position, x and y in [0, 1] from the top left, or at a (column, row)."""
    return Objective.of(Neuron(name, index, x, y) if cell is None else Neuron(name, index, cell=cell))


@function("direction")
@dataclass(frozen=True)
class Direction(AtLayer):
    """Mean projection on a direction in channel space, times the cosine to a power (Olah et al. 2017).

    ``weights`` are (channel, weight) pairs; the direction has unit length whatever their scale.
    """

    weights: tuple[tuple[int, float], ...]
    cosine: float = 0.0

    def __post_init__(self) -> None:
        weights = [weight for _, weight in self.weights]
        if not any(weights) or not all(math.isfinite(w) for w in (*weights, self.cosine)):
            raise UsageError("direction: give finite channel weights, one of them not zero")

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """See ``Quantity.read``."""
        name = reader.layer_name()
        weights: dict[int, float] = {}
        cosine = 0.0
        while True:
            if reader.keyword("cosine"):
                cosine = reader.signed()
                break
            if not reader.accept(","):
                break
            index = reader.integer("a channel number")
            reader.need(":")
            weights[index] = reader.signed()
        if not any(weights.values()):
            reader.fail("channel:weight pairs, one of them not zero,")
        return cls(name, tuple(sorted(weights.items())), cosine)

    def __str__(self) -> str:
        parts = [self.layer_text, *(f"{c}:{number(w)}" for c, w in self.weights)]
        if self.cosine:
            parts.append(f"cosine={number(self.cosine)}")
        return f"direction({', '.join(parts)})"


def direction(name: str, weights: dict[int, float], *, cosine: float = 0.0) -> Objective:
    """A direction in a layer's channel space, as ``{channel: weight}``. See ``Direction``."""
    return Objective.of(Direction(name, tuple(sorted(weights.items())), cosine))


@function("entropy")
@dataclass(frozen=True)
class Entropy(AtLayer):
    """Entropy of the softmax over a layer's channels, in nats: how undecided they are (Shannon 1948).

    From 0, where one channel outdoes all others, to the logarithm of their number, where all are equal.
    """

    layer: str = "logits"

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """See ``Quantity.read``."""
        return cls() if reader.peek() == ("sign", ")") else super().read(reader)


def entropy(name: str = "logits") -> Objective:
    """How undecided a layer's channels are, by default those of the classes. See ``Entropy``."""
    return Objective.of(Entropy(name))


def _channel_of(reader: Reader) -> tuple[str, int]:
    """A layer and the number of a channel."""
    name = reader.layer_name()
    reader.need(",")
    return name, reader.integer("a channel number")
