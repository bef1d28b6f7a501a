"""What to increase: an immutable value with algebra and a text form.

    layer("block5c") + 0.5 * channel("block4b", 17) - 0.2 * tv()
    block5c + 0.5*block4b:17 - 0.2*tv

Both lines are the same value; ``str()`` prints the second and ``parse()`` reads it back. Nothing here knows
pictures, networks or torch: ``scoring.bind`` turns an objective into something that can be computed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from reverie.errors import UsageError
from reverie.objective.terms import (
    L2,
    Alignment,
    Alpha,
    AtPicture,
    Caricature,
    Channel,
    Direction,
    Diversity,
    Guide,
    Inversion,
    Layer,
    Likeness,
    Logit,
    LogProb,
    Mean,
    Neuron,
    Pairwise,
    Peak,
    Quantity,
    Region,
    TotalVariation,
    Unnatural,
    number,
)

#: The highest power a penalty may have.
HIGHEST = 100.0


@dataclass(frozen=True)
class Term:
    """A weight, the quantity that is increased, and where it counts."""

    weight: float
    quantity: Quantity
    region: Region | None = None

    def __str__(self) -> str:
        scale = {1.0: "", -1.0: "-"}.get(self.weight, f"{number(self.weight)}*")
        where = f"@{self.region}" if self.region else ""
        return f"{scale}{self.quantity}{where}"


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
        for term in self.terms:
            if isinstance(term.quantity, AtPicture | Pairwise | Unnatural):
                raise UsageError(f"objective: {term.quantity} cannot be confined to a region; drop the @mask")
        region = Region(file, inverse)
        return Objective(tuple(replace(t, region=region) for t in self.terms))

    def files(self) -> tuple[str, ...]:
        """Every file the objective needs, each once, in the order written."""
        found: dict[str, None] = {}
        for term in self.terms:
            for file in (
                *term.quantity.files(),
                *((term.region.file,) if term.region else ()),
            ):
                found[file] = None
        return tuple(found)

    def renamed(self, names: dict[str, str]) -> Objective:
        """The same objective with file names replaced (paths to bare names, or back)."""

        def rename(term: Term) -> Term:
            quantity, region = term.quantity, term.region
            if isinstance(quantity, Likeness):
                quantity = replace(quantity, file=names.get(quantity.file, quantity.file))
            if region is not None:
                region = replace(region, file=names.get(region.file, region.file))
            return Term(term.weight, quantity, region)

        return Objective(tuple(rename(t) for t in self.terms))

    def __str__(self) -> str:
        text = str(self.terms[0])
        for term in self.terms[1:]:
            sign = "-" if term.weight < 0 else "+"
            text += f" {sign} {replace(term, weight=abs(term.weight))}"
        return text


def _one(quantity: Quantity) -> Objective:
    return Objective((Term(1.0, quantity),))


def layer(name: str, *, border: int = 0) -> Objective:
    """Mean square activation of a layer, the original deep dream. See ``Layer``."""
    return _one(Layer(name, border))


def mean(name: str) -> Objective:
    """Mean activation of a layer."""
    return _one(Mean(name))


def channel(name: str, index: int) -> Objective:
    """Mean activation of channel ``index`` of a layer."""
    return _one(Channel(name, index))


def neuron(
    name: str, index: int, *, x: float = 0.5, y: float = 0.5, cell: tuple[int, int] | None = None
) -> Objective:
    """One neuron: a channel at a position, x and y in [0, 1] from the top left, or at a (column, row)."""
    if cell is not None and min(cell) < 0:
        raise UsageError(f"neuron: cell {cell[0]},{cell[1]}; columns and rows count from 0")
    return _one(Neuron(name, index, x, y) if cell is None else Neuron(name, index, cell=cell))


def peak(name: str, index: int) -> Objective:
    """The largest activation of channel ``index`` over all positions; for portraits."""
    return _one(Peak(name, index))


def direction(name: str, weights: dict[int, float], *, cosine: float = 0.0) -> Objective:
    """A direction in a layer's channel space, as ``{channel: weight}``. See ``Direction``."""
    if not any(weights.values()) or not all(math.isfinite(w) for w in (*weights.values(), cosine)):
        raise UsageError("direction: give finite channel weights, one of them not zero")
    return _one(Direction(name, tuple(sorted(weights.items())), cosine))


def logit(name: str | int) -> Objective:
    """The unnormalised score of a class. See ``Logit``."""
    return _one(Logit(str(name)))


def logprob(name: str | int) -> Objective:
    """The logarithm of a class's probability. See ``LogProb``."""
    return _one(LogProb(str(name)))


def guide(file: str, layer: str, *, how: str = "match") -> Objective:
    """Dream towards the picture in ``file``. See ``Guide``."""
    return _one(Guide(layer, file, how))


def caricature(file: str, layer: str, *, cosine: float = 1.0) -> Objective:
    """Exaggerate what a layer says of the picture in ``file``. See ``Caricature``."""
    if not math.isfinite(cosine):
        raise UsageError("caricature: give a finite power of the cosine")
    return _one(Caricature(layer, file, cosine))


def inversion(file: str, layer: str) -> Objective:
    """What a layer remembers of the picture in ``file``. See ``Inversion``."""
    return _one(Inversion(layer, file))


def diversity(layer: str) -> Objective:
    """How unlike the others in its batch an item is; for portraits. See ``Diversity``."""
    return _one(Diversity(layer))


def alignment(layer: str) -> Objective:
    """How like its neighbours in the batch an item is; for portraits. See ``Alignment``."""
    return _one(Alignment(layer))


def tv(power: float = 1.0) -> Objective:
    """Total variation of the picture; subtract it for smoothness. See ``TotalVariation``."""
    return _one(TotalVariation(_power("tv", power)))


def unnatural() -> Objective:
    """Distance of the features from natural pictures' (portraits only); subtract it. See ``Unnatural``."""
    return _one(Unnatural())


def l2() -> Objective:
    """Mean square distance of the picture from mid-grey; subtract it for restraint."""
    return _one(L2())


def alpha(power: float = 6.0) -> Objective:
    """Alpha-norm of the picture's distance from mid-grey; subtract it to stay within the range."""
    return _one(Alpha(_power("alpha", power)))


def _power(what: str, power: float) -> float:
    if not 1 <= power <= HIGHEST:
        raise UsageError(f"{what}: a power of {power}; give one from 1 to {HIGHEST:g}")
    return float(power)


def interpolate(a: Objective, b: Objective, t: float) -> Objective:
    """The way from ``a`` to ``b``: (1 - t) a + t b, and just one of them at its end (Olah et al. 2017).

    Args:
        a: Where t is 0.
        b: Where t is 1.
        t: In [0, 1]; UsageError outside.
    """
    if not 0 <= t <= 1:
        raise UsageError(f"interpolate: t is {t}; give a number from 0 to 1")
    return a if t == 0 else b if t == 1 else (1 - t) * a + t * b
