"""The Fourier canvas against NumPy: lucid's picture of a spectrum, and the same waves at other sizes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reverie.canvas.fourier import FourierCanvas, amplitudes, frequencies, respectrum
from reverie.canvas.window import middle
from support.canvases import setup

SIZES = [(16, 16), (15, 15), (24, 10), (9, 14), (21, 8), (1, 5), (6, 1)]
ROOT = np.array([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]])
MIX = ROOT / np.sqrt((ROOT**2).sum(0)).max()

sides = st.integers(2, 15)


def fourier(size, *, count=1, dtype=torch.float64, **options) -> FourierCanvas:
    return FourierCanvas(setup(size, seeds=range(count), dtype=dtype), **{"spread": 0.3, **options})


def lucid(leaf: np.ndarray, size: tuple[int, int], *, falloff: float = 1.0, mix=MIX) -> np.ndarray:
    """lucid's ``fft_image`` and ``to_valid_rgb`` for one item (C, H, W // 2 + 1, 2), in NumPy."""
    width, height = size
    fx = np.abs(np.fft.fftfreq(width)[: width // 2 + 1])
    fy = np.fft.fftfreq(height)[:, None]
    scale = 1 / np.maximum(np.sqrt(fx * fx + fy * fy), 1 / max(width, height)) ** falloff
    scale = scale / max(width, height) ** (falloff - 1)  # ours: the lowest frequency keeps its weight
    spectrum = (leaf[..., 0] + 1j * leaf[..., 1]) * scale * np.sqrt(width * height)
    plane = np.fft.irfft2(spectrum, s=(height, width)) / 4
    return 1 / (1 + np.exp(-np.einsum("ij,jhw->ihw", mix, plane)))


@pytest.mark.parametrize("falloff", [1.0, 1.4, 0.0])
@pytest.mark.parametrize("size", SIZES)
def test_a_picture_is_lucids(size, falloff):
    made = fourier(size, count=2, falloff=falloff)
    picture = made.picture().detach().numpy()
    for item, leaf in zip(picture, made.parameters()[0].detach().numpy(), strict=True):
        np.testing.assert_allclose(item, lucid(leaf, size, falloff=falloff), atol=1e-13)


def test_single_precision_is_near_enough():
    made = fourier((64, 48), dtype=torch.float32)
    wanted = lucid(made.parameters()[0][0].detach().double().numpy(), (64, 48))
    np.testing.assert_allclose(made.picture()[0].detach().numpy(), wanted, atol=1e-6)


def test_red_green_and_blue_are_left_alone():
    made = fourier((12, 8), colour="rgb")
    leaf = made.parameters()[0][0].detach().numpy()
    np.testing.assert_allclose(made.picture()[0].detach(), lucid(leaf, (12, 8), mix=np.eye(3)), atol=1e-13)


@pytest.mark.parametrize("size", [(24, 10), (15, 15)])
def test_colours_fall_off_by_more(size):
    made = fourier(size, colour_falloff=0.4)
    leaf = made.parameters()[0][0].detach().numpy().copy()
    wanted = lucid(leaf * less_colour(size, 0.4)[..., None], size)
    np.testing.assert_allclose(made.picture()[0].detach(), wanted, atol=1e-13)


def less_colour(size: tuple[int, int], power: float) -> np.ndarray:
    """What each wave of brightness and of two axes of colour is multiplied by, (3, H, W // 2 + 1)."""
    width, height = size
    waves = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)) * max(size) / 3
    less = np.maximum(waves, 1) ** -power
    return np.stack([np.ones_like(less), less, less])


@pytest.mark.parametrize("size", [(48, 40), (31, 33)])
def test_outside_a_window_only_broad_waves_are_left(size):
    """Values by SciPy's Gaussian blur that wraps, in place of a product in the spectrum."""
    from scipy.ndimage import gaussian_filter

    made, plain = fourier(size, window=0.8, spread=1.0), fourier(size, spread=1.0)
    values = torch.logit(plain.picture()[0].detach()).numpy()
    broad = np.stack([gaussian_filter(v, 0.1 * max(size), mode="wrap", truncate=9) for v in values])
    expected = broad + middle(size, 0.8).numpy() * (values - broad)
    np.testing.assert_allclose(made.picture()[0].detach(), 1 / (1 + np.exp(-expected)), atol=1e-6)
    edge, inside = (expected - broad)[:, 0].std(), (expected - broad)[:, size[1] // 2].std()
    assert edge < 0.5 * inside


def test_a_windowed_canvas_is_rendered_larger_as_it_is():
    made = fourier((24, 24), window=0.8)
    rendered = made.render((48, 48))
    made.resize((48, 48))
    torch.testing.assert_close(made.picture().detach(), rendered, atol=1e-13, rtol=0)


@pytest.mark.parametrize("size", SIZES)
def test_frequencies_are_numpys(size):
    width, height = size
    wanted = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width))
    np.testing.assert_allclose(frequencies(size).numpy(), wanted, atol=1e-15)


