"""Warps against SciPy's splines, against known geometry, and a hundred of them one after another."""

import cmath
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from reverie.ops.warp import Similarity, warp

HEIGHT, WIDTH = 60, 90


def noise(seed: int, height: int = HEIGHT, width: int = WIDTH, channels: int = 3) -> torch.Tensor:
    return torch.rand(1, channels, height, width, generator=torch.Generator().manual_seed(seed))


def photograph() -> torch.Tensor:
    from skimage import data

    return torch.from_numpy(data.astronaut().copy()).permute(2, 0, 1)[None].float() / 255


similarities = st.builds(
    lambda zoom, turn, right, down: Similarity.of(zoom=zoom, turn=turn, right=right, down=down),
    st.floats(0.5, 2),
    st.floats(-170, 170),
    st.floats(-20, 20),
    st.floats(-20, 20),
)


@pytest.mark.parametrize(("border", "twin"), [("mirror", "mirror"), ("wrap", "grid-wrap")])
@pytest.mark.parametrize(("sharp", "order"), [(True, 3), (False, 1)])
def test_a_warp_is_scipys_spline(border, twin, sharp, order):
    picture = noise(1)
    place = torch.stack(torch.meshgrid(torch.arange(50.0), torch.arange(40.0), indexing="xy"), -1)
    small = 0.4 * torch.rand(40, 50, 2, generator=torch.Generator().manual_seed(2))
    for where in (place + small, place * 0.7 - 12 + small):
        got = warp(picture, where, border=border, sharp=sharp)
        for channel, plane in zip(got[0], picture[0], strict=True):
            places = [where[..., 1].double().numpy(), where[..., 0].double().numpy()]
            truth = ndimage.map_coordinates(plane.double().numpy(), places, order=order, mode=twin)
            np.testing.assert_allclose(channel.numpy(), truth, atol=2e-4)


@pytest.mark.slow
@given(similarities, st.complex_numbers(max_magnitude=100, allow_nan=False))
@settings(max_examples=100, deadline=None)
def test_similarities_are_a_group(one, place):
    other = Similarity.of(zoom=1.3, turn=25, right=-3, down=8)

    def source(of: Similarity, p: complex) -> complex:
        return of.factor * p + of.offset

    assert cmath.isclose(source(one.then(one.inverse()), place), place, abs_tol=1e-6)
    # What came of ``one`` is looked at through ``other``: a place goes through ``other`` first.
    assert cmath.isclose(source(one.then(other), place), source(one, source(other, place)), abs_tol=1e-6)
    assert one.then(other).zoom == pytest.approx(one.zoom * other.zoom)


@pytest.mark.parametrize(
    "view",
    [
        Similarity.of(zoom=1.05),
        Similarity.of(zoom=1.01, turn=0.4),
        Similarity.of(zoom=0.97, turn=-3, right=2.3, down=-1.7),
        Similarity.of(turn=30),
    ],
)
def test_a_spot_goes_where_geometry_says(view):
    """Within 0.02 px, by the centre of gravity of a soft spot."""
    height, width = 181, 241
    middle = complex((width - 1) / 2, (height - 1) / 2)
    rows, columns = np.mgrid[:height, :width].astype(float)
    for place in (0j, 40.3 + 20.6j, -61.2 - 33.9j, 50.5 - 40.4j):
        at = middle + place
        spot = np.exp(-((columns - at.real) ** 2 + (rows - at.imag) ** 2) / (2 * 2.5**2))
        seen = warp(torch.from_numpy(spot).float()[None, None], view)[0, 0].double().numpy()
        wanted = middle + (place - view.offset) / view.factor
        seen[np.hypot(columns - wanted.real, rows - wanted.imag) > 15] = 0  # what the edges mirror
        got = complex((seen * columns).sum(), (seen * rows).sum()) / seen.sum()
        assert abs(got - wanted) < 0.02


def test_things_grow_turn_clockwise_and_go_left():
    view = Similarity.of(zoom=2, turn=90, right=10)
    # A thing 10 px to the right of the centre is what the view moves to; one 1 px further right ...
    assert (11 - view.offset) / view.factor == pytest.approx(
        2j
    )  # ... comes to lie below the centre, twice as far
    assert (view.zoom, view.turn) == pytest.approx((2, 90))
    field = view.field(3, 5)
    assert field[1, 2].tolist() == [12, 1]


@pytest.mark.slow
def test_a_hundred_small_warps_stay_sharp():
    """There and back fifty times: nearer to the truth than bilinear, and without new edges."""
    picture = photograph()[:, :, :256, 80:400]
    view = Similarity.of(zoom=1.01, turn=0.3, right=0.7)
    inner = (..., slice(48, -48), slice(48, -48))

    def back_and_forth(sharp: bool) -> tuple[float, float]:
        x = picture
        for _ in range(50):
            x = warp(warp(x, view, sharp=sharp), view.inverse(), sharp=sharp)
        error = (x - picture)[inner].square().mean().sqrt()
        energy = x[inner].diff(dim=3).square().mean() / picture[inner].diff(dim=3).square().mean()
        return float(error), float(energy)

    error, energy = back_and_forth(True)
    soft, dull = back_and_forth(False)
    assert error < 0.03
    assert error < 0.4 * soft
    assert 0.5 < energy < 1.0
    assert energy > 3 * dull


def test_nothing_moves_where_nothing_is_asked():
    picture = noise(3)
    assert (warp(picture, Similarity()) - picture).abs().max() < 1e-3
    flat = torch.full((1, 3, 40, 30), 0.3)
    view = Similarity.of(zoom=0.6, turn=20, right=30)
    torch.testing.assert_close(warp(flat, view), flat, atol=1e-5, rtol=0)


def test_what_is_too_fine_is_filtered_out_where_it_shrinks():
    stripes = (torch.arange(120) % 2).float().expand(1, 1, 100, 120)
    inner = (..., slice(30, 70), slice(40, 80))
    assert warp(stripes, Similarity.of(zoom=0.31))[inner].std() < 0.05
    assert warp(stripes, Similarity())[inner].std() > 0.45


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (5, 3), (13, 40)])
def test_tiny_pictures_warp(size):
    picture = noise(4, *size)
    for border in ("mirror", "wrap"):
        assert warp(picture, Similarity.of(zoom=1.1, turn=5), border=border).shape == picture.shape
    torch.testing.assert_close(warp(picture, Similarity()), picture, atol=1e-3, rtol=0)


def test_a_field_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"\(H, W, 2\)"):
        warp(noise(5), torch.zeros(2, 10, 10))


def test_a_wrapped_picture_has_no_edge():
    """Going right by the width is going nowhere."""
    picture = noise(6)
    moved = warp(picture, Similarity.of(right=WIDTH, down=-HEIGHT), border="wrap")
    torch.testing.assert_close(moved, picture, atol=2e-3, rtol=0)
    assert math.isclose(
        float(warp(picture, Similarity.of(right=7.5), border="wrap").mean()),
        float(picture.mean()),
        abs_tol=1e-3,
    )
