"""The sky of light and depth."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from reverie.ascent.sky import BANKS, OPAQUE, SCATTERED, heaped, light_of, lit, puffs_of, sky, sunward
from support import twins
from support.starts import rng


@pytest.mark.slow
def test_it_is_the_same_sky_at_any_size():
    large = sky(rng(4), (300, 200))
    for size in ((120, 80), (210, 140)):
        small = sky(rng(4), size)
        shrunk = F.interpolate(large, (size[1], size[0]), mode="area")
        correlation = np.corrcoef(small.flatten(), shrunk.flatten())[0, 1]
        assert correlation > 0.9
        assert correlation > 0.1 + np.corrcoef(sky(rng(5), size).flatten(), shrunk.flatten())[0, 1]


def test_its_bytes_do_not_depend_on_threads():
    one = sky(rng(2), (90, 60))
    torch.set_num_threads(2)
    try:
        assert torch.equal(one, sky(rng(2), (90, 60)))
    finally:
        torch.set_num_threads(1)


@pytest.mark.slow
def test_it_has_light_and_depth():
    pictures = [sky(rng(seed), (144, 96))[0].numpy() for seed in range(6)]
    assert all(0.12 < p.std() < 0.35 and 0.25 < p.mean() < 0.6 for p in pictures)
    assert all(np.percentile(p.mean(0), 98) > 0.5 and np.percentile(p.mean(0), 2) < 0.3 for p in pictures)
    top = np.stack([p[:, :4].mean((1, 2)) for p in pictures]).mean(0)
    assert top[2] > top[0] + 0.1  # blue above


def test_clouds_go_on_from_the_right_edge_to_the_left_one():
    energies = twins.edge_energies(sky(rng(3), (200, 120))[0].permute(1, 2, 0).double().numpy(), 1)
    assert energies[-1] <= np.percentile(energies, 98)


def marched(density: np.ndarray, toward: tuple[float, float, float]) -> np.ndarray:
    """What lies between each cell and the sun: each step of a row looked up from where the light comes."""
    depth, rows, columns = density.shape
    across, back = toward[0] / toward[1], toward[2] / toward[1]
    total = np.zeros(density.shape)

    def above(z: int, y: int, x: int) -> float:
        if z < 0 or y < 0:
            return 0.0
        return total[z, y, x % columns] + density[z, y, x % columns] / toward[1]

    for y in range(rows):
        for z in range(depth):
            for x in range(columns):
                left, share = math.floor(x + across), x + across - math.floor(x + across)
                for near, weight in ((0, 1 - back), (1, back)):
                    pair = above(z - near, y - 1, left), above(z - near, y - 1, left + 1)
                    total[z, y, x] += weight * ((1 - share) * pair[0] + share * pair[1])
    return total


@pytest.mark.parametrize("across", [0.2, 0.8])
def test_light_is_followed_through_clouds(across):
    density = torch.rand(4, 9, 7, generator=rng())
    light = light_of(0.6, across)
    before = marched(density.double().numpy(), light.toward)
    np.testing.assert_allclose(sunward(density, light.toward).numpy(), before, rtol=1e-5, atol=1e-6)
    colour, through = lit(density, light)
    expected, seen = np.zeros((3, 9, 7)), np.ones((9, 7))
    for z in range(4):
        cell = density[z].double().numpy()
        hidden = seen * (1 - np.exp(-OPAQUE * cell))
        sun = sum(share * np.exp(-rate * before[z]) for share, rate in SCATTERED)
        above = np.cumsum(cell, 0) - cell
        shade = 0.25 + 0.75 * np.exp(-0.1 * above)
        for k in range(3):
            expected[k] += hidden * (light.direct[k] * sun + light.shade[k] * shade)
        seen = seen - hidden
    np.testing.assert_allclose(colour.numpy(), expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(through.numpy(), seen, rtol=1e-4, atol=1e-6)


def test_evening_is_warm_and_noon_is_white():
    evening, noon = light_of(0.0, 0.3), light_of(1.0, 0.3)
    assert evening.direct[0] > 2 * evening.direct[2]
    assert noon.direct[0] < 1.5 * noon.direct[2]
    assert evening.sun[1] > noon.sun[1]  # lower
    assert all(math.hypot(*light.toward) == pytest.approx(1) for light in (evening, noon))
    assert evening.toward[0] < 0 < light_of(0.0, 0.7).toward[0]


def test_puffs_melt_into_each_other():
    extent, cells = (0.2, 1.0, 1.5), (24, 120, 180)
    one = heaped([(0.75, 0.5, 0.1, 0.2)], extent, cells)
    assert float(one[12, 60, 90]) == pytest.approx(0.85, abs=0.15)
    across = one[12, 60] > 0
    assert int(across.sum()) == pytest.approx(0.95 * 2 * 0.2 * 120, abs=8)
    assert torch.allclose(one[:, :, :90], one[:, :, 90:].flip(2), atol=1e-4)
    two = heaped([(0.75, 0.5, 0.1, 0.2), (1.45, 0.5, 0.1, 0.2)], extent, cells)
    assert bool((two >= one - 1e-5).all())
    assert float(two[12, 60, 2]) > 0  # round the edge
    assert float(one[0].max()) < 0  # nothing is cut off in front


def test_one_tower_is_the_tallest_of_its_bank():
    for seed in range(5):
        puffs = puffs_of(BANKS[-1], rng(seed), (0.25, 1.0, 3.0))
        assert len(puffs) % 9 == 0
        tops = sorted(min(p[1] for p in puffs[k : k + 9]) for k in range(0, len(puffs), 9))
        assert tops[0] < 0.45
