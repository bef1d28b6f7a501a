"""Engines side by side: what is compared, and how."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from reverie.jobs.bench.bench import NAIVE, cosine, trial_picture
from reverie.jobs.bench.bench import Measurement as Line
from reverie.jobs.bench.bench import measure as measure_rows
from reverie.jobs.bench.timing import Spread
from support.paths import ROOT


def test_cosine_is_right_for_tiny_gradients():
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, 500))
    right = a @ b / np.linalg.norm(a) / np.linalg.norm(b)
    assert cosine(a * 1e-200, b * 1e-150) == pytest.approx(right, rel=1e-12)
    assert cosine(np.zeros(3), np.ones(3)) == 0.0


def test_the_trial_picture_is_the_same_every_time_and_in_range():
    picture = trial_picture(3, 65, 47)
    assert picture.shape == (1, 3, 47, 65)
    assert 0 <= float(picture.min()) < float(picture.max()) <= 1
    assert torch.equal(picture, trial_picture(3, 65, 47))


@pytest.mark.slow
def test_rows_are_measured_side_by_side(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "src"))
    job = Line(what="", network="lite0", layer="block2a", size=(64, 48), device="cpu", threads=1)
    said = []
    rows = {
        r.name: r for r in measure_rows(job, [NAIVE, "plain", "x"], seconds=1, settings={}, each=said.append)
    }
    assert rows[NAIVE].ratio == Spread(1.0, 1.0, 1.0)
    assert rows[NAIVE].cosine == pytest.approx(1, abs=1e-4)
    assert rows["plain"].cosine == pytest.approx(1, abs=1e-12)
    assert rows["plain"].memory > 1e6
    assert "fp32" in rows["plain"].ran
    assert "x" in rows["x"].failed
    assert len(said) == 3
