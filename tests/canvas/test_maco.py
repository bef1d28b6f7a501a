"""The MACO canvas against NumPy: the natural spectrum, as it is measured and as pictures are held to it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import natural_spectrum
from reverie.canvas.maco import MacoCanvas, natural_magnitude
from support import twins
from support.canvases import setup

SIZES = [(32, 32), (31, 45), (50, 23), (128, 64)]


def maco(size, *, channels=3, count=1, **options) -> MacoCanvas:
    made = setup(size, seeds=range(count), channels=channels, dtype=torch.float64)
    return MacoCanvas(made, **options)


def kept() -> dict[str, np.ndarray]:
    with np.load(natural_spectrum.FILE) as file:
        return {name: file[name] for name in file.files}


def magnitude(size: tuple[int, int], axis: int) -> np.ndarray:
    """One axis of the spectrum at a size, interpolated point by point."""
    width, height = size
    grid, level = kept()["whitened"][axis].astype(float), kept()["level"][axis]
    result = np.empty((height, width // 2 + 1))
    for row, fy in enumerate(np.fft.fftfreq(height)):
        for column, fx in enumerate(np.fft.rfftfreq(width)):
            y, x = abs(fy) * 2 * (len(grid) - 1), fx * 2 * (len(grid) - 1)
            i, j = min(int(y), len(grid) - 2), min(int(x), len(grid) - 2)
            v, u = y - i, x - j
            upper = (1 - u) * grid[i, j] + u * grid[i, j + 1]
            lower = (1 - u) * grid[i + 1, j] + u * grid[i + 1, j + 1]
            result[row, column] = ((1 - v) * upper + v * lower) / max(np.hypot(fx, fy), 1 / max(size))
    result[0, 0] = level * np.sqrt(width * height)
    return result


def test_the_spectrum_is_what_is_measured():
    measured, shipped = natural_spectrum.measure(), kept()
    assert set(measured) == set(shipped)
    for name, array in measured.items():
        # A JPEG among the photographs is decoded a little differently here and there.
        np.testing.assert_allclose(array, shipped[name], rtol=5e-3)
    assert natural_spectrum.FILE.stat().st_size < 60_000


def test_measuring_finds_the_spectrum_of_noise_that_is_known(monkeypatch):
    """White noise of deviation 1 has the mean magnitude sqrt(pi) / 2 at every frequency (Rayleigh)."""
    noise = np.random.default_rng(0).normal(size=(520, 520, 3))
    monkeypatch.setattr(natural_spectrum, "photograph", lambda _: noise)
    monkeypatch.setattr(natural_spectrum, "values", lambda p: p.transpose(2, 0, 1))
    monkeypatch.setattr(natural_spectrum, "halved", lambda p: p)
    found, level = natural_spectrum.magnitudes("noise")
    assert found[:, 5:60, 5:60].mean() == pytest.approx(np.sqrt(np.pi) / 2, rel=0.01)
    assert level.max() < 0.02
    flat = natural_spectrum.whitened(np.ones((3, 128, 65)))
    middle = natural_spectrum.POINTS // 2
    assert flat[0, middle, 0] == pytest.approx(0.25, rel=0.01)
    assert flat[0, 0, middle] == pytest.approx(0.25, rel=0.01)


@pytest.mark.parametrize("size", SIZES)
def test_the_magnitude_at_a_size_is_numpys(size):
    found = natural_magnitude(size).numpy()
    for axis in range(3):
        np.testing.assert_allclose(found[axis], magnitude(size, axis), rtol=1e-10)


def test_nature_falls_with_frequency_in_every_axis_of_colour():
    found = natural_magnitude((256, 256)).numpy()
    for axis in found:
        across = axis[0, 2:120]
        slope = np.polyfit(np.log(np.arange(2, 120)), np.log(across), 1)[0]
        assert -2 < slope < -0.8
    # Horizons and stems: more upright and level structure than oblique.
    assert found[0, 0, 64] + found[0, 64, 0] > 2 * found[0, 45, 45]


def test_other_channels_have_the_spectrum_of_brightness():
    assert torch.equal(natural_magnitude((20, 14), 5)[4], natural_magnitude((20, 14))[0])


@pytest.mark.parametrize("standardise", [False, True])
@pytest.mark.parametrize("size", [(32, 32), (31, 45)])
def test_a_picture_is_numpys(size, standardise):
    made = maco(size, count=2, standardise=standardise)
    root = np.array([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]])
    root = root / np.sqrt((root**2).sum(0)).max()
    template = np.stack([magnitude(size, axis) for axis in range(3)])
    for item, phase in zip(
        made.picture().detach().numpy(), made.parameters()[0].detach().numpy(), strict=True
    ):
        if standardise:
            phase = (phase - phase.mean()) / phase.std()
        plane = np.fft.irfft2(template * np.exp(1j * phase), s=(size[1], size[0]), norm="ortho")
        plane = (plane - plane.mean()) / plane.std()
        wanted = 1 / (1 + np.exp(-np.einsum("ij,jhw->ihw", root, plane)))
        np.testing.assert_allclose(item, wanted, atol=1e-4)


def test_whatever_the_phases_the_magnitude_is_natures():
    size = (40, 33)
    made = maco(size)
    template = natural_magnitude(size).numpy()[:, :, 1:20]
    for seed in (1, 2):
        with torch.no_grad():
            made.parameters()[0].copy_(
                9 * torch.randn(1, 3, 33, 21, generator=torch.Generator().manual_seed(seed))
            )
        values = made._tone.values(made.picture().detach()[0]).numpy()
        found = np.abs(np.fft.rfft2(values, norm="ortho"))[:, :, 1:20]
        ratio = found / template
        np.testing.assert_allclose(ratio, ratio.mean(), rtol=1e-6)


def test_a_photograph_keeps_its_phases():
    photo = twins.photo("chelsea", 96, 128).double()
    made = maco((128, 96))
    made.fit(photo)
    picture = made.picture().detach()
    both = torch.stack([photo.mean(1).flatten(), picture.mean(1).flatten()])
    assert float(torch.corrcoef(both)[0, 1]) > 0.7


def test_items_need_no_photographs_colours():
    grey = maco((24, 24), channels=1)
    assert grey.picture().shape == (1, 1, 24, 24)
    assert float(torch.logit(grey.picture().detach()).std()) == pytest.approx(1, abs=0.01)
