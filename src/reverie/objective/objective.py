"""What to increase: an immutable value with algebra and a text form.

    layer("block5c") + 0.5 * channel("block4b", 17) - 0.2 * tv()
    block5c + 0.5*block4b:17 - 0.2*tv

Both lines are the same value; ``str()`` prints the second and ``parse()`` reads it back. Nothing here knows
pictures, networks or torch: ``scoring.bind`` turns an objective into something that can be computed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from reverie.errors import UsageError
from reverie.objective.quantity import Quantity, Region
from reverie.objective.text import number

__all__ = ["Objective", "Term", "interpolate"]


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

    @classmethod
    def of(cls, quantity: Quantity) -> Objective:
        """One quantity alone, as it is."""
        return cls((Term(1.0, quantity),))

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
            if not term.quantity.has_regions:
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

    def renamed(self, names: Mapping[str, str]) -> Objective:
        """The same objective with file names replaced (paths to bare names, or back)."""

        def rename(term: Term) -> Term:
            region = term.region
            if region is not None:
                region = replace(region, file=names.get(region.file, region.file))
            return Term(term.weight, term.quantity.renamed(names), region)

        return Objective(tuple(rename(t) for t in self.terms))

    def __str__(self) -> str:
        text = str(self.terms[0])
        for term in self.terms[1:]:
            sign = "-" if term.weight < 0 else "+"
            text += f" {sign} {replace(term, weight=abs(term.weight))}"
        return text


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
