"""What is done to pixels after a step, against NumPy and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from reverie.portrait.projections import (
    Projections,
    decayed,
    onto_sphere,
    without_small_contributions,
    without_small_norms,
)
from support.canvases import canvas


def planes(count: int = 2, height: int = 13, width: int = 17, *, seed: int = 0) -> torch.Tensor:
    rng = torch.Generator().manual_seed(seed)
    return torch.rand(count, 3, height, width, generator=rng, dtype=torch.float64) - 0.5


class Shown:
    """A canvas that is a picture."""

    def __init__(self, picture: torch.Tensor) -> None:
        self.shown = picture
        self.fits = 0

    def picture(self) -> torch.Tensor:
        return self.shown

    def fit(self, picture: torch.Tensor) -> None:
        self.shown = picture
        self.fits += 1


def test_decay():
    x = planes()
    assert torch.equal(decayed(x, 0.25), x * 0.75)


@pytest.mark.slow
@given(st.integers(0, 1000), st.floats(0, 100), st.integers(1, 40), st.integers(1, 40))
def test_as_many_pixels_go_as_the_percentile_says(seed, percentile, height, width):
    x, g = planes(2, height, width, seed=seed), planes(2, height, width, seed=seed + 1)
    for done in (without_small_norms(x, percentile), without_small_contributions(x, g, percentile)):
        gone = (done == 0).all(1)
        for item in gone:
            assert abs(float(item.double().mean()) * 100 - percentile) <= 50 / item.numel() + 1e-9
        assert torch.equal(done[~gone[:, None].expand_as(x)], x[~gone[:, None].expand_as(x)])


def test_it_is_the_least_that_goes():
    x, g = planes(), planes(seed=5)
    for done, worth in (
        (without_small_norms(x, 30), np.linalg.norm(x.numpy(), axis=1)),
        (without_small_contributions(x, g, 30), np.abs((-x * g).numpy().sum(1))),
    ):
        gone = (done == 0).all(1).numpy()
        for item in range(2):
            assert worth[item][gone[item]].max() <= worth[item][~gone[item]].min()
            near = np.percentile(worth[item], 30)
            assert gone[item].mean() == pytest.approx((worth[item] < near).mean(), abs=0.01)


@pytest.mark.parametrize("percentile", [20, 50, 90])
def test_ties_do_not_spoil_the_count(percentile):
    """Half of the pixels are grey already, and the others all alike: still the wanted share goes, no more."""
    x = torch.zeros(2, 3, 20, 20, dtype=torch.float64)
    x[:, :, :, ::2] = 0.25
    gone = (without_small_norms(x, percentile) == 0).all(1).double().mean((1, 2)) * 100
    assert gone.tolist() == pytest.approx([max(50, percentile)] * 2, abs=2)
    even = torch.full((1, 3, 20, 20), 0.25)
    gone = (without_small_norms(even, percentile) == 0).all(1).double().mean() * 100
    assert float(gone) == pytest.approx(percentile, abs=2)


@pytest.mark.slow
@given(st.integers(0, 1000), st.floats(0.5, 12))
def test_the_norm_is_held_and_so_is_the_range(seed, norm):
    """Erhan's constraint to 1e-4, also in float32 and where values have to be clipped."""
    x = 3 * planes(2, 9, 11, seed=seed).float()
    held = onto_sphere(x, norm)
    most = 0.5 * (3 * 9 * 11) ** 0.5  # every value at its end: 8.6
    for item in held:
        assert float(item.norm()) == pytest.approx(min(norm, most), rel=1e-4)
    assert float(held.abs().max()) <= 0.5
    assert torch.equal(held.sign(), x.sign())


def test_a_norm_with_room_is_plain_scaling():
    x = planes()
    for item, own in zip(onto_sphere(x, 1.0), x, strict=True):
        torch.testing.assert_close(item, own / own.norm(), rtol=1e-12, atol=0)
    assert torch.equal(onto_sphere(torch.zeros(1, 3, 4, 4), 2.0), torch.zeros(1, 3, 4, 4))


def test_the_order_is_the_papers():
    """Decay, blur, small norms, small contributions (Yosinski et al. 2015)."""
    x, g = planes(), planes(seed=3)
    wanted = gaussian_filter(x.numpy() * 0.7, (0, 0, 0.8, 0.8))
    for percentile, worth in (
        (20, lambda: np.linalg.norm(wanted, axis=1)),
        (40, lambda: np.abs((-wanted * g.numpy()).sum(1))),
    ):
        of = worth()
        for item in range(2):
            ranks = of[item].argsort(axis=None, kind="stable").argsort().reshape(of[item].shape)
            wanted[item][:, ranks < round(percentile / 100 * ranks.size)] = 0
    found = Projections(decay=0.3, blur=0.8, small_norm=20, small_contribution=40).of(x, g)
    np.testing.assert_allclose(found.numpy(), wanted, atol=1e-12)


def test_on_a_canvas_it_works_about_grey():
    canvas = Shown(planes() + 0.5)
    before = canvas.shown.clone()
    Projections().apply(canvas, before)
    assert canvas.fits == 0
    Projections(decay=0.5).apply(canvas, before)
    torch.testing.assert_close(canvas.shown, 0.25 + before / 2)
    assert not canvas.shown.requires_grad


def test_an_item_is_in_a_batch_what_it_is_alone():
    x, g = planes(3).float(), planes(3, seed=9).float()
    every = Projections(decay=0.01, blur=0.9, small_norm=20, small_contribution=33, norm=4.0)
    together = every.of(x, g)
    for i in range(3):
        alone = every.of(x[i : i + 1].clone(), g[i : i + 1].clone())
        assert alone.numpy().tobytes() == together[i].numpy().tobytes()


def test_pixels_that_go_are_grey_to_the_last_bit():
    """On a real canvas, as portraits use it: the zeroed share is the percentile's."""
    pixels = canvas("pixels", (40, 30), seeds=(0, 1), squash="clip", spread=0.1)
    gradient = planes(2, 30, 40).float()
    for fields in ({"small_norm": 50}, {"small_contribution": 90}):
        Projections(**fields).apply(pixels, gradient)
        (percentile,) = fields.values()
        grey = (pixels.picture() == 0.5).all(1).double().mean((1, 2)) * 100
        assert grey.tolist() == pytest.approx([percentile] * 2, abs=0.1)
    Projections(norm=7.0).apply(pixels, gradient)
    for item in pixels.picture().detach() - 0.5:
        assert float(item.norm()) == pytest.approx(7.0, rel=1e-4)
