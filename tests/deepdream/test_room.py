"""Room to black and white against NumPy and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter1d

from reverie.deepdream.room import with_room
from support import twins


def planes(channels: int, height: int, width: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """A detail and a base."""
    rng = torch.Generator().manual_seed(seed)
    shape = (1, channels, height, width)
    detail = 0.5 * torch.randn(shape, generator=rng, dtype=torch.float64)
    return detail, torch.rand(shape, generator=rng, dtype=torch.float64)


def large_of(x: twins.Array, circular: bool, radius: int | None = None) -> twins.Array:
    """The mean of the channels, blurred by a 48th of the short side."""
    bright = x.mean(0)
    sigma = max(1.0, min(bright.shape) / 48)
    radius = radius or int(np.ceil(3 * sigma))
    for axis in (0, 1):
        bright = gaussian_filter1d(bright, sigma, axis, mode="wrap" if circular else "mirror", radius=radius)
    return bright


def roomy(detail: twins.Array, base: twins.Array, share: float, circular: bool) -> twins.Array:
    ground, large = large_of(base, circular), large_of(detail, circular)
    room = np.maximum(np.where(large > 0, 1 - ground, ground), 0.03) * share
    return detail - large + room * np.tanh(large / room)


@settings(max_examples=30)
@given(
    size=st.tuples(st.integers(12, 150), st.integers(12, 190)),
    channels=st.integers(1, 4),
    share=st.floats(0.1, 2),
    circular=st.booleans(),
    seed=st.integers(0, 99),
)
def test_it_is_numpys(size, channels, share, circular, seed):
    detail, base = planes(channels, *size, seed)
    found = with_room(detail, base, share, circular=circular)
    expected = roomy(detail[0].numpy(), base[0].numpy(), share, circular)
    # Taps end a little later or earlier.
    np.testing.assert_allclose(found[0].numpy(), expected, atol=5e-3)


@pytest.mark.parametrize("circular", [False, True])
def test_a_large_picture_is_done_on_a_smaller_copy(circular):
    """Nearly the same: blurs of over four pixels take such a copy."""
    detail, base = planes(3, 336, 400, 1)
    smooth = torch.nn.functional.interpolate(detail[..., :20, :24], (336, 400), mode="bicubic")
    found = with_room(smooth, base, 0.7, circular=circular)
    expected = roomy(smooth[0].numpy(), base[0].numpy(), 0.7, circular)
    assert twins.rms(found[0].numpy() - expected) < 0.06 * twins.rms(smooth[0].numpy() - expected)


@pytest.mark.parametrize("circular", [False, True])
@pytest.mark.parametrize("size", [(48, 70), (336, 400)])
def test_that_of_a_moving_picture_is_the_same_but_for_what_is_between_pixels(size, circular):
    rng = torch.Generator().manual_seed(2)
    detail, base = (
        torch.nn.functional.interpolate(torch.rand(1, 3, 6, 8, generator=rng), size, mode="bicubic")
        for _ in "ab"
    )
    detail, base = 2 * detail - 1, base.clamp(0, 1)
    expected = with_room(detail, base, 0.7, circular=circular)
    change = twins.rms((expected - detail).numpy())
    found = with_room(detail.clone(), base, 0.7, circular=circular, moving=True)
    assert twins.rms((found - expected).numpy()) < 0.05 * change


def test_large_changes_end_before_black_and_white():
    """A plane of one grey, moved by far too much, takes its share of the room and no more."""
    base = torch.full((1, 3, 40, 60), 0.8)
    for change, most in ((5.0, 0.7 * 0.2), (-5.0, -0.7 * 0.8), (1e-3, 1e-3), (0.0, 0.0)):
        moved = with_room(torch.full((1, 3, 40, 60), change), base, 0.7)
        torch.testing.assert_close(moved, torch.full_like(moved, most), rtol=1e-3, atol=1e-6)
    white = with_room(torch.full((1, 3, 40, 60), 0.5), torch.ones(1, 3, 40, 60), 0.5)
    torch.testing.assert_close(white, torch.full_like(white, 0.5 * 0.03), rtol=1e-3, atol=1e-6)


def test_fine_changes_and_colours_stay():
    """What a blur leaves nothing of is not touched, nor is what differs between channels."""
    checks = (torch.arange(48)[:, None] + torch.arange(64)).remainder(2).mul(2.0).sub(1).expand(1, 3, 48, 64)
    torch.testing.assert_close(
        with_room(checks, torch.full_like(checks, 0.5), 0.7), checks, rtol=0, atol=1e-3
    )
    colour = torch.tensor([1.0, -2.0, 1.0]).view(1, 3, 1, 1).expand(1, 3, 48, 64)
    torch.testing.assert_close(with_room(colour, torch.full_like(checks, 0.5), 0.7), colour)
    detail, base = planes(3, 50, 70, 0)
    moved = with_room(detail, base, 0.4) - detail
    torch.testing.assert_close(moved, moved[:, :1].expand_as(moved))
