"""Penalties: quantities of the picture itself, and how unnatural its features are. Subtract them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from reverie.errors import UsageError
from reverie.objective.objective import Objective
from reverie.objective.quantity import Quantity, function, penalty
from reverie.objective.text import Reader, number

__all__ = [
    "HIGHEST",
    "L2",
    "Alpha",
    "AtPicture",
    "ToAPower",
    "TotalVariation",
    "Unnatural",
    "alpha",
    "l2",
    "tv",
    "unnatural",
]

#: The highest power a penalty may have.
HIGHEST = 100.0


@dataclass(frozen=True)
class AtPicture(Quantity):
    """What reads the picture itself: a penalty, so subtract it."""

    has_regions: ClassVar = False


@dataclass(frozen=True)
class ToAPower(AtPicture):
    """A mean of differences to a power, from 1 to ``HIGHEST``, written as ``word(power)``."""

    word: ClassVar[str]
    power: float

    def __post_init__(self) -> None:
        if not 1 <= self.power <= HIGHEST:
            raise UsageError(f"{self.word}: a power of {self.power}; give one from 1 to {HIGHEST:g}")

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """See ``Quantity.read``."""
        found, value = reader.peek()
        if found != "number" or not 1 <= float(value) <= HIGHEST:
            reader.fail(f"a power from 1 to {HIGHEST:g}")
        reader.place += 1
        return cls(float(value))

    def __str__(self) -> str:
        return f"{self.word}({number(self.power)})"


@penalty("tv")
@function("tv")
@dataclass(frozen=True)
class TotalVariation(ToAPower):
    """Mean of abs(difference) to a power over neighbouring pixels, downwards and across added (a penalty).

    Power 1 is that of Rudin et al. (1992), 2 the one of Mahendran & Vedaldi (2015) at their beta of 2.
    """

    word: ClassVar = "tv"
    power: float = 1.0

    def __str__(self) -> str:
        return self.word if self.power == 1 else super().__str__()


def tv(power: float = 1.0) -> Objective:
    """Total variation of the picture; subtract it for smoothness. See ``TotalVariation``."""
    return Objective.of(TotalVariation(power))


@penalty("l2")
@dataclass(frozen=True)
class L2(AtPicture):
    """Mean square distance of the picture from mid-grey (a penalty: subtract it)."""

    def __str__(self) -> str:
        return "l2"


def l2() -> Objective:
    """Mean square distance of the picture from mid-grey; subtract it for restraint."""
    return Objective.of(L2())


@function("alpha")
@dataclass(frozen=True)
class Alpha(ToAPower):
    """Mean of abs(x - 0.5) to a power over pixels and channels: the alpha-norm (Mahendran & Vedaldi 2015)."""

    word: ClassVar = "alpha"
    power: float = 6.0


def alpha(power: float = 6.0) -> Objective:
    """Alpha-norm of the picture's distance from mid-grey; subtract it to stay within the range."""
    return Objective.of(Alpha(power))


@penalty("unnatural")
@dataclass(frozen=True)
class Unnatural(Quantity):
    """How far the features are from those of the network's training pictures (a penalty; portraits only).

    Of every layer whose batch norm remembers them, as deep as the rest of the objective reads (DeepInversion,
    Yin et al. 2020). See ``reverie.scoring.feature_statistics``.
    """

    has_regions: ClassVar = False
    only_portraits: ClassVar = True

    def __str__(self) -> str:
        return "unnatural"


def unnatural() -> Objective:
    """Distance of the features from natural pictures' (portraits only); subtract it. See ``Unnatural``."""
    return Objective.of(Unnatural())
