"""Noise that has light and depth."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from reverie.ascent.folds import STEEP, folds, lamp_on
from support import twins
from support.starts import rng


def test_it_is_the_same_at_any_size():
    large = folds(rng(4), (960, 640))
    for size in ((180, 120), (480, 320)):
        shrunk = F.interpolate(large, (size[1], size[0]), mode="area")
        assert np.corrcoef(folds(rng(4), size).flatten(), shrunk.flatten())[0, 1] > 0.9


def test_it_has_deep_colours_light_and_shade():
    for seed in range(6):
        picture = folds(rng(seed), (240, 160))[0].numpy()
        bright = picture.mean(0)
        assert np.percentile(bright, 98) - np.percentile(bright, 2) > 0.2
        assert (picture.max(0) - picture.min(0)).mean() > 0.15
        assert 0.2 < bright.mean() < 0.6


@pytest.mark.parametrize("axis", [0, 1])
def test_opposite_edges_meet(axis):
    energies = twins.edge_energies(folds(rng(2), (200, 120))[0].permute(1, 2, 0).double().numpy(), axis)
    assert energies[-1] <= np.percentile(energies, 98)


@pytest.mark.parametrize("turn", [0.0, 0.3, 0.9])
def test_the_lamp_is_lamberts(turn):
    heights = torch.randn(12, 15, generator=rng())
    plane = heights.double().numpy()
    right = STEEP * 6 * (np.roll(plane, -1, 1) - np.roll(plane, 1, 1))
    down = STEEP * 6 * (np.roll(plane, -1, 0) - np.roll(plane, 1, 0))
    normal = np.stack([-right, -down, np.ones_like(plane)])
    normal /= np.linalg.norm(normal, axis=0)
    lamp = np.array([np.cos(np.pi * turn), -np.sin(np.pi * turn), 1.0]) / np.sqrt(2)
    expected = np.clip(np.tensordot(lamp, normal, 1), 0, 1.4)
    np.testing.assert_allclose(lamp_on(heights, turn).numpy(), expected, atol=1e-5)
