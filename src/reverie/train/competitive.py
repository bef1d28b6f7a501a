"""Cells that compete for pictures, and learn without labels: spherical k-means with a conscience.

Coates & Ng 2012, "Learning feature representations with k-means", with a gain for each cell that rises
while it wins less often than others, as real cells keep their firing rates (DeSieno 1988; Turrigiano 2008):
so every cell finds something to do. Each step the winners turn a little towards the mean of what they won.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

#: The least that a winner turns, however late.
LEAST: Final = 0.02


@dataclass(frozen=True)
class Competition:
    """How cells compete.

    Attributes:
        steps: How many batches they compete for.
        batch: Inputs of each.
        rate: How far a winner turns at first, 0 to 1; it falls to ``LEAST``.
        fairness: How fast the gain of a cell rises that wins too little.
        signed: Whether a cell wins by its negative answer too, as cells come in pairs of on and off.
    """

    steps: int = 250
    batch: int = 1000
    rate: float = 0.25
    fairness: float = 0.075
    signed: bool = True


def of_length_one(x: Tensor) -> Tensor:
    """Rows (N, D) divided by their lengths."""
    unit: Tensor = x / x.norm(dim=1, keepdim=True).clamp_min(1e-12)
    return unit


def newborn(cells: int, like: Tensor, rng: torch.Generator) -> Tensor:
    """Cells (K, D) before they have seen anything: noise without a mean, of length 1."""
    noise = torch.randn(cells, like.shape[1], generator=rng)
    return of_length_one(noise - noise.mean(1, keepdim=True))


class Competitors:
    """Cells (K, D) of length 1, and the gain of each."""

    def __init__(self, cells: Tensor, how: Competition, gain: Tensor | None = None) -> None:
        self.cells, self.how = cells.clone(), how
        self.gain = torch.ones(len(cells)) if gain is None else gain.clone()

    def learn(self, x: Tensor, way: float) -> float:
        """Compete for a batch.

        Args:
            x: (batch, D), of length 1 each.
            way: How much of all steps is done, 0 to 1.

        Returns:
            How much winners answer on the mean, 0 to 1.
        """
        answers = x @ self.cells.T  # (batch, K)
        strength = answers.abs() if self.how.signed else answers
        winner = (strength * self.gain).argmax(1)
        won = torch.zeros_like(answers)
        won.scatter_(1, winner[:, None], answers.gather(1, winner[:, None]))
        pull = won.T @ x  # (K, D)
        used = (pull.norm(dim=1, keepdim=True) > 0).float() * (self.how.rate * (1 - way) + LEAST)
        self.cells = of_length_one((1 - used) * self.cells + used * of_length_one(pull))
        count = len(self.cells)
        share = torch.bincount(winner, minlength=count) / len(x)
        gain = self.gain * torch.exp(self.how.fairness * (1 - count * share))
        self.gain = gain / gain.mean()
        return float(strength.gather(1, winner[:, None]).mean())


def competed(inputs: Tensor, cells: Tensor, how: Competition, rng: torch.Generator) -> Tensor:
    """The cells after all steps.

    Args:
        inputs: (N, D), of length 1 each.
        cells: (K, D) to begin with, of length 1.
        how: Steps, batches, rates.
        rng: Which inputs come when.
    """
    found = Competitors(cells, how)
    for step in range(how.steps):
        found.learn(inputs[torch.randint(len(inputs), (how.batch,), generator=rng)], step / how.steps)
    return found.cells


def whitening(patches: Tensor, *, softness: float) -> Tensor:
    """A symmetric matrix (D, D) after which neighbouring pixels of patches no longer agree by themselves.

    Args:
        patches: (N, D).
        softness: Added to each variance: directions that hardly vary are not blown up.
    """
    centred = patches - patches.mean(0)
    variance, axes = torch.linalg.eigh(centred.T @ centred / len(patches))
    matrix: Tensor = (axes / (variance.clamp_min(0) + softness).sqrt()) @ axes.T
    return matrix


def area_under_curve(scores: Tensor, positive: Tensor) -> float:
    """How often one of the positive has a higher score than one of the others, ties counting half.

    Args:
        scores: (N,).
        positive: (N,) bool.
    """
    of, others = scores[positive].contiguous(), scores[~positive].sort().values
    below = torch.searchsorted(others, of) + torch.searchsorted(others, of, right=True)
    return float(below.double().mean()) / (2 * max(1, len(others)))
