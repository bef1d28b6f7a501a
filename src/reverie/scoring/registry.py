"""Whose score is which: beside a score function stands the kind of quantity that it is for.

@scores(Mean)
def _mean(wanted: Mean, binder: Binder) -> BoundTerm:
return binder.at_layer(wanted.layer, MeanOfChannels())
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from reverie.objective import Quantity
from reverie.scoring.terms import BoundTerm, Comparison, Penalty

if TYPE_CHECKING:
    from reverie.scoring.binder import Binder

Kind = TypeVar("Kind", bound=Quantity)
Made = TypeVar("Made", bound=BoundTerm | Comparison | Penalty)

_MAKERS: dict[type[Quantity], Callable[[Any, Binder], BoundTerm | Comparison | Penalty]] = {}


def scores(kind: type[Kind]) -> Callable[[Callable[[Kind, Binder], Made]], Callable[[Kind, Binder], Made]]:
    """Bind terms of a kind of quantity by the function that this decorates."""

    def register(make: Callable[[Kind, Binder], Made]) -> Callable[[Kind, Binder], Made]:
        _MAKERS[kind] = make
        return make

    return register


def bound(binder: Binder) -> BoundTerm | Comparison | Penalty:
    """The binder's term, bound. TypeError: no score function is for its kind of quantity."""
    quantity = binder.term.quantity
    if type(quantity) not in _MAKERS:
        raise TypeError(f"no way to bind {type(quantity).__name__}")
    return _MAKERS[type(quantity)](quantity, binder)
