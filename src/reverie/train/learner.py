"""What is trained: a module with its weights, how it sees pictures, and the file that it becomes."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Final, Protocol

import torch
from torch import Tensor, nn

from reverie.network.positional import LOGITS, Positional, PositionalPlan
from reverie.network.trained import PositionalFacts, pack
from reverie.train.settings import TrainSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reverie.train.pictures import Data, Labelled

#: Channels of the layers of a small network, and what its pictures are normalised with.
WIDTHS: Final = (24, 48, 64)
MEAN, STD = 0.5, 0.25


class Learner(Protocol):
    """A network that can still learn.

    Attributes:
        module: Its weights by name; those that learn ask for a gradient.
    """

    module: nn.Module

    @abstractmethod
    def logits(self, pictures: Tensor) -> Tensor:
        """Scores (N, kinds) of pictures (N, 3, S, S) in [0, 1], differentiable."""

    @abstractmethod
    def packed(self) -> bytes:
        """The file of a network that it is now."""

    def learn(self, part: Labelled, rng: torch.Generator, step: int) -> float | None:
        """Learn from a batch in a way of its own, and say how badly; None where it learns by gradients."""
        return None

    def look_at(self, part: Labelled) -> None:
        """Find out what its answers mean, of pictures that it learnt from, before it is judged."""
        return None

    def facts(self, data: Data) -> list[str]:
        """What else is to be known, as sentences."""
        return []

    def prepare(self, data: Data) -> float | None:
        """Begin as well as it can at once; the cross entropy then, None where it begins with chance."""
        return None


class PositionalLearner(Learner):
    """A small network that keeps positions, from weights drawn at random."""

    def __init__(self, kinds: Sequence[str], settings: TrainSettings) -> None:
        plan = PositionalPlan(settings.size, WIDTHS, len(kinds))
        self.made_of = PositionalFacts(
            classes=tuple(kinds), side=settings.size, widths=WIDTHS, mean=MEAN, std=STD
        )
        self.module = Positional(plan).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        _draw(self.module, torch.Generator().manual_seed(settings.seed))

    def logits(self, pictures: Tensor) -> Tensor:
        """See ``Learner.logits``."""
        found: dict[str, Tensor] = self.module((pictures - MEAN) / STD, [LOGITS])
        return found[LOGITS]

    def packed(self) -> bytes:
        """See ``Learner.packed``."""
        return pack(self.made_of, self.module.state_dict())


def _draw(module: nn.Module, rng: torch.Generator) -> None:
    """Weights as torch draws those of convolutions, but from a generator of our own (He et al. 2015)."""
    with torch.no_grad():
        for part in module.modules():
            if isinstance(part, nn.Conv2d):
                bound = part.weight[0].numel() ** -0.5
                assert part.bias is not None
                for tensor in (part.weight, part.bias):
                    tensor.copy_(bound * (2 * torch.rand(tensor.shape, generator=rng) - 1))
