"""The patches of a vision transformer are seen in no dream."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.patches import added, by_chance, loudness, network, photograph, summary

SIZE = (320, 208)


def test_loudness_tells_a_grid() -> None:
    noise = np.random.default_rng(0).normal(size=(160, 320, 3)).astype("f")
    assert all(0.8 < one < 1.25 for one in loudness(noise, 1))
    assert min(loudness(noise + np.tile(noise[:16, :16], (10, 20, 1)), 1)) > 3


def test_a_grid_is_not_in_what_is_chance() -> None:
    noise = np.random.default_rng(0).normal(size=(160, 640, 3)).astype("f")
    chance = by_chance(noise, 1)
    assert len(chance) > 100
    assert all(0.7 < one < 1.4 for one in chance)
    with_grid = by_chance(noise + np.tile(noise[:16, :16], (10, 40, 1)), 1)
    assert np.abs(np.subtract(with_grid, chance)).max() < 0.05


def test_the_standard_error_is_of_the_mean() -> None:
    assert summary([[1.0, 2.0], [3.0, 2.0]]) == "2.00 ± 1.00, 2.00 ± 0.00"
    assert summary([[1.0]]) == "1.00 ± nan"


@pytest.mark.slow
def test_a_dream_has_no_grid(monkeypatch: pytest.MonkeyPatch) -> None:
    net, photo = network("test_vit"), photograph("chelsea", SIZE)
    assert net.patch == (16, 16)
    without = added(net, "blocks.3", photo, steps=8)
    monkeypatch.setattr("reverie.ascent.session.without_grid", lambda gradient, *_: gradient)
    as_it_comes = added(net, "blocks.3", photo, steps=8)
    for axis in (0, 1):
        assert np.mean(loudness(as_it_comes, axis)) > 2 * np.mean(loudness(without, axis))
        assert np.mean(loudness(without, axis)) < 1.5
