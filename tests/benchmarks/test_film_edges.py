"""The measure of streaks, on pictures that have some and on pictures that have none."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.film_edges import Shot, along_and_across, brought_in, frames_of, where

SIZE, COUNT = (120, 80), 9
RIGHT = Shot("right", right=6)


def test_what_a_pan_brings_in_is_known() -> None:
    region = brought_in(RIGHT, SIZE, COUNT)
    expected = np.zeros((80, 120), bool)
    expected[:, -48:] = True
    assert np.array_equal(region, expected)
    turned = brought_in(Shot("turn", turn=3), SIZE, COUNT)
    assert turned[0, 0]
    assert not turned[40, 60]


def test_the_camera_moves_as_it_says() -> None:
    smooth = (
        np.random.default_rng(0).integers(0, 256, (12, 18, 3)).astype(np.uint8).repeat(20, 0).repeat(20, 1)
    )
    frames = frames_of(RIGHT, smooth, SIZE, COUNT)
    assert np.abs(frames[0][:, 6:].astype(int) - frames[1][:, :-6]).max() <= 1
    assert where(RIGHT, SIZE, COUNT, COUNT - 2)[5, 7] == pytest.approx((13, 5))


def test_a_mirror_s_period_is_found_and_noise_has_none() -> None:
    rng = np.random.default_rng(1)
    grey = np.full((80, 120, 3), 128, np.uint8)
    noise = rng.integers(0, 100, (80, 120, 1)).astype(np.uint8)
    along, across = along_and_across(RIGHT, grey + noise, grey, COUNT)
    assert abs(along) < 0.06
    assert abs(across) < 0.06
    mirrored = np.tile(np.concatenate([noise[:, :6], noise[:, 5::-1]], 1), (1, 10, 1))
    along, across = along_and_across(RIGHT, grey + mirrored, grey, COUNT)
    assert along > 0.9
    assert abs(across) < 0.1
