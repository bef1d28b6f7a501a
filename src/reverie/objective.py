"""What to increase: an immutable value with algebra and a text form.

    layer("block5c") + 0.5 * channel("block4b", 17) - 0.2 * tv()
    block5c + 0.5*block4b:17 - 0.2*tv

Both lines are the same value; ``str()`` prints the second and ``parse()`` reads it back. Nothing here knows
pictures, networks or torch: ``reverie.goal.bind`` turns an objective into something that can be computed.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace

from reverie.errors import UsageError

#: Bare layer names; anything else is written ``layer("...")``.
BARE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*")
#: Bare names that are terms and not layers.
PENALTIES = ("tv", "l2")


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _number(value: float) -> str:
    return f"{value:.0f}" if value == int(value) and abs(value) < 1e15 else repr(float(value))


def _name(layer: str) -> str:
    bare = BARE_NAME.fullmatch(layer) and layer not in PENALTIES
    return layer if bare else _quoted(layer)


@dataclass(frozen=True)
class Region:
    """Where a term counts: a grey picture (white counts, black does not), or its inverse."""

    file: str
    inverse: bool = False

    def __str__(self) -> str:
        return f"{'outside' if self.inverse else 'mask'}({_quoted(self.file)})"


@dataclass(frozen=True)
class Read:
    """What a term reads. Subclasses are the kinds of objective; all are means over positions."""

    def files(self) -> tuple[str, ...]:
        """Names of the files the term needs, in the order written."""
        return ()


@dataclass(frozen=True)
class AtLayer(Read):
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
            return f"layer({_name(self.layer)}, border={self.border})"
        name = _name(self.layer)
        return name if name == self.layer else f"layer({name})"


@dataclass(frozen=True)
class Mean(AtLayer):
    """Mean activation of a layer (the TensorFlow tutorial's loss)."""

    def __str__(self) -> str:
        return f"mean({_name(self.layer)})"


@dataclass(frozen=True)
class Channel(AtLayer):
    """Mean activation of one channel."""

    index: int

    def __str__(self) -> str:
        name = _name(self.layer)
        if name == self.layer:
            return f"{name}:{self.index}"
        return f"channel({name}, {self.index})"


@dataclass(frozen=True)
class Neuron(AtLayer):
    """Activation of one channel at one position; x and y run from 0 (left, top) to 1."""

    index: int
    x: float = 0.5
    y: float = 0.5

    def __str__(self) -> str:
        return f"neuron({_name(self.layer)}, {self.index}, x={_number(self.x)}, y={_number(self.y)})"


@dataclass(frozen=True)
class Direction(AtLayer):
    """Mean projection on a direction in channel space, times the cosine to a power (Olah et al. 2017).

    ``weights`` are (channel, weight) pairs; the direction has unit length whatever their scale.
    """

    weights: tuple[tuple[int, float], ...]
    cosine: float = 0.0

    def __str__(self) -> str:
        parts = [_name(self.layer), *(f"{c}:{_number(w)}" for c, w in self.weights)]
        if self.cosine:
            parts.append(f"cosine={_number(self.cosine)}")
        return f"direction({', '.join(parts)})"


@dataclass(frozen=True)
class Logit(Read):
    """The unnormalised score of a class (Simonyan et al. 2013), by name, synonym, WordNet id or index."""

    name: str

    def __str__(self) -> str:
        bare = re.fullmatch("0|[1-9][0-9]*", self.name)
        return f"class({self.name})" if bare else f"class({_quoted(self.name)})"


@dataclass(frozen=True)
class Guide(AtLayer):
    """Dream towards another picture's features at a layer.

    ``how="match"``: each position is drawn to the guide's feature column with the largest dot product
    (Mordvintsev et al. 2015). ``how="channels"``: the layer's mean square, each channel weighted by its
    sum over the guide (K. Crowson's deep_dream).
    """

    file: str
    how: str = "match"

    def __str__(self) -> str:
        tail = "" if self.how == "match" else f", {self.how}"
        return f"guide({_quoted(self.file)}, {_name(self.layer)}{tail})"

    def files(self) -> tuple[str, ...]:
        return (self.file,)


@dataclass(frozen=True)
class TotalVariation(Read):
    """Mean absolute difference of neighbouring pixels (a penalty: subtract it)."""

    def __str__(self) -> str:
        return "tv"


@dataclass(frozen=True)
class L2(Read):
    """Mean square distance of the picture from mid-grey (a penalty: subtract it)."""

    def __str__(self) -> str:
        return "l2"


@dataclass(frozen=True)
class Term:
    """A weight, what is read, and where it counts."""

    weight: float
    read: Read
    region: Region | None = None

    def __str__(self) -> str:
        scale = {1.0: "", -1.0: "-"}.get(self.weight, f"{_number(self.weight)}*")
        where = f"@{self.region}" if self.region else ""
        return f"{scale}{self.read}{where}"


@dataclass(frozen=True)
class Objective:
    """A weighted, signed sum of terms. Immutable; build with ``+``, ``-`` and ``*``."""

    terms: tuple[Term, ...]

    def __add__(self, other: Objective) -> Objective:
        return Objective(self.terms + other.terms)

    def __sub__(self, other: Objective) -> Objective:
        return self + -other

    def __neg__(self) -> Objective:
        return self * -1.0

    def __mul__(self, scale: float) -> Objective:
        weights = [t.weight * float(scale) for t in self.terms]
        if not all(math.isfinite(w) for w in weights):
            raise UsageError(f"objective: a weight of {scale} is not a finite number")
        return Objective(tuple(replace(t, weight=w) for t, w in zip(self.terms, weights, strict=True)))

    __rmul__ = __mul__

    def within(self, file: str, *, inverse: bool = False) -> Objective:
        """The same objective, counted only where the picture ``file`` is white (or black)."""
        if any(isinstance(t.read, TotalVariation | L2) for t in self.terms):
            raise UsageError("objective: tv and l2 cannot be confined to a region; drop the @mask")
        region = Region(file, inverse)
        return Objective(tuple(replace(t, region=region) for t in self.terms))

    def files(self) -> tuple[str, ...]:
        """Every file the objective needs, each once, in the order written."""
        found: dict[str, None] = {}
        for term in self.terms:
            for file in (
                *term.read.files(),
                *((term.region.file,) if term.region else ()),
            ):
                found[file] = None
        return tuple(found)

    def renamed(self, names: dict[str, str]) -> Objective:
        """The same objective with file names replaced (paths to bare names, or back)."""

        def rename(term: Term) -> Term:
            read, region = term.read, term.region
            if isinstance(read, Guide):
                read = replace(read, file=names.get(read.file, read.file))
            if region is not None:
                region = replace(region, file=names.get(region.file, region.file))
            return Term(term.weight, read, region)

        return Objective(tuple(rename(t) for t in self.terms))

    def __str__(self) -> str:
        text = str(self.terms[0])
        for term in self.terms[1:]:
            sign = "-" if term.weight < 0 else "+"
            text += f" {sign} {replace(term, weight=abs(term.weight))}"
        return text


def _one(read: Read) -> Objective:
    return Objective((Term(1.0, read),))


def layer(name: str, *, border: int = 0) -> Objective:
    """Mean square activation of a layer, the original deep dream. See ``Layer``."""
    return _one(Layer(name, border))


def mean(name: str) -> Objective:
    """Mean activation of a layer."""
    return _one(Mean(name))


def channel(name: str, index: int) -> Objective:
    """Mean activation of channel ``index`` of a layer."""
    return _one(Channel(name, index))


def neuron(name: str, index: int, *, x: float = 0.5, y: float = 0.5) -> Objective:
    """One neuron: a channel at a position, x and y in [0, 1] from the top left."""
    return _one(Neuron(name, index, x, y))


def direction(name: str, weights: dict[int, float], *, cosine: float = 0.0) -> Objective:
    """A direction in a layer's channel space, as ``{channel: weight}``. See ``Direction``."""
    if not any(weights.values()) or not all(math.isfinite(w) for w in (*weights.values(), cosine)):
        raise UsageError("direction: give finite channel weights, one of them not zero")
    return _one(Direction(name, tuple(sorted(weights.items())), cosine))


def logit(name: str | int) -> Objective:
    """The unnormalised score of a class. See ``Logit``."""
    return _one(Logit(str(name)))


def guide(file: str, layer: str, *, how: str = "match") -> Objective:
    """Dream towards the picture in ``file``. See ``Guide``."""
    return _one(Guide(layer, file, how))


def tv() -> Objective:
    """Total variation of the picture; subtract it for smoothness."""
    return _one(TotalVariation())


def l2() -> Objective:
    """Mean square distance of the picture from mid-grey; subtract it for restraint."""
    return _one(L2())


def parse(text: str) -> Objective:
    """Read the text form. Raises UsageError naming the place and what was expected."""
    from reverie.objective_text import parse_objective

    return parse_objective(text)
