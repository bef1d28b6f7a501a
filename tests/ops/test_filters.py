"""Filters against NumPy, and what they promise."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from reverie.ops import filters as smooth
from support import twins


def plane(height: int, width: int, *, seed: int = 0) -> torch.Tensor:
    rng = torch.Generator().manual_seed(seed)
    return torch.randn(1, 3, height, width, generator=rng, dtype=torch.float64)


SIZES = [(64, 96), (57, 83), (32, 47)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("sigma", [0.7, 2.5])
def test_three_gaussians(size, sigma):
    x = plane(*size)
    np.testing.assert_allclose(
        smooth.gaussian_cascade(x, sigma)[0], twins.three_gaussians(x[0].numpy(), sigma), atol=1e-12
    )


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("levels", "tilt"), [(1, 0.0), (4, 0.0), (5, 0.3), (12, -0.5)])
def test_laplacian(size, levels, tilt):
    x = plane(*size)
    np.testing.assert_allclose(
        smooth.laplacian_normalised(x, levels=levels, tilt=tilt)[0],
        twins.laplacian_normalised(x[0].numpy(), levels, tilt),
        atol=1e-10,
    )


def test_laplacian_gives_every_band_its_weight():
    """Noise a hundred times stronger at one scale than at another comes out even."""
    fine, coarse = plane(64, 64), twins.bilinear(plane(8, 8, seed=1)[0].numpy(), 64, 64)
    x = 100 * fine + torch.from_numpy(coarse)[None]
    flat = smooth.laplacian_normalised(x, levels=4)
    sizes = [twins.rms(b) for b in twins.laplacian_bands(flat[0].numpy(), 4)]
    assert max(sizes) / min(sizes) < 3
    before = [twins.rms(b) for b in twins.laplacian_bands(x[0].numpy(), 4)]
    assert max(before) / min(before) > 5


def test_laplacian_of_nothing_is_nothing():
    assert not smooth.laplacian_normalised(torch.zeros(1, 3, 40, 40)).any()
    assert not smooth.laplacian_normalised(torch.full((1, 3, 4, 4), 2.0)).any()


@pytest.mark.parametrize("size", [(64, 96), (40, 80)])
def test_circular_filters_know_no_edge(size):
    """On a plane that repeats, shifting before is shifting after."""
    x = plane(*size)
    shift = (16, 32)
    filters = [
        lambda g: smooth.gaussian_cascade(g, 2.0, circular=True),
        lambda g: smooth.laplacian_normalised(g, levels=3, circular=True),
        lambda g: smooth.low_pass(g, 1.5, circular=True),
    ]
    for apply in filters:
        after = torch.roll(apply(x), shift, (2, 3))
        torch.testing.assert_close(apply(torch.roll(x, shift, (2, 3))), after, rtol=0, atol=1e-10)


@pytest.mark.parametrize("target", [(20, 31), (96, 130), (33, 90), (57, 83)])
def test_resize(target):
    x = plane(57, 83)
    np.testing.assert_allclose(smooth.resize(x, *target)[0], twins.bicubic(x[0].numpy(), *target), atol=1e-7)
    np.testing.assert_allclose(
        smooth.resize(x, *target, plain=True)[0], twins.bilinear(x[0].numpy(), *target), atol=1e-10
    )


def test_circular_enlargement_repeats():
    x = plane(12, 20)
    large = smooth.enlarge(torch.cat([x, x], 3), 36, 120, circular=True)
    torch.testing.assert_close(large[..., :60], large[..., 60:], rtol=0, atol=1e-12)
    torch.testing.assert_close(large[..., :60], smooth.enlarge(x, 36, 60, circular=True), rtol=0, atol=1e-12)


@pytest.mark.parametrize("circular", [False, True])
@pytest.mark.parametrize("sigma", [0.8, 3.0, 11.0])
def test_low_pass_keeps_the_mean_and_takes_the_rest(sigma, circular):
    x = plane(160, 200) + 3
    low = smooth.low_pass(x, sigma, circular=circular)
    assert low.shape == x.shape
    assert float(low.mean()) == pytest.approx(float(x.mean()), abs=0.03)
    # White noise of deviation 1 keeps 1 / (2 sqrt(pi) sigma) of it.
    assert float(low.std()) == pytest.approx(1 / (2 * np.sqrt(np.pi) * sigma), rel=0.25)
    flat = torch.full((1, 3, 50, 70), 0.25)
    torch.testing.assert_close(smooth.low_pass(flat, sigma, circular=circular), flat)


@pytest.mark.parametrize("size", [(64, 97), (51, 40)])
def test_the_periodic_component(size):
    photo = twins.photo("coffee", *size)
    found = smooth.periodic(photo)
    assert float((found - photo).square().mean().sqrt()) < float(photo.std()) / 2
    assert float(found.mean()) == pytest.approx(float(photo.mean()), abs=1e-4)
    for axis in (0, 1):
        energies = twins.edge_energies(found[0].permute(1, 2, 0).double().numpy(), axis)
        assert energies[-1] <= np.percentile(energies, 95)
    # Moisan 2011: what is taken off has no Laplacian inside, only along the edges.
    gone = (photo - found)[0].double().numpy()
    inner = sum(np.roll(gone, s, a) for s in (1, -1) for a in (1, 2)) - 4 * gone
    assert np.abs(inner[:, 1:-1, 1:-1]).max() < 1e-5
    assert np.abs(inner[:, 0]).max() > 1e-3
    again = smooth.periodic(torch.roll(found, (7, 9), (2, 3)))
    assert float((again - torch.roll(found, (7, 9), (2, 3))).square().mean().sqrt()) < 0.1
