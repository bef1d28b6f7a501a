"""What is read from portraits: cosines, neighbours, weights."""

import numpy as np
import pytest
from torch import nn

from reverie.jobs.microscope.readings import FEWEST, alike, correlations, nearest, weights_of
from reverie.network.wrap import wrap_net
from reverie.network.zoo import load_net


def test_cosines_and_correlations_against_numpy():
    rng = np.random.default_rng(0)
    table = rng.normal(size=(FEWEST + 3, 5)).astype(np.float32)
    assert np.allclose(correlations(table), np.corrcoef(table.T), atol=1e-6)
    assert correlations(table[: FEWEST - 1]) is None
    rows = rng.normal(size=(4, 6))
    rows[1] = 0
    found = alike(rows, centre=False)
    assert found[0, 2] == pytest.approx(rows[0] @ rows[2] / np.linalg.norm(rows[0]) / np.linalg.norm(rows[2]))
    assert not found[1].any()
    assert np.isfinite(alike(np.ones((3, 4)), centre=True)).all()


def test_nearest_is_stable_and_leaves_out_what_is_not_alike():
    row = np.array([0.5, 0.9, -0.1, 0.9, 0.0])
    assert nearest(row, 3) == [(1, 0.9), (3, 0.9), (0, 0.5)]
    assert nearest(row, 9, without=1) == [(3, 0.9), (0, 0.5)]
    assert nearest(row, 9, least=0.5) == [(1, 0.9), (3, 0.9)]


def test_weights_of_layers_with_and_without():
    net = load_net("lite0")
    assert weights_of(net, "block5c").shape == (112, 672)
    assert weights_of(net, "head").shape[0] == 1280
    assert weights_of(net, "logits").shape == (1000, 1280)
    other = wrap_net(nn.Sequential(nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6), nn.ReLU(), nn.Flatten(2)))
    assert weights_of(other, "0").shape == (6, 27)
    assert weights_of(other, "1") is None
    assert weights_of(other, "2") is None
