"""What a term increases: the base of all kinds, and the tables of those that the text form knows.

A kind of quantity is a frozen dataclass in ``terms/``. A decorator gives it a name in the text form, ``read``
parses its arguments and ``str`` prints it, so that what is printed parses back to an equal value. How it is
scored stands in ``reverie.scoring``, where the same class is named again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Self, TypeVar

from reverie.objective.text import BARE_NAME, Reader, quoted

__all__ = ["PENALTIES", "AtLayer", "Quantity", "Region"]

#: Kinds by the names of their functions, as in ``mean(block4c)``; in the order in which errors list them.
FUNCTIONS: dict[str, type[Quantity]] = {}
#: Kinds by the bare names that are terms and not layers.
PENALTIES: dict[str, type[Quantity]] = {}


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

    #: The name of its function in the text form, see ``function``.
    called: ClassVar[str] = ""
    #: Whether it can be confined to a region of the picture.
    has_regions: ClassVar[bool] = True
    #: Whether only portraits have it: pictures that are seen whole, and beside each other.
    only_portraits: ClassVar[bool] = False

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """What the arguments of its function say. UsageError names the column and what was expected."""
        raise NotImplementedError

    def files(self) -> tuple[str, ...]:
        """Names of the files the term needs, in the order written."""
        return ()

    def renamed(self, names: Mapping[str, str]) -> Self:
        """The same with file names replaced, where it has any."""
        return self


@dataclass(frozen=True)
class AtLayer(Quantity):
    """What reads one named layer; in the text form a function of the layer alone, if it says no more."""

    layer: str

    @classmethod
    def read(cls, reader: Reader) -> Self:
        """See ``Quantity.read``."""
        return cls(reader.layer_name())

    @property
    def layer_text(self) -> str:
        """The layer's name as the text form writes it: in quotes unless it is a plain word."""
        bare = BARE_NAME.fullmatch(self.layer) and self.layer not in PENALTIES
        return self.layer if bare else quoted(self.layer)

    def __str__(self) -> str:
        return f"{self.called}({self.layer_text})"


Kind = TypeVar("Kind", bound=Quantity)


def function(*names: str) -> Callable[[type[Kind]], type[Kind]]:
    """Make a kind of quantity a function of the text form, printed by the first of its names."""

    def register(kind: type[Kind]) -> type[Kind]:
        kind.called = names[0]
        FUNCTIONS.update(dict.fromkeys(names, kind))
        return kind

    return register


def penalty(name: str) -> Callable[[type[Kind]], type[Kind]]:
    """Make a kind of quantity a bare word of the text form; it has a default for every field."""

    def register(kind: type[Kind]) -> type[Kind]:
        PENALTIES[name] = kind
        return kind

    return register
