"""How far features are from what batch norms remember, and its gradient."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from torch import nn

from reverie.errors import ReverieWarning, UsageError
from reverie.network.batch_norms import Statistics
from reverie.network.wrap import wrap_net
from reverie.network.zoo import load_net
from reverie.objective import channel, parse
from reverie.scoring.bind import bind
from reverie.scoring.feature_statistics import FeatureStatistics, distance


def statistics(channels: int, seed: int = 0) -> Statistics:
    rng = torch.Generator().manual_seed(seed)
    return Statistics("a", torch.randn(channels, generator=rng), torch.rand(channels, generator=rng) + 0.3)


def by_numpy(rows: np.ndarray, natural: Statistics) -> float:
    mean, target = rows.mean(0), natural.mean.double().numpy()
    deviation = natural.deviation.double().numpy()
    terms = ((mean - target) / deviation) ** 2 + (rows.std(0) / deviation - 1) ** 2
    return float(terms.mean())


def test_distance_and_its_gradient() -> None:
    natural = statistics(4)
    rows = torch.randn(11, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    value, slope = distance(rows, natural)
    plain = rows.numpy()
    assert float(value) == pytest.approx(by_numpy(plain, natural), rel=1e-9)
    for place in np.ndindex(*plain.shape):
        up, down = plain.copy(), plain.copy()
        up[place] += 1e-5
        down[place] -= 1e-5
        expected = (by_numpy(up, natural) - by_numpy(down, natural)) / 2e-5
        assert float(slope[place]) == pytest.approx(expected, abs=1e-8)


def test_a_distance_is_least_where_features_are_natural() -> None:
    natural = statistics(5)
    rng = torch.Generator().manual_seed(1)
    drawn = torch.randn(200_000, 5, generator=rng, dtype=torch.float64)
    rows = drawn * natural.deviation + natural.mean
    assert float(distance(rows, natural)[0]) < 1e-4
    assert float(distance(rows + 1, natural)[0]) > 0.5
    dead = torch.zeros(7, 5, dtype=torch.float64)
    assert torch.isfinite(distance(dead, natural)[1]).all()


def test_a_residual_is_taken_off_first() -> None:
    """What a block adds is compared, and its gradient goes to both ends with opposite signs."""
    rng = torch.Generator().manual_seed(5)
    natural = Statistics("b", torch.zeros(3), torch.ones(3), less="a")
    maps = {name: torch.randn(2, 3, 4, 5, generator=rng, dtype=torch.float64) for name in "ab"}
    slopes = {name: torch.zeros_like(tensor) for name, tensor in maps.items()}
    score = FeatureStatistics("unnatural", -2.0, [natural]).add(maps, slopes)
    rows = (maps["b"] - maps["a"]).permute(0, 2, 3, 1).reshape(-1, 3).numpy()
    assert float(score) == pytest.approx(-2 * by_numpy(rows, natural), rel=1e-9)
    assert torch.equal(slopes["a"], -slopes["b"])
    moved = {**maps, "b": maps["b"] + 1e-4 * slopes["b"]}
    again = FeatureStatistics("unnatural", -2.0, [natural]).add(
        moved, {k: v.clone() for k, v in slopes.items()}
    )
    assert float(again) > float(score)


def test_priors_reach_as_deep_as_the_unit() -> None:
    net = load_net("lite0")
    goal = bind(channel("block3b", 1) + parse("-unnatural"), net, portrait=True)
    assert {s.layer for s in goal.priors[0].statistics} == {
        "stem", "block1a", "block2a", "block2b", "block3a", "block3b"
    }  # fmt: skip


def test_dreams_refuse_the_prior_and_networks_without_norms_go_without() -> None:
    net = load_net("lite0")
    with pytest.raises(UsageError, match="only portraits"):
        bind(parse("block3b - unnatural"), net)
    bare = wrap_net(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()).eval())
    with pytest.warns(ReverieWarning, match="no batch norms"):
        goal = bind(parse('layer("0") - unnatural'), bare, portrait=True)
    assert goal.priors == ()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        bind(parse('layer("0")'), bare, portrait=True)
