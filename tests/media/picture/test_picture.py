"""Pictures as values: arrays, sizes, and what a notebook shows."""

from __future__ import annotations

import io
import os
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from reverie.media.picture import Picture
from support.pictures import PHOTO, of


@pytest.mark.parametrize(
    ("pixels", "alpha"),
    [
        (np.zeros((32, 32), np.float32), None),
        (np.zeros((32, 32, 3), np.float64), None),
        (np.zeros((0, 32, 3), np.float32), None),
        (np.zeros((32, 32, 3), np.float32), np.zeros((32, 31), np.float32)),
    ],
)
def test_arrays_of_another_shape_or_type(pixels: Any, alpha: Any) -> None:
    with pytest.raises(ValueError, match="float32"):
        Picture(pixels, alpha)


@given(st.integers(1, 90), st.integers(1, 90), st.sampled_from([1, 3, 6]))
def test_resized_has_the_size_and_stays_in_range(width: int, height: int, channels: int) -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 2, (33, 47, channels)).astype(np.float32)  # hard edges overshoot
    picture = Picture(pixels, pixels[..., 0]).resized((width, height))
    assert picture.size == (width, height)
    assert picture.pixels.shape == (height, width, channels)
    assert picture.alpha is not None
    assert picture.pixels.min() >= 0
    assert picture.pixels.max() <= 1
    assert picture.pixels.dtype == np.float32


def test_resized_keeps_flat_colour_mean_and_place() -> None:
    picture = of(PHOTO)
    small = picture.resized((32, 24))
    assert np.abs(small.pixels - picture.pixels.reshape(24, 2, 32, 2, 3).mean((1, 3))).max() < 1e-5
    large = picture.resized((128, 96))
    assert np.abs(large.resized((64, 48)).pixels - picture.pixels).mean() < 0.005
    flat = Picture(np.full((40, 40, 3), 0.25, np.float32)).resized((70, 20))
    assert np.abs(flat.pixels - 0.25).max() < 1e-5
    assert picture.resized((64, 48)) is picture
    with pytest.raises(ValueError, match="0 x 5"):
        picture.resized((0, 5))
    with pytest.raises(ValueError, match="sides are 1 to 1000000"):
        picture.resized((5, 1 << 31))
    with pytest.raises(MemoryError, match="no memory for a picture of 1000000 x 1000000"):
        picture.resized((1_000_000, 1_000_000))


def test_notebooks_show_a_png() -> None:
    with Image.open(io.BytesIO(of(PHOTO)._repr_png_())) as image:
        assert (np.asarray(image) == PHOTO).all()


@pytest.mark.slow
def test_no_torch_for_pictures() -> None:
    import subprocess

    code = "import reverie.media.picture, sys; sys.exit('torch' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    assert subprocess.run([sys.executable, "-c", code], env=environment).returncode == 0
