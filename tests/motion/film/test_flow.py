"""Motion between frames, against motion that is known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from reverie.motion.film.flow import between, filled, grid
from support import known_motion


@pytest.mark.parametrize("make", [known_motion.pan, known_motion.zoom])
@pytest.mark.parametrize(("quality", "most"), [("fast", 0.3), ("medium", 0.1), ("fine", 0.1)])
def test_a_camera_s_motion_is_found(make, quality, most):
    film = make(3)
    motion = between(film.frames[0], film.frames[1], quality)
    apart = np.hypot(*(motion.field - film.fields[0]).transpose(2, 0, 1))[film.seen[0]]
    assert np.median(apart) < most
    assert np.percentile(apart, 95) < 4 * most
    assert motion.uncovered[film.seen[0]].mean() < 0.08


def test_what_comes_in_at_the_edge_is_uncovered():
    film = known_motion.moving("astronaut", [known_motion.camera(200 + 12 * i, 200, 1.0) for i in range(2)])
    motion = between(film.frames[0], film.frames[1])
    assert motion.uncovered[:, -10:].mean() > 0.95
    assert motion.uncovered[:, :-20].mean() < 0.05


def test_what_an_object_has_left_is_uncovered_and_the_rest_is_not():
    film = known_motion.occlusion(3, speed=10)
    motion = between(film.frames[1], film.frames[2])
    hidden = cv2.erode((~film.seen[1]).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0  # without the rim
    assert hidden.sum() > 200
    assert motion.uncovered[hidden].mean() > 0.8
    assert motion.uncovered[film.seen[1]].mean() < 0.05
    assert motion.share < 0.1


def test_nothing_moves_in_a_still_with_noise():
    still = known_motion.moving("coffee", [known_motion.camera(300, 200, 1.2)] * 2).frames
    rng = np.random.default_rng(0)
    noisy = [np.clip(f + rng.normal(0, 2, f.shape), 0, 255).astype(np.uint8) for f in still]
    motion = between(*noisy)
    apart = np.abs(motion.field - grid(*noisy[0].shape[:2]))
    assert np.median(apart) < 0.02
    assert np.percentile(apart, 95) < 0.35
    assert motion.share < 0.02


def test_a_lamp_that_is_switched_on_uncovers_nothing():
    film = known_motion.pan(2)
    darker = (film.frames[0] * 0.6).astype(np.uint8)
    assert between(darker, film.frames[1]).share < 0.1


def test_it_is_the_same_whatever_the_threads():
    film = known_motion.zoom(2)
    before = cv2.getNumThreads()
    motions = []
    for threads in (1, 4):
        cv2.setNumThreads(threads)
        motions.append(between(*film.frames))
        assert cv2.getNumThreads() == threads
    cv2.setNumThreads(before)
    assert np.array_equal(motions[0].field, motions[1].field)
    assert np.array_equal(motions[0].uncovered, motions[1].uncovered)


@pytest.mark.parametrize("size", [(33, 47), (64, 480), (272, 640), (361, 641)])
def test_any_size_will_do(size):
    height, width = size
    picture = cv2.resize(known_motion.photo("astronaut"), (width, height), interpolation=cv2.INTER_AREA)
    motion = between(picture, np.roll(picture, 2, 1))
    assert motion.field.shape == (height, width, 2)
    assert motion.uncovered.shape == (height, width)
    assert 0 <= motion.uncovered.min() <= motion.uncovered.max() <= 1
    assert motion.field.dtype == motion.uncovered.dtype == np.float32


def test_what_is_sure_stays_and_a_hole_is_filled_from_around():
    y, x = np.mgrid[:64, :96].astype(np.float32)
    true = np.stack([3 + 0.01 * x, -2 + 0.02 * y], -1)
    sure = np.ones((64, 96), np.float32)
    sure[20:44, 30:60] = 0
    wrong = np.where(sure[..., None] > 0, true, 50).astype(np.float32)
    whole = filled(wrong, sure)
    assert np.abs(whole - true)[sure > 0].max() < 0.1
    assert np.abs(whole - true).max() < 0.6
