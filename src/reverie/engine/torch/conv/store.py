"""What is made from a network's frozen weights, for all sizes of picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from torch import Tensor

LAYOUTS = 4  # of one weight that are kept for sizes to come
Made = TypeVar("Made")


@dataclass
class Store:
    """What is made from frozen weights, shared by the plans for all sizes of picture.

    Attributes:
        weights: The tensors of the network: what is made of others is not kept.
    """

    weights: list[Tensor]
    _made: dict[tuple[object, ...], tuple[tuple[Tensor, ...], Any]] = field(default_factory=dict)
    _packed: dict[tuple[object, ...], tuple[tuple[Tensor, ...], dict[bytes, Tensor]]] = field(
        default_factory=dict
    )

    def __post_init__(self) -> None:
        self._ours = {id(w) for w in self.weights}

    def get(self, purpose: tuple[object, ...], sources: tuple[Tensor, ...], make: Callable[[], Made]) -> Made:
        """``make()``, or what it returned the last time for this purpose and these tensors."""
        if not all(id(s) in self._ours for s in sources):
            return make()
        key = (*purpose, *map(id, sources))
        if key not in self._made:
            self._made[key] = (sources, make())
        found: Made = self._made[key][1]
        return found

    def alike(
        self, purpose: tuple[object, ...], sources: tuple[Tensor, ...], packed: Tensor, layout: bytes
    ) -> Tensor:
        """``packed``, or what was packed before for this purpose of these tensors and has the same layout.

        Only the newest layouts are kept, however many sizes of picture come.
        """
        if not all(id(s) in self._ours for s in sources):
            return packed
        _, kept = self._packed.setdefault((*purpose, *map(id, sources)), (sources, {}))
        found = kept.pop(layout, packed)
        kept[layout] = found
        if len(kept) > LAYOUTS:
            del kept[next(iter(kept))]
        return found

    def clear(self) -> None:
        """Forget everything: the weights were changed."""
        self._made.clear()
        self._packed.clear()
