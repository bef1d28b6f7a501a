"""The quantities that an objective increases: immutable values with a text form, see ``objective.py``."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: Bare layer names; anything else is written ``layer("...")``.
BARE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*")
#: Bare names that are terms and not layers.
PENALTIES = ("tv", "l2", "unnatural")


def quoted(text: str) -> str:
    """A string as the text form writes it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def number(value: float) -> str:
    """A number as the text form writes it: whole ones without a point."""
    return f"{value:.0f}" if value == int(value) and abs(value) < 1e15 else repr(float(value))


def layer_text(layer: str) -> str:
    """A layer's name as the text form writes it: in quotes unless it is a plain word."""
    bare = BARE_NAME.fullmatch(layer) and layer not in PENALTIES
    return layer if bare else quoted(layer)


@dataclass(frozen=True)
class Region:
    """Where a term counts: a grey picture (white counts, black does not), or its inverse."""

    file: str
    inverse: bool = False

    def __str__(self) -> str:
        return f"{'outside' if self.inverse else 'mask'}({quoted(self.file)})"


@dataclass(frozen=True)
class Quantity:
    """What a term increases. Subclasses are the kinds of objective; most are means over positions."""

    def files(self) -> tuple[str, ...]:
        """Names of the files the term needs, in the order written."""
        return ()


@dataclass(frozen=True)
class AtLayer(Quantity):
    """What reads one named layer."""

    layer: str


@dataclass(frozen=True)
class Layer(AtLayer):
    """Mean square activation of a layer: its gradient there is the activations (Mordvintsev et al. 2015).

    ``border`` feature cells along the edges do not count (Keras' deep dream leaves out 2).
    """

    border: int = 0

    def __str__(self) -> str:
        if self.border:
            return f"layer({layer_text(self.layer)}, border={self.border})"
        name = layer_text(self.layer)
        return name if name == self.layer else f"layer({name})"


@dataclass(frozen=True)
class Mean(AtLayer):
    """Mean activation of a layer (the TensorFlow tutorial's loss)."""

    def __str__(self) -> str:
        return f"mean({layer_text(self.layer)})"


@dataclass(frozen=True)
class Channel(AtLayer):
    """Mean activation of one channel."""

    index: int

    def __str__(self) -> str:
        name = layer_text(self.layer)
        if name == self.layer:
            return f"{name}:{self.index}"
        return f"channel({name}, {self.index})"


@dataclass(frozen=True)
class Peak(AtLayer):
    """The largest activation of one channel over all positions (portraits only)."""

    index: int

    def __str__(self) -> str:
        return f"peak({layer_text(self.layer)}, {self.index})"


@dataclass(frozen=True)
class Neuron(AtLayer):
    """Activation of one channel at one position; x and y run from 0 (left, top) to 1.

    ``cell`` names the position as (column, row) of the layer's map instead, from 0; x and y then say nothing.
    """

    index: int
    x: float = 0.5
    y: float = 0.5
    cell: tuple[int, int] | None = None

    def __str__(self) -> str:
        name = layer_text(self.layer)
        if self.cell is None:
            return f"neuron({name}, {self.index}, x={number(self.x)}, y={number(self.y)})"
        column, row = self.cell
        if name == self.layer:
            return f"{name}:{self.index}@{column},{row}"
        return f"neuron({name}, {self.index}, cell={column},{row})"


@dataclass(frozen=True)
class Direction(AtLayer):
    """Mean projection on a direction in channel space, times the cosine to a power (Olah et al. 2017).

    ``weights`` are (channel, weight) pairs; the direction has unit length whatever their scale.
    """

    weights: tuple[tuple[int, float], ...]
    cosine: float = 0.0

    def __str__(self) -> str:
        parts = [layer_text(self.layer), *(f"{c}:{number(w)}" for c, w in self.weights)]
        if self.cosine:
            parts.append(f"cosine={number(self.cosine)}")
        return f"direction({', '.join(parts)})"


@dataclass(frozen=True)
class OfClass(Quantity):
    """What reads the score of a class, by name, synonym, WordNet id or index."""

    name: str

    def _text(self) -> str:
        return self.name if re.fullmatch("0|[1-9][0-9]*", self.name) else quoted(self.name)


