"""Cells that compete: they find what is there, each something, and areas under curves are scikit-learn's."""

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from reverie.train.competitive import (
    Competition,
    Competitors,
    area_under_curve,
    competed,
    newborn,
    of_length_one,
    whitening,
)


def clusters(rng, centres, count, spread):
    """Inputs about some directions, the first of which come ten times as often."""
    odds = np.ones(len(centres))
    odds[0] = 10
    which = rng.choice(len(centres), size=count, p=odds / odds.sum())
    noise = spread * rng.normal(size=(count, centres.shape[1]))
    return of_length_one(torch.tensor(centres[which] + noise, dtype=torch.float32))


@pytest.mark.parametrize("signed", [True, False])
def test_each_cell_finds_a_direction_of_its_own(signed):
    rng = np.random.default_rng(0)
    centres = np.linalg.qr(rng.normal(size=(20, 6)))[0].T
    inputs = clusters(rng, centres, 4000, 0.05)
    if signed:
        inputs = inputs * torch.tensor(rng.choice([-1.0, 1.0], size=(4000, 1)), dtype=torch.float32)
    chance = torch.Generator().manual_seed(0)
    how = Competition(steps=300, batch=200, fairness=0.075, signed=signed)
    cells = competed(inputs, newborn(12, inputs, chance), how, chance).numpy()
    alike = cells @ centres.T
    found = np.abs(alike).max(0) if signed else alike.max(0)
    assert found.min() > 0.95  # the rare ones too


def test_winners_turn_and_others_stay():
    cells = torch.eye(3)
    crowd = Competitors(cells, Competition(rate=0.5, signed=False))
    x = of_length_one(torch.tensor([[1.0, 0.3, 0.0]]))
    answer = crowd.learn(x, 0.0)
    assert answer == pytest.approx(float(x[0, 0]))
    expected = of_length_one(0.48 * cells[:1] + 0.52 * x)
    assert torch.allclose(crowd.cells, torch.cat([expected, cells[1:]]), atol=1e-6)
    assert crowd.gain[0] < 1 < crowd.gain[1]
    assert torch.equal(cells, torch.eye(3))


def test_newborn_cells_are_noise_without_a_mean():
    cells = newborn(50, torch.zeros(1, 30), torch.Generator().manual_seed(0))
    assert torch.allclose(cells.norm(dim=1), torch.ones(50))
    assert cells.mean(1).abs().max() < 1e-6


def test_whitened_they_no_longer_agree():
    rng = np.random.default_rng(0)
    x = torch.tensor(rng.normal(size=(5000, 6)) @ rng.normal(size=(6, 6)), dtype=torch.float32)
    white = (x - x.mean(0)) @ whitening(x, softness=1e-6)
    assert torch.allclose(white.T @ white / len(white), torch.eye(6), atol=1e-3)


def test_the_area_is_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    for scores in (rng.normal(size=200), rng.integers(0, 5, 200), np.zeros(200)):
        positive = rng.random(200) < 0.3
        ours = area_under_curve(torch.tensor(scores, dtype=torch.float32), torch.tensor(positive))
        assert ours == pytest.approx(roc_auc_score(positive, scores))
