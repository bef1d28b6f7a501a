"""Gaussian blur against SciPy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from reverie.ops.filters import gaussian_blur


def planes(count: int = 2, height: int = 13, width: int = 17, *, seed: int = 0) -> torch.Tensor:
    rng = torch.Generator().manual_seed(seed)
    return torch.rand(count, 3, height, width, generator=rng, dtype=torch.float64) - 0.5


@pytest.mark.parametrize("sigma", [0.2, 0.5, 1.0, 2.5, 9.0])
@pytest.mark.parametrize("size", [(13, 17), (5, 3), (1, 8)])
def test_blur_is_scipys(sigma, size):
    x = planes(2, *size)
    wanted = gaussian_filter(x.numpy(), (0, 0, sigma, sigma))
    np.testing.assert_allclose(gaussian_blur(x, sigma).numpy(), wanted, atol=1e-12)


def test_blur_is_symmetric():
    """The gradient through it is the blur of the gradient."""
    x, y = planes(), planes(seed=1)
    assert float((gaussian_blur(x, 1.7) * y).sum()) == pytest.approx(float((x * gaussian_blur(y, 1.7)).sum()))
    assert gaussian_blur(x, 0.0) is x
