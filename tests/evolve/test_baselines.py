"""Random search and gradients, for comparison."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from reverie.errors import UsageError
from reverie.evolve.baselines import GradientFooling, RandomSearch
from reverie.evolve.genome import Brood, child_rng


def test_random_search_owes_nothing_to_parents() -> None:
    search = RandomSearch()
    first, second = (search.start(child_rng(0, 0, i)) for i in range(2))
    for i in range(5):
        assert search.mutate(first, child_rng(0, 1, i)) == search.mutate(second, child_rng(0, 1, i))
    sizes = {len(search.start(child_rng(1, 0, i)).functions) for i in range(60)}
    assert min(sizes) == 3
    assert max(sizes) > 10


def test_gradient_fooling_climbs_towards_the_parents_class() -> None:
    """The gradient of a score that wants class 0 dark and class 1 bright."""

    def climb(pictures: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
        return torch.ones_like(pictures) * (2.0 * classes - 1).view(-1, 1, 1, 1)

    encoding = GradientFooling(climb=climb, side=8, steps=4, step=0.05)
    parent = np.full((3, 8, 8), 128, np.uint8)
    rngs = [child_rng(0, 1, i) for i in range(2)]
    dark, bright = encoding.breed(Brood([parent, parent], rngs, 1, [0, 1]))
    for i, (child, way) in enumerate(((dark, -1), (bright, 1))):
        length = 4 * 0.05 * 4 ** (2 * child_rng(0, 1, i).random() - 1)
        assert np.abs(child / 255.0 - np.clip(128 / 255 + way * length, 0, 1)).max() < 0.51 / 255
    assert encoding.cost == 5
    with pytest.raises(UsageError, match="climb"):
        GradientFooling(side=8).breed(Brood([parent], rngs[:1], 1, [0]))
