"""A dream for every frame."""

from __future__ import annotations

import numpy as np
import pytest

from reverie.live.dreamer.glide import scaled
from reverie.live.dreamer.keyframe import live_recipe, live_session
from reverie.live.dreamer.live_camera import LiveCamera
from reverie.live.dreamer.shimmer import SHARE, Shimmer

SIZE = (256, 144)


@pytest.mark.slow
def test_its_layer_neither_grows_nor_drifts() -> None:
    recipe = live_recipe(SIZE)
    shimmer = Shimmer(recipe, live_session(recipe), SIZE, 25.0, -1)
    camera = LiveCamera(SIZE, 25.0)
    chance = np.random.default_rng(0)
    below = np.clip(chance.normal(0.45, 0.15, (72, 128, 3)), 0, 1).astype(np.float32)
    sizes = []
    for frame in range(40):
        way = scaled(camera.between(max(0, frame - 1), frame), SHARE)
        layer = shimmer.advance(below, way, frame, recipe.objective[-1])
        sizes.append(float(np.sqrt(np.square(layer).mean())))
        assert abs(float(layer.mean())) < 0.01
    assert 0.005 < sizes[-1] < 0.08
    assert max(sizes[20:]) < 1.4 * min(sizes[20:])
    shimmer.clear(70)
    assert not shimmer.layer.any()
