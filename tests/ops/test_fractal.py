"""Smooth fields and what is made of them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.interpolate import BSpline

from reverie.ops.fractal import fractal, grid_for, lattices, mean_of, offspring, spline_field, to_size
from support import twins


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def splined(lattice: np.ndarray, size: int, axis: int) -> np.ndarray:
    """An axis of a lattice that goes round, through the cubic B-spline of scipy, in float64."""
    basis = BSpline.basis_element(np.arange(-2.0, 3.0), extrapolate=False)
    count = lattice.shape[axis]
    place = (np.arange(size) + 0.5) * count / size - 0.5
    weights = np.zeros((size, count))
    for shift in range(-3 * count - 4, 3 * count + 5):
        weights[:, shift % count] += np.nan_to_num(basis(place - shift))
    return np.moveaxis(np.tensordot(weights, lattice, (1, axis)), 0, axis)


@pytest.mark.parametrize(
    ("cells", "sizes"), [((3, 5), (17, 40)), ((1, 2), (6, 5)), ((2, 3, 4), (7, 12, 9)), ((6,), (6,))]
)
def test_fields_are_cubic_b_splines(cells, sizes):
    lattice = torch.randn(*cells, generator=rng())
    expected = lattice.double().numpy()
    for axis, size in enumerate(sizes):
        expected = splined(expected, size, axis)
    found = spline_field(lattice, sizes)
    np.testing.assert_allclose(found.numpy(), expected, atol=2e-6)
    np.testing.assert_allclose(spline_field(lattice, sizes, rows=slice(2, 5)), expected[2:5], atol=2e-6)


def test_lattices_hold_whole_waves_of_halving_length():
    found = lattices(rng(), (0.2, 1.0, 1.5), 0.25, 3, 200)
    assert [tuple(lattice.shape) for lattice in found] == [(1, 4, 6), (2, 8, 12), (3, 16, 24)]
    assert abs(float(torch.cat([f.flatten() for f in found]).mean())) < 0.1


def test_a_finer_grid_has_more_waves():
    few, many = (lattices(rng(), (1.0, 1.5), 0.25, 6, cells) for cells in (32, 100))
    assert (len(few), len(many)) == (2, 4)
    assert all(map(torch.equal, few, many))
    assert len(lattices(rng(), (1.0, 1.5), 0.25, 6, 1)) == 1


@pytest.mark.parametrize("bulges", [False, True])
def test_fractals_are_sums_of_waves(bulges):
    waves = lattices(rng(), (1.0, 1.0), 0.25, 4, 200)
    found = fractal(waves, (200, 200), 0.6, bulges=bulges)
    assert abs(mean_of(found)) < 1e-6
    fields = [splined(splined(w.double().numpy(), 200, 0), 200, 1) for w in waves]
    expected = sum(0.6**k * (np.abs(field) if bulges else field) for k, field in enumerate(fields))
    np.testing.assert_allclose(found.numpy(), expected - expected.mean(), atol=1e-5)


def test_offspring_leaves_its_parent_alone():
    one, other = rng(3), rng(3)
    first = torch.rand(3, generator=offspring(one))
    torch.rand(1000, generator=offspring(other))
    assert torch.equal(torch.rand(3, generator=one), torch.rand(3, generator=other))
    assert not torch.equal(first, torch.rand(3, generator=offspring(one)))


def test_a_grid_has_the_shape_of_its_picture():
    assert grid_for((640, 480), 10**6) == (480, 640)
    rows, columns = grid_for((6000, 4000), 60_000)
    assert rows * columns <= 61_000
    assert columns / rows == pytest.approx(1.5, abs=0.01)
    assert grid_for((3200, 32), 1000) == (8, 316)


@pytest.mark.parametrize("circular", [False, True])
def test_what_was_drawn_goes_round_at_any_size(circular):
    y, x = torch.meshgrid(torch.arange(24) / 24, torch.arange(36) / 36, indexing="ij")
    wave = 0.5 + 0.2 * torch.sin(2 * torch.pi * x) + 0.2 * torch.cos(2 * torch.pi * y)
    found = to_size(wave.expand(3, -1, -1), (180, 120), 3, rng(), circular=circular)
    pixels = found[0].permute(1, 2, 0).double().numpy()
    for axis in (0, 1) if circular else (1,):
        energies = twins.edge_energies(pixels, axis)
        assert energies[-1] <= np.percentile(energies, 98)
    small = torch.nn.functional.interpolate(found, (24, 36), mode="area")[0, 0]
    assert float((small - wave).abs().max()) < 0.06  # ripples move it by parts of a cell


def test_grey_where_there_are_not_three_channels():
    drawn = torch.rand(3, 10, 12, generator=rng())
    for size in ((12, 10), (60, 50)):
        found = to_size(drawn, size, 5, rng(1), circular=True)
        assert found.shape == (1, 5, size[1], size[0])
        assert torch.equal(found[:, 0], found[:, 4])
        assert found.is_contiguous()
