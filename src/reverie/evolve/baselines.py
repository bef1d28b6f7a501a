"""What evolution is compared with: genomes without parents, and pictures that climb the gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from reverie.errors import UsageError
from reverie.evolve.cppn import Cppn, CppnGraph
from reverie.evolve.direct import Direct, Genes
from reverie.evolve.genome import Brood

#: A random graph has been through up to so many mutations that nobody judged.
MOST_MUTATIONS = 20
#: Pictures (N, C, H, W) and classes (N,) to the gradient of each one's log confidence, (N, C, H, W).
Climb = Callable[[Tensor, Tensor], Tensor]


class RandomSearch(Cppn):
    """Every child is a graph of its own, as large as evolution makes them; nothing found is built upon."""

    name: ClassVar[str] = "random"
    orphans: ClassVar[bool] = True

    def start(self, rng: np.random.Generator) -> CppnGraph:
        """A first graph, mutated up to ``MOST_MUTATIONS`` times."""
        graph = super().start(rng)
        return self.mutated(graph, rng, int(rng.random() * MOST_MUTATIONS))

    def mutate(self, genome: CppnGraph, rng: np.random.Generator, *, generation: int = 0) -> CppnGraph:
        """Another graph, whatever the parent."""
        return self.start(rng)


class GradientFooling(Direct):
    """Pixels from uniform noise, whose children climb some steps towards the class that their parent holds.

    Each step goes along the gradient (Nguyen, Yosinski & Clune 2015, section 3.5); how far is drawn for each
    child, so that one which found nothing is not born twice.

    Args:
        climb: Gives the gradients; without it genomes can only be read and shown.
        side: Of the pictures.
        channels: Of the pictures.
        steps: Of ascent for one child.
        step: Root mean square of a step; drawn from a quarter to four times as much.
    """

    name: ClassVar[str] = "gradient"

    def __init__(
        self,
        *,
        climb: Climb | None = None,
        side: int = 224,
        channels: int = 3,
        steps: int = 10,
        step: float = 0.005,
    ) -> None:
        super().__init__(side=side, channels=channels)
        if not 1 <= steps <= 1000:
            raise UsageError(f"steps {steps}: must be 1 to 1000")
        if not 0 < step <= 1:
            raise UsageError(f"step {step}: must be more than 0 and at most 1")
        self.climb, self.steps, self.step = climb, steps, float(step)

    @property
    def cost(self) -> int:
        """The steps, and the judgement."""
        return 1 + self.steps

    def settings(self) -> dict[str, Any]:
        """See ``Encoding.settings``."""
        return {**super().settings(), "steps": self.steps, "step": self.step}

    def mutate(self, genome: Genes, rng: np.random.Generator, *, generation: int = 0) -> Genes:
        """Not without a class: ``breed`` is told the parents'."""
        raise TypeError("gradient fooling breeds towards a class; call breed")

    def breed(self, brood: Brood[Genes]) -> list[Genes]:
        """See ``Encoding.breed``."""
        if self.climb is None:
            raise UsageError("encoding gradient: needs a network's gradient; give it climb")
        pictures = torch.from_numpy(np.stack(brood.parents)).float().div_(255)
        classes = torch.tensor(list(brood.classes), dtype=torch.long)
        drawn = torch.tensor([self.step * 4 ** (2 * rng.random() - 1) for rng in brood.rngs]).view(
            -1, 1, 1, 1
        )
        for _ in range(self.steps):
            gradient = self.climb(pictures, classes)
            rms = gradient.square().mean((1, 2, 3), keepdim=True).sqrt().clamp_min(1e-20)
            pictures = (pictures + drawn * gradient / rms).clamp_(0, 1)
        return list(pictures.mul_(255).round_().to(torch.uint8).numpy())