@dataclass(frozen=True)
class Logit(OfClass):
    """The unnormalised score of a class (Simonyan et al. 2013), by name, synonym, WordNet id or index."""

    def __str__(self) -> str:
        return f"class({self._text()})"


@dataclass(frozen=True)
class LogProb(OfClass):
    """The logarithm of a class's probability: its score against those of all the others.

    Simonyan et al. (2013) found that it can also be raised by lowering the others.
    """

    def __str__(self) -> str:
        return f"logprob({self._text()})"


@dataclass(frozen=True)
class Likeness(AtLayer):
    """What compares a layer's features with those of the picture in a file."""

    file: str

    def files(self) -> tuple[str, ...]:
        return (self.file,)


@dataclass(frozen=True)
class Guide(Likeness):
    """Dream towards another picture's features at a layer.

    ``how="match"``: each position is drawn to the guide's feature column with the largest dot product
    (Mordvintsev et al. 2015). ``how="channels"``: the layer's mean square, each channel weighted by its
    sum over the guide (K. Crowson's deep_dream).
    """

    how: str = "match"

    def __str__(self) -> str:
        tail = "" if self.how == "match" else f", {self.how}"
        return f"guide({quoted(self.file)}, {layer_text(self.layer)}{tail})"


@dataclass(frozen=True)
class Caricature(Likeness):
    """Exaggerate what a layer says of a picture (lucid's caricatures, Olah et al. 2018).

    The mean over positions of the dot product with the picture's features there, times their cosine (at
    least 0.1) to a power. The features are scaled to a root mean square length of 1.
    """

    cosine: float = 1.0

    def __str__(self) -> str:
        return f"caricature({quoted(self.file)}, {layer_text(self.layer)}, cosine={number(self.cosine)})"


@dataclass(frozen=True)
class Inversion(Likeness):
    """What a layer remembers of a picture: minus |Phi(x) - Phi0|^2 / |Phi0|^2 (Mahendran & Vedaldi 2015)."""

    def __str__(self) -> str:
        return f"invert({quoted(self.file)}, {layer_text(self.layer)})"


@dataclass(frozen=True)
class Pairwise(AtLayer):
    """What compares the items of a batch with each other (portraits only)."""


@dataclass(frozen=True)
class Diversity(Pairwise):
    """How unlike the others an item is: minus the mean cosine of their Gram matrices (Olah et al. 2017)."""

    def __str__(self) -> str:
        return f"diversity({layer_text(self.layer)})"


@dataclass(frozen=True)
class Alignment(Pairwise):
    """How like its neighbours in the batch an item is, so that a row of them shows one thing change.

    Minus the mean square difference from those up to 4 places away, halved with each place (lucid, 2018).
    """

    def __str__(self) -> str:
        return f"alignment({layer_text(self.layer)})"


@dataclass(frozen=True)
class Unnatural(Quantity):
    """How far the features are from those of the network's training pictures (a penalty; portraits only).

    Of every layer whose batch norm remembers them, as deep as the rest of the objective reads (DeepInversion,
    Yin et al. 2020). See ``reverie.scoring.feature_statistics``.
    """

    def __str__(self) -> str:
        return "unnatural"


@dataclass(frozen=True)
class AtPicture(Quantity):
    """What reads the picture itself: a penalty, so subtract it."""


@dataclass(frozen=True)
class TotalVariation(AtPicture):
    """Mean of abs(difference) to a power over neighbouring pixels, downwards and across added (a penalty).

    Power 1 is that of Rudin et al. (1992), 2 the one of Mahendran & Vedaldi (2015) at their beta of 2.
    """

    power: float = 1.0

    def __str__(self) -> str:
        return "tv" if self.power == 1 else f"tv({number(self.power)})"


@dataclass(frozen=True)
class L2(AtPicture):
    """Mean square distance of the picture from mid-grey (a penalty: subtract it)."""

    def __str__(self) -> str:
        return "l2"


@dataclass(frozen=True)
class Alpha(AtPicture):
    """Mean of abs(x - 0.5) to a power over pixels and channels: the alpha-norm (Mahendran & Vedaldi 2015)."""

    power: float = 6.0

    def __str__(self) -> str:
        return f"alpha({number(self.power)})"
