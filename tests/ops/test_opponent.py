"""Bands along axes of colour against NumPy and SciPy in float64, and what they promise."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import correlate1d, gaussian_filter1d

from reverie.ops.opponent import AXES, OpponentNumbers, from_axes, opponent_normalised, shrunk, to_axes
from support import twins
from support.step_cases import of_bands

Array = twins.Array
PLAIN = np.array([[1, 1, 1], [1, 0, -1], [1, -2, 1]]) / np.sqrt([[3], [2], [6]])


def noise(*shape: int, seed: int = 0, scale: float = 1.0) -> torch.Tensor:
    made = torch.randn(1, *shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return scale * made


def soft_map(height: int, width: int, seed: int = 0) -> torch.Tensor:
    """Zero here and one there, and all between."""
    rough = torch.rand(5, 6, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).numpy()
    return torch.from_numpy(np.clip(2 * twins.bilinear(rough[None], height, width) - 0.5, 0, 1))[None]


# -- in NumPy ----------------------------------------------------------------------------------------------


def bent(x: Array, circular: bool, ends: str, taps: Array) -> Array:
    for axis in (1, 2):
        x = correlate1d(x, taps, axis, mode="wrap" if circular else ends)
    return x


def blurred(x: Array, sigma: float, radius: int, circular: bool, ends: str) -> Array:
    for axis in (1, 2):
        x = gaussian_filter1d(x, sigma, axis, mode="wrap" if circular else ends, radius=radius)
    return x


def enlarged(x: Array, height: int, width: int, circular: bool) -> Array:
    if not circular:
        return twins.bilinear(x, height, width)
    for axis, size in ((1, height), (2, width)):
        cells = x.shape[axis]
        place = (np.arange(size) + 0.5) * cells / size - 0.5
        first = np.floor(place).astype(int)
        share = (place - first).reshape((-1, 1) if axis == 1 else -1)
        x = (1 - share) * np.take(x, first % cells, axis) + share * np.take(x, (first + 1) % cells, axis)
    return x


def means(x: Array, side: int) -> Array:
    """Square by square."""
    rows, columns = (-(-size // side) for size in x.shape[1:])
    out = np.empty((len(x), rows, columns))
    for i in range(rows):
        for j in range(columns):
            square = x[:, side * i : side * (i + 1), side * j : side * (j + 1)]
            out[:, i, j] = square.mean((1, 2))
    return out


def bands_of(x: Array, most: int, circular: bool) -> list[Array]:
    bands = []
    while len(bands) < most and min(x.shape[1:]) >= 8:
        low = bent(x, circular, "mirror", np.array([1, 4, 6, 4, 1]) / 16)[:, ::2, ::2]
        bands.append(x - enlarged(low, *x.shape[1:], circular))
        x = low
    return [*bands, x]


def turned(x: Array, matrix: Array) -> Array:
    return np.tensordot(matrix, x, 1) if len(x) == 3 else x


def normalised(gradient: Array, levels: int, tilt: float, attention: Array | None, circular: bool) -> Array:
    """Written down as it is told, with the numbers of the default look."""
    *bands, _ = bands_of(turned(gradient, PLAIN), levels, circular)
    colours = len(gradient) == 3
    result: Array = np.zeros(1)
    gate = None
    last = len(bands) - 1
    for k, band in reversed(list(enumerate(bands))):
        band = band / np.sqrt(means(band**2, 4).mean((1, 2), keepdims=True))
        energy = means(band**2, 4)
        bright = energy[:1] if colours else energy.mean(0, keepdims=True)
        local = blurred(bright, 1.5, 4, circular, "nearest")
        divisor = 0.6 * local / local.mean() + 0.4
        energy = energy / divisor
        strength = energy.mean((1, 2), keepdims=True)
        energy = energy / strength
        here = blurred(energy[:1] if colours else energy.mean(0, keepdims=True), 0.45, 1, circular, "nearest")
        passes = np.ones_like(here)
        if gate is not None:
            above = enlarged(gate, *here.shape[1:], circular)
            passes = above / (above + above.mean() * 0.25) * 1.25 / 1.5
            here = 0.5 * above + 0.5 * here
        gate = here
        seen = np.zeros_like(here) if attention is None else means(attention, 4 * 2**k)
        if attention is not None:
            passes = passes * 0.05
        paler = 2 ** (0.45 * (k - last))
        ground = np.array([1, 0.65 * paler, 0.45 * paler]) * 2 ** (tilt * k)
        form = np.array([1, 0.55 * paler, 0.38 * paler]) * 2 ** (0.25 * tilt * k + 0.75 * tilt * last * 0.6)
        form = form * (0.75 if k == 0 else 1)
        factor = 0
        for gains, field in ((ground, passes * (1 - seen)), (form, seen)):
            gains = gains if colours else np.full(len(band), gains[0])
            spread = enlarged(field / np.sqrt(divisor), *band.shape[1:], circular)
            factor = factor + gains[:, None, None] * spread
        band = band * factor / np.sqrt(strength)
        result = band if k == last else band + enlarged(result, *band.shape[1:], circular)
    return turned(result, PLAIN.T)


def without_the_weak(change: Array, amount: float, attention: Array | None, circular: bool) -> Array:
    *bands, result = bands_of(turned(change, PLAIN), 4, circular)
    for k, band in reversed(list(enumerate(bands))):
        energy = blurred(band**2, 1.5, 5, circular, "mirror")
        weak = amount * np.array([1, 2, 2] if len(change) == 3 else [1] * len(change)) * 2 ** (-0.3 * k)
        spared = 0 if attention is None else 0.8 * means(attention, 2**k)
        threshold = weak[:, None, None] * (1 - spared)
        kept = band * energy / (energy + threshold**2)
        result = kept + enlarged(result, *band.shape[1:], circular)
    return turned(result, PLAIN.T)


# -- the same ----------------------------------------------------------------------------------------------

#: Means of means are means of larger squares where squares are whole.
SIDES = st.sampled_from([16, 32, 48, 64, 80])


@settings(max_examples=30)
@given(
    size=st.tuples(SIDES, SIDES),
    attentive=st.booleans(),
    **of_bands(5, 4, (-0.5, 0.8)),
)
def test_it_is_numpys(size, channels, levels, tilt, attentive, circular, seed):
    gradient = noise(channels, *size, seed=seed)
    attention = soft_map(*size, seed=seed) if attentive else None
    seen = attention[0].numpy() if attention is not None else None
    found = opponent_normalised(gradient, levels=levels, tilt=tilt, attention=attention, circular=circular)
    expected = normalised(gradient[0].numpy(), levels, tilt, seen, circular)
    np.testing.assert_allclose(found[0].numpy(), expected, atol=1e-9 * twins.rms(expected))


@pytest.mark.slow
@settings(max_examples=30)
@given(
    size=st.tuples(SIDES, SIDES),
    channels=st.integers(1, 4),
    amount=st.floats(0, 1),
    attentive=st.booleans(),
    circular=st.booleans(),
    seed=st.integers(0, 99),
)
def test_what_is_left_of_a_change_is_numpys(size, channels, amount, attentive, circular, seed):
    change = noise(channels, *size, seed=seed, scale=0.1)
    attention = soft_map(*size, seed=seed) if attentive else None
    seen = attention[0].numpy() if attention is not None else None
    found = shrunk(change, amount, attention=attention, circular=circular)
    expected = without_the_weak(change[0].numpy(), amount, seen, circular)
    np.testing.assert_allclose(found[0].numpy(), expected, atol=1e-10)


# -- what it promises --------------------------------------------------------------------------------------


def test_axes_are_turned_back():
    np.testing.assert_allclose(AXES.numpy(), PLAIN, atol=1e-15)
    picture = noise(3, 9, 12)
    torch.testing.assert_close(from_axes(to_axes(picture)), picture)
    assert to_axes(picture[:, :2]) is not to_axes(picture)
    torch.testing.assert_close(to_axes(picture[:, :2]), picture[:, :2])


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("scale", [1e-9, 1e6])
def test_the_size_of_a_gradient_is_nothing(channels, scale):
    gradient = noise(channels, 57, 83).float()
    one, other = (opponent_normalised(g) for g in (gradient, gradient * scale))
    torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-3)


def test_axes_and_bands_come_out_as_strong_as_their_gains():
    """Even noise, each band alone, without gates: the coarsest of one band."""
    gradient = noise(3, 128, 128) * torch.tensor([1.0, 30, 3e-3], dtype=torch.float64).view(1, 3, 1, 1)
    axes = to_axes(opponent_normalised(gradient, levels=1, tilt=0.4))
    np.testing.assert_allclose(axes.square().mean((0, 2, 3)).sqrt(), [1, 0.65, 0.45], rtol=0.05)
    (ground, form) = (
        OpponentNumbers.of(gradient.shape, 4, 0.4).ground,
        OpponentNumbers.of(gradient.shape, 4, 0.4).form,
    )
    assert len(ground) == len(form) == 12
    np.testing.assert_allclose(np.array(ground[::3]), 2 ** (0.4 * np.arange(4)))
    assert ground[9:] == pytest.approx([2**1.2, 0.65 * 2**1.2, 0.45 * 2**1.2])


def test_places_of_little_energy_are_raised():
    """Half of a picture ten times as strong as the other comes out about half as much stronger."""
    gradient = noise(3, 128, 128)
    gradient[..., 64:] *= 10
    left, right = (
        opponent_normalised(gradient, levels=1)[..., s].std() for s in (slice(40), slice(88, None))
    )
    assert 4 * left < right < 6 * left


def test_fine_bands_pass_where_coarse_ones_are_strong():
    """Fine noise everywhere, a coarse shape on the left."""
    fine = noise(1, 128, 128)
    coarse = torch.from_numpy(twins.bilinear(noise(1, 32, 32, seed=1)[0].numpy(), 128, 128))[None]
    coarse[..., 64:] *= 0.02
    came = opponent_normalised(fine + 3 * coarse, levels=3)
    rough = came - torch.nn.functional.avg_pool2d(came, 3, 1, 1)
    assert rough[..., :48].std() > 1.2 * rough[..., 80:].std()


@pytest.mark.parametrize("circular", [False, True])
def test_attention_raises_what_is_seen(circular):
    gradient, seen = noise(3, 96, 128), torch.zeros(1, 1, 96, 128)
    seen[..., :64] = 1
    result = opponent_normalised(gradient, attention=seen, circular=circular)
    assert result[..., 16:48].std() > 4 * result[..., 80:112].std()


@pytest.mark.parametrize("attentive", [False, True])
def test_a_plane_that_repeats_knows_no_edge(attentive):
    gradient, seen = noise(3, 64, 96), soft_map(64, 96) if attentive else None
    shift = (32, -64), (2, 3)  # whole cells of the coarsest band
    one = opponent_normalised(
        gradient.roll(*shift), attention=seen.roll(*shift) if attentive else None, circular=True
    )
    other = opponent_normalised(gradient, attention=seen, circular=True)
    torch.testing.assert_close(one, other.roll(*shift))
    change = shrunk(gradient.roll(*shift), 0.5, circular=True)
    torch.testing.assert_close(change, shrunk(gradient, 0.5, circular=True).roll(*shift))


@pytest.mark.parametrize("size", [(1, 1), (7, 300), (40, 5)])
def test_a_picture_too_small_for_a_band_is_centred(size):
    gradient = noise(3, *size)
    expected = gradient - gradient.mean((2, 3), keepdim=True)
    torch.testing.assert_close(opponent_normalised(gradient, attention=torch.ones(1, 1, *size)), expected)
    torch.testing.assert_close(shrunk(gradient, 9.0, attention=torch.ones(1, 1, *size)), gradient)


@pytest.mark.parametrize("circular", [False, True])
@pytest.mark.parametrize("size", [(8, 8), (9, 9), (8, 200)])
def test_small_and_odd_pictures(size, circular):
    seen = torch.rand(1, 1, *size)
    for channels in (1, 2, 3):
        assert opponent_normalised(noise(channels, *size), attention=seen, circular=circular).isfinite().all()
        assert shrunk(noise(channels, *size), 0.1, attention=seen, circular=circular).isfinite().all()


def test_nothing_stays_nothing_and_grey_stays_grey():
    assert not opponent_normalised(torch.zeros(1, 3, 40, 40), attention=torch.ones(1, 1, 40, 40)).any()
    grey = noise(1, 64, 64, scale=1e-7).float().expand(1, 3, 64, 64)
    result = opponent_normalised(grey)
    assert result.std() > 0.3
    assert (result - result.mean(1, keepdim=True)).abs().max() < 0.02 * result.std()
    assert not shrunk(torch.zeros(1, 3, 40, 40), 0.0).any()


def test_what_is_strong_is_kept_and_what_is_weak_is_left_out():
    change = noise(3, 96, 96)
    torch.testing.assert_close(shrunk(change, 0.0), change)
    assert shrunk(change, 1e-3).sub(change).abs().max() < 1e-3
    flat = torch.full((1, 3, 96, 96), 0.25, dtype=torch.float64)
    torch.testing.assert_close(shrunk(flat + 1e-3 * change, 1.0), flat, rtol=0, atol=1e-3)
    gone, spared = (shrunk(change, 1.0, attention=torch.full((1, 1, 96, 96), a)) for a in (0.0, 1.0))
    torch.testing.assert_close(gone, shrunk(change, 1.0))
    assert gone.std() < 0.7 * spared.std() < 0.7 * change.std()


def test_attention_of_an_earlier_octave_serves_a_change():
    change, seen = noise(3, 96, 96), torch.ones(1, 1, 61, 61)
    seen[..., :30] = 0
    large = torch.from_numpy(twins.bilinear(seen[0].double().numpy(), 96, 96))[None]
    torch.testing.assert_close(shrunk(change, 1.0, attention=seen), shrunk(change, 1.0, attention=large))
