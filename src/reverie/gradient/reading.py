"""What the seam asks of a bound objective: terms that read a layer, several layers, or the picture itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from torch import Tensor

from reverie.gradient.cells import Window


class NetworkTerm(Protocol):
    """One term of a bound objective that reads the network."""

    @property
    def text(self) -> str:
        """The term as the user wrote it."""

    @property
    def weight(self) -> float:
        """What its score and gradient are multiplied by."""

    @property
    def layer(self) -> str:
        """The layer that it reads; the first of several."""

    @property
    def function(self) -> object:
        """What it computes at each position; one in deviations is asked for more, see ``InDeviations``."""

    @property
    def mask(self) -> str | None:
        """The field that says where it counts; None is everywhere."""


class Reading(NetworkTerm, Protocol):
    """A term that is a sum over the positions of one layer."""

    def score(self, activation: Tensor, window: Window, mask: Tensor | None) -> Tensor:
        """Unweighted score (N,) of a map (N, C, h, w), counted in ``window``."""

    def slope(self, activation: Tensor, window: Window, mask: Tensor | None) -> tuple[Tensor, Tensor] | None:
        """The score and its gradient at the map, or None: then autograd differentiates ``score``."""


@runtime_checkable
class WholeReading(NetworkTerm, Protocol):
    """A term that sees whole pictures, at several layers, and says its gradients itself."""

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers that it reads."""

    def slopes(self, activations: Mapping[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        """Unweighted score (N,) of its layers, and its gradient at each."""


AnyReading = Reading | WholeReading


def read_by(term: AnyReading) -> tuple[str, ...]:
    """The layers that a term reads."""
    return term.layers if isinstance(term, WholeReading) else (term.layer,)


class PictureTerm(Protocol):
    """One term that reads the picture itself: a sum over its rows."""

    @property
    def weight(self) -> float:
        """What its score and gradient are multiplied by."""

    def piece(self, strip: Tensor, rows: int, height: int) -> Tensor:
        """What the first ``rows`` of a strip give, (N,).

        ``strip`` (N, C, rows or rows + 1, W) holds the row that follows too, if the picture has one; the
        picture has ``height`` rows.
        """


class BoundObjectiveLike(Protocol):
    """What ``picture_gradient`` needs of a bound objective."""

    @property
    def balance(self) -> str:
        """How its terms share the work: none, layers, terms or octave."""

    @property
    def layers(self) -> tuple[str, ...]:
        """Every layer that is read, each once."""

    @property
    def penalties(self) -> Sequence[PictureTerm]:
        """Its terms that read the picture itself."""

    def groups(self) -> Sequence[Sequence[AnyReading]]:
        """Terms whose gradients may be added at their layers, group by group."""

    def fields(self, height: int, width: int, like: Tensor) -> dict[str, Tensor]:
        """Its masks by name at a size, each (1, 1, H, W), of the kind of ``like``."""
