"""Quantities that compare a layer's features with those of another picture."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

from reverie.errors import UsageError
from reverie.objective.objective import Objective
from reverie.objective.quantity import AtLayer, function
from reverie.objective.text import Reader, number, quoted

__all__ = ["Caricature", "Guide", "Inversion", "Likeness", "caricature", "guide", "inversion"]


@dataclass(frozen=True)
class Likeness(AtLayer):
    """What compares a layer's features with those of the picture in a file."""

    file: str

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """See ``Quantity.read``."""
        file, layer = _file_and_layer(reader)
        return cls(layer, file)

    def files(self) -> tuple[str, ...]:
        """See ``Quantity.files``."""
        return (self.file,)

    def renamed(self, names: Mapping[str, str]) -> Self:
        """See ``Quantity.renamed``."""
        return replace(self, file=names.get(self.file, self.file))


@function("guide")
@dataclass(frozen=True)
class Guide(Likeness):
    """Dream towards another picture's features at a layer.

    ``how="match"``: each position is drawn to the guide's feature column with the largest dot product
    (Mordvintsev et al. 2015). ``how="channels"``: the layer's mean square, each channel weighted by its
    sum over the guide (K. Crowson's deep_dream).
    """

    how: str = "match"

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """See ``Quantity.read``."""
        file, layer = _file_and_layer(reader)
        how = "match"
        if reader.accept(","):
            how = reader.take("name", "match or channels")
            if how not in ("match", "channels"):
                reader.place -= 1
                reader.fail("match or channels")
        return cls(layer, file, how)

    def __str__(self) -> str:
        tail = "" if self.how == "match" else f", {self.how}"
        return f"guide({quoted(self.file)}, {self.layer_text}{tail})"


def guide(file: str, layer: str, *, how: str = "match") -> Objective:
    """Dream towards the picture in ``file``. See ``Guide``."""
    return Objective.of(Guide(layer, file, how))


@function("caricature")
@dataclass(frozen=True)
class Caricature(Likeness):
    """Exaggerate what a layer says of a picture (lucid's caricatures, Olah et al. 2018).

    The mean over positions of the dot product with the picture's features there, times their cosine (at
    least 0.1) to a power. The features are scaled to a root mean square length of 1.
    """

    cosine: float = 1.0

    def __post_init__(self) -> None:
        if not math.isfinite(self.cosine):
            raise UsageError("caricature: give a finite power of the cosine")

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """See ``Quantity.read``."""
        file, layer = _file_and_layer(reader)
        return cls(layer, file, reader.signed() if reader.keyword("cosine") else 1.0)

    def __str__(self) -> str:
        return f"caricature({quoted(self.file)}, {self.layer_text}, cosine={number(self.cosine)})"


def caricature(file: str, layer: str, *, cosine: float = 1.0) -> Objective:
    """Exaggerate what a layer says of the picture in ``file``. See ``Caricature``."""
    return Objective.of(Caricature(layer, file, cosine))


@function("invert")
@dataclass(frozen=True)
class Inversion(Likeness):
    """What a layer remembers of a picture: minus |Phi(x) - Phi0|^2 / |Phi0|^2 (Mahendran & Vedaldi 2015)."""

    def __str__(self) -> str:
        return f"invert({quoted(self.file)}, {self.layer_text})"


def inversion(file: str, layer: str) -> Objective:
    """What a layer remembers of the picture in ``file``. See ``Inversion``."""
    return Objective.of(Inversion(layer, file))


def _file_and_layer(reader: Reader) -> tuple[str, str]:
    file = reader.string('a file name in "quotes"')
    reader.need(",")
    return file, reader.layer_name()
