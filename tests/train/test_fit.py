"""Learning: it learns, the worst direction is the worst, the rate has its course, the best round is kept."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from reverie.train import fit
from reverie.train.fit import Round, TrainState, confusion, rate_at, rounds, scores
from reverie.train.make import make_learner
from reverie.train.pictures import find_pictures, read_data
from reverie.train.settings import make_settings
from support.training import QUICK, folder_of_kinds


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = folder_of_kinds(tmp_path_factory.mktemp("kinds") / "p", 16)
    return read_data(find_pictures(folder), None, make_settings(size=16))


def begun(data, **changes):
    settings = make_settings(**{**QUICK, **changes})
    return TrainState.begin(make_learner(data, settings), settings), settings


@pytest.mark.slow
def test_it_learns(data):
    state, settings = begun(data, steps=120)
    assert list(rounds(state, data, settings)) == list(range(1, 121))
    best = state.finish()
    assert best.accuracy > 0.8
    assert len(state.history) == fit.ROUNDS
    assert state.history[-1].loss < 0.7 * state.history[0].loss
    found = scores(state.learner, data.held_out)
    assert float((found.argmax(1) == data.held_out.labels).double().mean()) == best.accuracy


def test_a_step_in_the_worst_direction_is_worse_than_any_other(data):
    state, _ = begun(data)
    x, labels = torch.rand(4, 3, 16, 16), torch.tensor([0, 1, 2, 0])
    moved = fit._moved(state.learner, x, labels, 0.01)
    assert (moved - x).flatten(1).norm(dim=1).numpy() == pytest.approx([0.01] * 4, rel=1e-3)

    def loss(pictures):
        with torch.no_grad():
            return F.cross_entropy(state.learner.logits(pictures), labels, reduction="none")

    for seed in range(10):
        other = torch.randn(x.shape, generator=torch.Generator().manual_seed(seed))
        other *= 0.01 / other.flatten(1).norm(dim=1).view(-1, 1, 1, 1)
        assert (loss(moved) > loss(x + other)).all()


def test_the_rate_rises_and_falls():
    settings = make_settings(steps=100, rate=0.01)
    rates = np.array([rate_at(step, settings) for step in range(100)])
    assert rates.argmax() == 30
    assert rates.max() == pytest.approx(0.01)
    assert (np.diff(rates[:31]) > 0).all()
    assert (np.diff(rates[30:]) < 0).all()
    assert rates[-1] < 0.0001


def test_rare_kinds_are_drawn_more_often_than_they_are_there(data):
    few = data.learnt.of(data.learnt.labels != 0)
    one = data.learnt.of((data.learnt.labels == 0).nonzero()[:1, 0])
    both = fit.Labelled(torch.cat([few.pictures, one.pictures]), torch.cat([few.labels, one.labels]))
    odds = fit._odds(fit.Data(data.kinds, both, data.held_out))
    share = odds[-1] / odds.sum()
    assert 1 / len(both) < share < 1 / 3


def test_confusion_counts_like_numpy():
    labels, found = torch.tensor([0, 0, 1, 2, 2, 2]), torch.eye(3)[[0, 1, 1, 2, 0, 2]]
    twin = np.zeros((3, 3), int)
    np.add.at(twin, (labels.numpy(), found.argmax(1).numpy()), 1)
    assert confusion(found, labels, 3).numpy().tolist() == twin.tolist()


def test_it_ends_early_where_nothing_comes_of_it(data, monkeypatch):
    monkeypatch.setattr(fit, "scores", lambda learner, part: torch.eye(3)[(part.labels + 1) % 3] * 9)
    state, settings = begun(data, steps=200, patience=2, batch=2)
    monkeypatch.setattr(fit, "_better", lambda history, index, before, settings: False)
    assert list(rounds(state, data, settings))[-1] == 30  # the first round, and two in which nothing rose
    assert fit.over(state, settings)


def test_of_equal_rounds_the_last_is_the_best_and_early_ones_are_none(data):
    settings = make_settings(steps=100)
    history = [Round(step, 0, accuracy, 0) for step, accuracy in ((5, 1.0), (45, 0.5), (50, 0.5), (55, 0.4))]
    assert fit._better(history, 1, 0, settings)
    assert fit._better(history, 2, 1, settings)
    assert not fit._better(history, 3, 2, settings)
