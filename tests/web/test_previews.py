"""Small pictures for browsers."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from reverie.media.picture import Picture
from reverie.web.previews import webp


def test_a_preview_is_the_picture_small() -> None:
    ramp = np.linspace(0, 1, 300, dtype=np.float32)
    pixels = np.stack(np.broadcast_arrays(ramp[None, :], ramp[:200, None], np.float32(0.3)), axis=2)
    data, size = webp(Picture(np.ascontiguousarray(pixels)), 150)
    image = Image.open(io.BytesIO(data))
    assert (image.format, image.size, size) == ("WEBP", (150, 100), (150, 100))
    want = np.asarray(pixels.reshape(100, 2, 150, 2, 3).mean((1, 3)) * 255)
    assert np.abs(np.asarray(image.convert("RGB"), np.float32) - want).mean() < 3


def test_it_is_never_enlarged_and_grey_is_grey() -> None:
    data, size = webp(Picture(np.full((20, 30, 1), 0.5, np.float32)), 500)
    assert size == (30, 20)
    assert np.ptp(np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))[5, 5]) <= 2


def test_transparency_is_kept() -> None:
    alpha = np.zeros((20, 20), np.float32)
    alpha[:10] = 1
    data, _ = webp(Picture(np.full((20, 20, 3), 0.5, np.float32), alpha))
    seen = np.asarray(Image.open(io.BytesIO(data)).convert("RGBA"))[..., 3]
    assert seen[2].mean() > 250
    assert seen[17].mean() < 5


@pytest.mark.parametrize("quality", [1, 100])
def test_any_quality(quality: int) -> None:
    assert webp(Picture(np.zeros((4, 4, 3), np.float32)), quality=quality)[0][8:12] == b"WEBP"
