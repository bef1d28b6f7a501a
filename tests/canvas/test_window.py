"""Windows and what melts in them, against NumPy."""

from __future__ import annotations

import numpy as np
import torch
from scipy.ndimage import gaussian_filter

from reverie.canvas.window import MELTED, melted, middle, window
from support.apparitions import gradients


def test_a_window_is_the_most_over_its_squares() -> None:
    size, squares = (70, 50), [(20.0, 25.0, 24.0), (55.5, 10.0, 16.0)]
    expected = np.zeros((50, 70))
    for row in range(50):
        for column in range(70):
            for x, y, side in squares:
                r = np.hypot(column + 0.5 - x, row + 0.5 - y) / (side / 2)
                t = min(max((1.45 - r) / 0.95, 0.0), 1.0)
                expected[row, column] = max(expected[row, column], t * t * (3 - 2 * t))
    found = window(size, squares)
    assert found.shape == (1, 1, 50, 70)
    assert np.allclose(found[0, 0].numpy(), expected, atol=1e-5)
    assert found.max() == 1
    assert found.min() == 0


def test_the_photograph_loses_its_detail_where_the_window_is_open() -> None:
    base = (
        gradients(72, 96) + 0.1 * torch.rand(1, 3, 72, 96, generator=torch.Generator().manual_seed(0))
    ) / 1.1
    open_ = window((96, 72), [(48.0, 36.0, 40.0)])
    found = melted(base, open_, 0.7)[0].numpy()
    sigma = 96 * MELTED
    blurred = np.stack(
        [gaussian_filter(plane, sigma, mode="mirror", truncate=4) for plane in base[0].numpy()]
    )
    expected = base[0].numpy() - 0.7 * open_[0].numpy() * (base[0].numpy() - blurred)
    assert np.abs(found - expected).max() < 0.02  # the blur is that of a smaller copy
    assert np.array_equal(found[:, :6, :6], base[0, :, :6, :6].numpy())
    assert melted(base, open_, 0.0) is base


def test_the_window_about_the_middle_is_an_ellipse() -> None:
    expected = np.zeros((30, 44))
    for row in range(30):
        for column in range(44):
            r = np.hypot((column + 0.5 - 22) / 22, (row + 0.5 - 15) / 15)
            t = min(max((1.0 - r) / 0.45, 0.0), 1.0)
            expected[row, column] = 1 - 0.85 * (1 - t * t * (3 - 2 * t))
    found = middle((44, 30), 0.85).numpy()
    assert np.allclose(found, expected, atol=1e-5)
    assert found[14:16, 20:24].min() == 1
    assert abs(found[0, 0] - 0.15) < 1e-6
    assert (middle((44, 30), 0.0) == 1).all()
