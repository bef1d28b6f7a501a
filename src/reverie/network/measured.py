"""What nobody has said of a network's layers: how far they see, and which of them are one and the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

from torch import Tensor

from reverie.network.network import LOGITS, OUTPUT, NetworkLayer

#: Stride and receptive field of a layer by its name, in pixels, or None where it sees everything.
Measure = Callable[[str], tuple[int, int] | None]


class MeasuredLayer(NetworkLayer):
    """A layer that is measured when it is first asked how far it sees, by some passes through the network."""

    def __init__(self, name: str, channels: int, measure: Measure) -> None:
        for key, value in (("name", name), ("channels", channels), ("draws", ""), ("_measure", measure)):
            object.__setattr__(self, key, value)

    def __repr__(self) -> str:
        return f"MeasuredLayer(name={self.name!r}, channels={self.channels})"

    @cached_property
    def _reach(self) -> tuple[int | None, int | None]:
        return self._measure(self.name) or (None, None)  # type: ignore[attr-defined]

    @property
    def stride(self) -> int | None:
        """Input pixels from one position to the next; None where it has none in the picture."""
        return self._reach[0]

    @property
    def receptive_field(self) -> int | None:
        """Side in input pixels of the square that one position sees; None where it sees everything."""
        return self._reach[1]


def one_name(
    found: Mapping[str, Tensor], last: Sequence[str], *, own: bool, classes: bool = False
) -> dict[str, str]:
    """By further names of what a module returns the one that is told: ``logits``, of maps the layer's own.

    Args:
        found: By name what each layer returned for one picture.
        last: Layers that return the same.
        own: Whether the module has a layer of its own called ``logits``.
        classes: Whether it is known to return classes, also in maps.
    """
    if OUTPUT not in found:
        return {}
    logits = LOGITS in found and (LOGITS in last or not own)
    if classes or found[OUTPUT].ndim == 2:
        told, others = LOGITS if logits else OUTPUT, (*last, OUTPUT)
    else:
        told, others = last[0] if last else OUTPUT, (*((LOGITS,) if logits else ()), OUTPUT)
    return {name: told for name in others if name != told}
