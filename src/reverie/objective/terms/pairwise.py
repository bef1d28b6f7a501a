"""Quantities that compare the pictures of a batch with each other, for portraits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from reverie.objective.objective import Objective
from reverie.objective.quantity import AtLayer, function

__all__ = ["Alignment", "Diversity", "Pairwise", "alignment", "diversity"]


@dataclass(frozen=True)
class Pairwise(AtLayer):
    """What compares the items of a batch with each other (portraits only)."""

    has_regions: ClassVar = False
    only_portraits: ClassVar = True


@function("diversity")
@dataclass(frozen=True)
class Diversity(Pairwise):
    """How unlike the others an item is: minus the mean cosine of their Gram matrices (Olah et al. 2017)."""


def diversity(layer: str) -> Objective:
    """How unlike the others in its batch an item is; for portraits. See ``Diversity``."""
    return Objective.of(Diversity(layer))


@function("alignment")
@dataclass(frozen=True)
class Alignment(Pairwise):
    """How like its neighbours in the batch an item is, so that a row of them shows one thing change.

    Minus the mean square difference from those up to 4 places away, halved with each place (lucid, 2018).
    """


def alignment(layer: str) -> Objective:
    """How like its neighbours in the batch an item is; for portraits. See ``Alignment``."""
    return Objective.of(Alignment(layer))
