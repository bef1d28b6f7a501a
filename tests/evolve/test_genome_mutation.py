"""Polynomial mutation against its formula."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reverie.evolve.direct import CHANCES, _steps
from reverie.evolve.genome import ETA, polynomial_steps


def cumulative(step: np.ndarray, eta: float) -> np.ndarray:
    """P(X <= step) of the density (eta + 1) / 2 * (1 - |x|)^eta, integrated by hand."""
    half = 0.5 * (1 - np.abs(step)) ** (eta + 1)
    return np.where(step < 0, half, 1 - half)


@pytest.mark.parametrize("eta", [1.0, ETA, 20.0])
def test_the_distribution_is_the_formula(eta: float) -> None:
    u = np.random.default_rng(0).random(200_000)
    steps = np.sort(polynomial_steps(u, eta))
    empirical = (np.arange(len(steps)) + 0.5) / len(steps)
    # Kolmogorov and Smirnov: 1.95 / sqrt(n) is passed once in a thousand times.
    assert np.abs(empirical - cumulative(steps, eta)).max() < 1.95 / np.sqrt(len(steps))


def test_the_mean_length_is_one_in_eta_and_two() -> None:
    u = (np.arange(1_000_000) + 0.5) / 1_000_000
    assert np.abs(polynomial_steps(u)).mean() == pytest.approx(1 / (ETA + 2), rel=1e-5)


@given(st.integers(1, 2**30 - 1))
def test_steps_stay_within_the_range_and_are_odd(chance: int) -> None:
    u = chance / 2**30
    step = polynomial_steps(np.array([u, 1 - u]))
    assert -1 <= step[0] <= 1
    assert step[0] == pytest.approx(-step[1], abs=1e-12)


def test_the_table_of_genes_has_the_same_distribution() -> None:
    steps = _steps()
    assert len(steps) == CHANCES
    for limit in (-120, -40, -10, 0, 10, 40, 120):
        wanted = cumulative(np.array((limit + 0.5) / 255), ETA)
        assert (steps <= limit).mean() == pytest.approx(wanted, abs=2 / CHANCES)
