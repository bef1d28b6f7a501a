"""Details in waves as strong as those of natural pictures."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from reverie.canvas.base import CanvasSetup
from reverie.canvas.fourier_detail import CONSTANT, FourierDetail, natural_amplitudes


def rngs(count: int) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(i) for i in range(count)]


@pytest.mark.parametrize("size", [(30, 20), (21, 33)])
def test_amplitudes_fall_from_the_largest_waves_on(size: tuple[int, int]) -> None:
    width, height = size
    found = natural_amplitudes(size, falloff=1.25, colour_falloff=0.4, largest=1 / 3).numpy()
    lowest = 3 / max(size)
    expected = np.zeros((height, width // 2 + 1))
    for row in range(height):
        for column in range(width // 2 + 1):
            f = np.hypot(min(row, height - row) / height, column / width)
            expected[row, column] = max(f, lowest) ** -1.25 * max(CONSTANT, min(1, f / lowest))
    ratio = found[0] / expected
    assert np.allclose(ratio, ratio[0, 0])
    f = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    assert np.allclose(found[1] / found[0], (np.maximum(f, lowest) / lowest) ** -0.4)
    assert np.array_equal(found[1], found[2])


def test_normal_coefficients_give_a_mean_square_of_one() -> None:
    canvas = FourierDetail(CanvasSetup((64, 48), 1, rngs(16)), spread=1 / np.sqrt(2))
    assert float(canvas.picture().detach().square().mean()) == pytest.approx(1, rel=0.05)


def test_details_survive_another_size_and_each_may_go_on_alone() -> None:
    canvas = FourierDetail(CanvasSetup((24, 16), 3, rngs(2)), spread=0.1)
    before = canvas.picture().detach()
    canvas.resize((48, 32))
    canvas.resize((24, 16))
    assert torch.allclose(canvas.picture(), before, atol=1e-5)
    canvas.scale(1, 0.5)
    canvas.only(1)
    assert torch.allclose(canvas.picture(), before[1:] / 2, atol=1e-5)
    assert canvas.count == 1


def test_nothing_is_nothing_at_any_size() -> None:
    canvas = FourierDetail(CanvasSetup((24, 16), 3, rngs(1)))
    canvas.resize((37, 23))
    assert torch.equal(canvas.picture(), torch.zeros(1, 3, 23, 37))
