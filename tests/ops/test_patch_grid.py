"""The grid of patches in a gradient: taken away, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from reverie.ops.patch_grid import without_grid

PATCH = (16, 16)


def noise(height: int, width: int, seed: int = 0) -> Tensor:
    return torch.randn(1, 3, height, width, generator=torch.Generator().manual_seed(seed))


def grid(height: int, width: int, shift: tuple[int, int] = (0, 0)) -> Tensor:
    """The same patch everywhere, as a network would see it on a picture that is rolled by ``shift``."""
    one = noise(*PATCH, seed=1)
    many = one.repeat(1, 1, -(-height // PATCH[0]), -(-width // PATCH[1]))[..., :height, :width]
    return many.roll((-shift[0], -shift[1]), (-2, -1))


def loudness(gradient: Tensor, axis: int) -> list[float]:
    """Energy at each multiple of one cycle a patch, as a part of that of its neighbours."""
    pixels = gradient[0].permute(1, 2, 0).numpy()
    pixels = pixels if axis == 1 else pixels.transpose(1, 0, 2)
    length = pixels.shape[1] // 16 * 16
    window = np.hanning(length)[None, :, None]
    power = (np.abs(np.fft.rfft(pixels[:, :length] * window, axis=1)) ** 2).mean((0, 2))
    places = [length // 16 * k for k in range(1, 8)]
    return [
        power[p - 1 : p + 2].mean() / np.r_[power[p - 6 : p - 1], power[p + 2 : p + 7]].mean() for p in places
    ]


@pytest.mark.parametrize("size", [(320, 480), (213, 331)])
@pytest.mark.parametrize("shift", [(0, 0), (5, -11)])
def test_a_grid_goes_and_noise_stays(size: tuple[int, int], shift: tuple[int, int]) -> None:
    own, pattern = noise(*size), grid(*size, shift)
    assert min(loudness(own + pattern, 1) + loudness(own + pattern, 0)) > 4
    found = without_grid(own + pattern, PATCH, shift)
    for axis in (0, 1):
        assert all(0.6 < ratio < 1.4 for ratio in loudness(found, axis))
    assert float((found - own).square().mean()) < 0.12  # of 1, and 1 more before
    assert found.shape == own.shape


def test_a_grid_in_one_row_of_patches_goes_too() -> None:
    own, pattern = noise(320, 480), 2 * grid(320, 480)
    pattern[..., :160, :] = 0
    pattern[..., 176:, :] = 0
    found = without_grid(own + pattern, PATCH)
    row, was = (found - own)[..., 160:176, :], pattern[..., 160:176, :]
    assert float(row.square().mean()) < 0.25 * float(was.square().mean())


def test_slow_changes_and_noise_pass() -> None:
    down, across = torch.linspace(0, 3, 320)[:, None], torch.linspace(0, 5, 480)[None]
    slow = (3 * torch.sin(down) * torch.cos(across)).expand(1, 3, -1, -1)
    found = without_grid(slow + noise(320, 480), PATCH)
    assert float((found - slow - noise(320, 480)).square().mean()) < 0.05


@pytest.mark.parametrize("size", [(40, 40), (16, 400), (10, 10)])
def test_small_gradients(size: tuple[int, int]) -> None:
    found = without_grid(noise(*size), PATCH)
    assert found.shape == noise(*size).shape
    assert bool(torch.isfinite(found).all())


def test_nothing_comes_of_nothing() -> None:
    assert not without_grid(torch.zeros(1, 3, 160, 160), PATCH).any()


def test_patches_of_two_sides() -> None:
    pattern = noise(8, 20, seed=1).repeat(1, 1, 30, 20)
    found = without_grid(noise(240, 400) + pattern, (8, 20))
    assert float((found - noise(240, 400)).square().mean()) < 0.15
