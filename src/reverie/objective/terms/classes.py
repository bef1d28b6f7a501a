"""Quantities of a class, or of a group of them: the score, and the probability."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from reverie.objective.objective import Objective
from reverie.objective.quantity import Quantity, function
from reverie.objective.text import Reader, quoted

__all__ = ["LogProb", "Logit", "OfClass", "logit", "logprob"]


@dataclass(frozen=True)
class OfClass(Quantity):
    """What reads the score of a class, by name, synonym, WordNet id, index, or what classes are kinds of."""

    name: str

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """See ``Quantity.read``."""
        if reader.peek()[0] == "number":
            return cls(str(reader.integer("a class number")))
        return cls(reader.string('a class name in "quotes" or a class number'))

    def __str__(self) -> str:
        index = re.fullmatch("0|[1-9][0-9]*", self.name)
        return f"{self.called}({self.name if index else quoted(self.name)})"


@function("class", "logit")
@dataclass(frozen=True)
class Logit(OfClass):
    """The unnormalised score of a class (Simonyan et al. 2013), by name, synonym, WordNet id or index.

    Of a group of classes, as ``class("cat")``, the log-sum-exp of their scores: the nearest one decides.
    """


def logit(name: str | int) -> Objective:
    """The unnormalised score of a class. See ``Logit``."""
    return Objective.of(Logit(str(name)))


@function("logprob")
@dataclass(frozen=True)
class LogProb(OfClass):
    """The logarithm of a class's probability: its score against those of all the others.

    Simonyan et al. (2013) found that it can also be raised by lowering the others. A group's probability is
    the sum of its classes'.
    """


def logprob(name: str | int) -> Objective:
    """The logarithm of a class's probability. See ``LogProb``."""
    return Objective.of(LogProb(str(name)))
