"""What comes into view at the edges of a film: found, aged, and dreamt on without a pattern."""

from __future__ import annotations

import numpy as np
import pytest

from reverie.ascent.session import Session
from reverie.motion.film.entering import (
    BESIDE,
    FOR_A_PIXEL,
    GIVES_WAY,
    LEAST,
    STAYS,
    entered,
    newness,
    outside,
    uncovered_within,
)
from reverie.motion.film.film import film
from reverie.motion.film.flow import Motion, grid
from reverie.recipe.presets.preset import preset
from support import known_motion

SIZE = HEIGHT, WIDTH = 20, 30


def panned(right: float, down: float = 0.0) -> Motion:
    """The view goes to the right and down by so many pixels."""
    return Motion(grid(*SIZE) + np.array([right, down], np.float32), np.ones(SIZE, np.float32))


def test_what_lies_beyond_the_frame_is_outside_and_one_pixel_more() -> None:
    expected = np.zeros(SIZE)
    expected[:, WIDTH - 4 :] = 1  # three columns came in
    assert np.array_equal(outside(panned(3)), expected)
    assert np.array_equal(outside(panned(-3)), expected[:, ::-1])
    assert np.array_equal(outside(panned(0, -1)), np.arange(HEIGHT)[:, None] < np.full(WIDTH, 2))
    assert outside(panned(0)).max() == 0
    assert outside(panned(0.35))[0, -2:] == pytest.approx(
        0.5, abs=1e-5
    )  # half a share of what counts as wholly


def test_the_rim_along_it_is_not_uncovered_too() -> None:
    motion = panned(3)
    within = uncovered_within(motion, outside(motion))
    assert (within[:, : WIDTH - 10] == 1).all()
    assert (within[:, WIDTH - 6 :] == 0).all()
    assert np.array_equal(uncovered_within(panned(0), outside(panned(0))), np.ones(SIZE))


def test_what_came_in_grows_old() -> None:
    out = outside(panned(0))
    before = np.full(SIZE, 0.5, np.float32)
    came, kept = entered(before, out)
    assert came == pytest.approx(STAYS * 0.5)
    assert (kept == 1).all()
    assert entered(None, out)[0].max() == 0


def test_what_was_dreamt_long_ago_gives_way_beside_it() -> None:
    """Against a loop over columns, whose distance from what came in is their count."""
    motion = panned(3)
    came, kept = entered(None, outside(motion))
    for column in range(WIDTH):
        far = WIDTH - 4 - column
        beside = min(1.0, max(0.0, 1 - far / BESIDE))
        assert came[:, column] == pytest.approx(1 if far <= 0 else beside, abs=1e-3)
        assert kept[:, column] == pytest.approx(0 if far <= 0 else 1 - GIVES_WAY * beside, abs=1e-3)
    lately = entered(np.ones(SIZE, np.float32), outside(motion))[1]
    assert lately[:, : WIDTH - 4].min() > 0.99


@pytest.mark.parametrize("speed", [0.5, 4.0, 50.0])
def test_it_is_as_new_as_the_motion_is_fast(speed: float) -> None:
    came = np.random.default_rng(0).random(SIZE, np.float32)
    gain = min(1.0, max(LEAST, FOR_A_PIXEL * speed))
    assert newness(came, panned(0.6 * speed, 0.8 * speed)) == pytest.approx(came * gain, rel=1e-5)


def likeness(plane: np.ndarray, lag: int, axis: int) -> float:
    here, there = np.split(plane, [plane.shape[axis] - lag], axis)[0], np.split(plane, [lag], axis)[1]
    return float(np.corrcoef(here.ravel(), there.ravel())[0, 1])


@pytest.mark.slow
def test_what_a_pan_brings_in_has_no_period_of_twice_the_motion() -> None:
    """The columns that it brings in are no more alike along the motion than across it."""
    speed, count = 3, 16
    views = [known_motion.camera(150 + speed * k, 200, 1.0) for k in range(count)]
    frames = known_motion.moving("coffee", views, (160, 112)).frames
    settings = preset("classic", steps=(6,), octaves=2, film={})
    *_, last = film(settings, known_motion.Reel(frames), session=Session(settings))
    change = (last.rgb.astype(float) - frames[-1]).mean(-1)[:, -speed * (count - 1) :]
    along, across = (np.mean([likeness(change, 2 * speed * k, axis) for k in (1, 2, 3)]) for axis in (1, 0))
    assert along < across + 0.08
    assert last.state.entered is not None
