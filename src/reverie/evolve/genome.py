"""What all encodings of evolving pictures can do: begin, mutate, be shown, be written down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Arrays = dict[str, NDArray[Any]]
G = TypeVar("G")

#: Of polynomial mutation, the paper's; the larger it is, the nearer a child stays to its parent.
ETA = 15.0


@dataclass(frozen=True)
class Brood(Generic[G]):
    """Who has children together, one each.

    Attributes:
        parents: Their genomes.
        rngs: The generator that decides each child.
        generation: The children's; it counts from the start of the run, for rates that fall.
        classes: What each parent was chosen for.
    """

    parents: Sequence[G]
    rngs: Sequence[np.random.Generator]
    generation: int
    classes: Sequence[int]


class Encoding(Protocol[G]):
    """One way of writing a picture down so that it can be inherited. Genomes are values: never changed.

    All chance comes from the generators that are handed in, one for each child, so that neither threads nor
    the size of a batch nor a break in between change what is born.

    Attributes:
        name: As ``make_encoding`` takes it.
        orphans: Whether children owe nothing to their parents (random search).
        cost: Evaluations of the network that one child costs, its judgement included.
    """

    name: ClassVar[str]
    orphans: ClassVar[bool]

    @property
    def cost(self) -> int: ...

    def settings(self) -> dict[str, Any]:
        """What ``make_encoding(name, **settings)`` needs to make this again; numbers and words only."""

    def start(self, rng: np.random.Generator) -> G:
        """A first genome."""

    def mutate(self, genome: G, rng: np.random.Generator, *, generation: int = 0) -> G:
        """A child; ``generation`` counts from the start of the run, for rates that fall."""

    def breed(self, brood: Brood[G]) -> list[G]:
        """A child of each parent."""

    def render(self, genomes: Sequence[G], size: int, *, eight_bit: bool = False) -> Floats:
        """Pictures (N, size, size, 3) in [0, 1], planes contiguous; ``eight_bit`` rounds to whole 255ths."""

    def penalty(self, pictures: Floats) -> NDArray[np.float64] | None:
        """What is taken off the confidences (N,) of pictures (N, H, W, 3); None where nothing is."""

    def encode(self, genome: G) -> dict[str, Any]:
        """The genome as JSON takes it; ``decode`` makes the same pixels of it again."""

    def decode(self, data: Mapping[str, Any]) -> G:
        """The genome that ``encode`` wrote; BadInput says what is wrong with it."""

    def pack(self, genomes: Sequence[G]) -> Arrays:
        """Many genomes as few plain arrays, for checkpoints."""

    def unpack(self, arrays: Mapping[str, NDArray[Any]]) -> list[G]:
        """What ``pack`` packed; BadInput if it did not."""


def child_rng(seed: int, generation: int, index: int) -> np.random.Generator:
    """The generator that decides one child, of its number alone: so that it can be born again."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence((seed, generation, index))))


def polynomial_steps(u: NDArray[np.float64], eta: float = ETA) -> NDArray[np.float64]:
    """Polynomial mutation (Deb & Agrawal 1995; Deb 2001, section 4.3), in its form without bounds.

    Steps in (-1, 1), as a share of the range, of numbers ``u`` uniform in [0, 1); of any shape.

    Their density is (eta + 1) / 2 * (1 - |step|)^eta.
    """
    power = 1 / (eta + 1)
    lower = (2 * np.minimum(u, 0.5)) ** power - 1
    upper = 1 - (2 * (1 - np.maximum(u, 0.5))) ** power
    return np.where(u < 0.5, lower, upper)