@pytest.mark.parametrize("falloff", [0.5, 1.0, 2.0])
def test_the_lowest_frequency_weighs_the_same_at_any_size_and_falloff(falloff):
    for side in (32, 64, 129):
        scale = amplitudes((side, side), falloff) / side
        assert float(scale[0, 0]) == pytest.approx(1)
        assert float(scale[0, 1]) == pytest.approx(1)
        assert float(scale[0, 8]) == pytest.approx(8**-falloff)


def spectrum_of(plane: np.ndarray) -> torch.Tensor:
    return torch.view_as_real(torch.from_numpy(np.fft.rfft2(plane, norm="ortho")))


def plane_of(parts: torch.Tensor, size: tuple[int, int]) -> np.ndarray:
    spectrum = torch.view_as_complex(parts.contiguous()).numpy()
    return np.fft.irfft2(spectrum, s=(size[1], size[0]), norm="ortho")


@settings(max_examples=60, deadline=None)
@given(width=sides, height=sides, times=st.tuples(st.integers(1, 4), st.integers(1, 4)))
def test_enlarged_waves_pass_through_the_old_points(width, height, times):
    plane = np.random.default_rng(0).normal(size=(3, height, width))
    size = (width * times[0], height * times[1])
    larger = plane_of(respectrum(spectrum_of(plane), (width, height), size), size)
    np.testing.assert_allclose(larger[:, :: times[1], :: times[0]], plane, atol=1e-12)


@settings(max_examples=60, deadline=None)
@given(width=sides, height=sides, more=st.tuples(st.integers(0, 9), st.integers(0, 9)))
def test_enlarged_and_shrunk_is_the_same(width, height, more):
    plane = np.random.default_rng(1).normal(size=(3, height, width))
    size = (width + more[0], height + more[1])
    larger = respectrum(spectrum_of(plane), (width, height), size)
    assert larger.shape == (3, size[1], size[0] // 2 + 1, 2)
    again = respectrum(larger, size, (width, height))
    np.testing.assert_allclose(plane_of(again, (width, height)), plane, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(width=sides, height=sides, smaller=st.tuples(sides, sides), turn=st.tuples(sides, sides))
def test_a_wave_that_fits_both_sizes_is_the_same_wave(width, height, smaller, turn):
    across, down = (
        turn[0] % ((min(width, smaller[0]) + 1) // 2),
        turn[1] % ((min(height, smaller[1]) + 1) // 2),
    )

    def wave(size: tuple[int, int]) -> np.ndarray:
        y, x = np.mgrid[: size[1], : size[0]]
        return np.cos(2 * np.pi * (across * x / size[0] - down * y / size[1]) + 0.4)[None]

    made = plane_of(respectrum(spectrum_of(wave((width, height))), (width, height), smaller), smaller)
    np.testing.assert_allclose(made, wave(smaller), atol=1e-12)


@pytest.mark.parametrize("size", [(30, 21), (12, 9), (16, 40)])
def test_a_rendering_is_the_canvas_at_that_size(size):
    made = fourier((17, 20), count=2, falloff=1.4)
    rendered = made.render(size)
    made.resize(size)
    torch.testing.assert_close(made.picture().detach(), rendered, atol=1e-13, rtol=0)


def test_square_pictures_keep_their_parameters():
    """A coefficient means the same at any size: waves across the picture, not a pixel."""
    made = fourier((16, 16), falloff=1.4)
    before = made.parameters()[0].detach()
    made.resize((32, 32))
    torch.testing.assert_close(made.parameters()[0].detach()[:, :, :8, :8], before[:, :, :8, :8])


@pytest.mark.parametrize(
    ("old", "new"), [((12, 9), (20, 14)), ((13, 8), (7, 11)), ((6, 6), (6, 7)), ((5, 1), (9, 4))]
)
def test_memories_go_with_their_frequencies(old, new):
    made = fourier(old)
    made.resize(new)

    def waves(size: tuple[int, int]) -> np.ndarray:
        """A number for each frequency, (1, 3, H, W // 2 + 1, 2): cycles down and across."""
        down, across = np.fft.fftfreq(size[1]) * size[1], np.fft.rfftfreq(size[0]) * size[0]
        grid = np.stack(np.meshgrid(down, across, indexing="ij"), -1)
        return np.broadcast_to(100 + grid, (1, 3, *grid.shape))

    (found,) = made.carried([torch.from_numpy(waves(old).copy())], old)
    assert found.shape == made.parameters()[0].shape
    there = (found != 0).numpy()
    np.testing.assert_allclose(found.numpy()[there], waves(new)[there])
    limit = [(min(a, b) - 1) // 2 for a, b in zip(old, new, strict=True)]
    assert there[0, 0, ..., 0].sum() == (2 * limit[1] + 1) * (limit[0] + 1)
