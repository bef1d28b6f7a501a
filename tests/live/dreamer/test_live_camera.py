"""How the view of the show moves."""

from __future__ import annotations

import cmath
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reverie.live.dreamer.live_camera import LiveCamera
from reverie.live.dreamer.protocol import MoveCamera

SIZE = (1024, 576)


def asked(**said: object) -> MoveCamera:
    return MoveCamera.model_validate(said)


def steps(camera: LiveCamera, first: int, count: int) -> list[tuple[complex, complex]]:
    """Factor and offset of each step."""
    ways = [camera.between(k, k + 1) for k in range(first, first + count)]
    return [(way.factor, way.offset) for way in ways]


def test_what_is_asked_for_is_what_comes_in_the_end() -> None:
    camera = LiveCamera(SIZE, 25.0)
    camera.ask(asked(zoom=1.2, turn=6, pan_x=0.02, pan_y=-0.01))
    camera.between(0, 250)
    way = camera.between(250, 275)
    assert way.zoom == pytest.approx(1.2, rel=1e-4)
    assert way.turn == pytest.approx(6, rel=1e-4)
    still = LiveCamera(SIZE, 25.0)
    still.ask(asked(zoom=1, turn=0, pan_x=0.02, pan_y=-0.01))
    still.between(0, 250)
    assert still.between(250, 275).offset == pytest.approx(complex(0.02 * 1024, -0.01 * 576), rel=1e-4)


@given(
    st.lists(
        st.tuples(
            st.integers(1, 60), st.floats(0.5, 2), st.floats(-200, 200), st.floats(-1, 1), st.floats(-1, 1)
        ),
        min_size=1,
        max_size=5,
    )
)
@settings(max_examples=30)
def test_it_never_jumps_whatever_is_asked_and_when(
    orders: list[tuple[int, float, float, float, float]],
) -> None:
    """From one frame to the next a speed changes by no more than two soft filters let through."""
    camera = LiveCamera(SIZE, 25.0)
    found, frame = [], 0
    for frames, zoom, turn, right, down in orders:
        found += steps(camera, frame, frames)
        frame += frames
        camera.ask(asked(zoom=zoom, turn=turn, pan_x=right, pan_y=down))
    found += steps(camera, frame, 100)
    zooms = np.diff([-math.log(abs(factor)) for factor, _ in found])
    turns = np.diff([-math.degrees(cmath.phase(factor)) for factor, _ in found])
    pans = np.diff([offset for _, offset in found])
    # The steepest rise of two filters of 0.4 s in a row, a frame: 0.0369 of the whole change.
    share = 0.04
    assert np.abs(zooms).max(initial=0) <= share * 2 * math.log(2) / 25 + 1e-9
    assert np.abs(turns).max(initial=0) <= share * 400 / 25 + 1e-6
    assert np.abs(pans).max(initial=0) <= share * 2 * (1024 + 576) / 25


def test_what_is_decided_stays() -> None:
    """A picture that was dreamt for a later frame is seen there, whatever is asked meanwhile."""
    camera = LiveCamera(SIZE, 25.0)
    before = camera.between(0, 40)
    camera.ask(asked(zoom=2, turn=90))
    assert camera.between(0, 40) == before
    assert camera.between(0, 41) != before


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))
def test_ways_add_up(first: int, more: int, yet_more: int) -> None:
    camera = LiveCamera(SIZE, 25.0)
    middle, last = first + more, first + more + yet_more
    whole = camera.between(first, last)
    parts = camera.between(first, middle).then(camera.between(middle, last))
    assert abs(whole.factor - parts.factor) < 1e-12
    assert abs(whole.offset - parts.offset) < 1e-9


def test_curves_begin_again() -> None:
    camera = LiveCamera(SIZE, 25.0)
    camera.ask(asked(turn="0s:10, 2s:10, 2.1s:-10, 4s:-10", zoom=1, pan_x=0, pan_y=0, repeat=4))
    camera.between(0, 2000)
    turns = [camera.between(k, k + 1).turn for k in range(1000, 1100)]
    again = [camera.between(k, k + 1).turn for k in range(1400, 1500)]
    assert turns == pytest.approx(again, abs=1e-6)
    assert max(turns) > 0 > min(turns)


def test_it_comes_to_rest() -> None:
    camera = LiveCamera(SIZE, 25.0)
    camera.between(0, 50)
    camera.rests = True
    camera.between(50, 400)
    assert camera.between(400, 500).zoom == pytest.approx(1, abs=1e-6)


def test_it_goes_on_where_it_was_kept() -> None:
    camera = LiveCamera(SIZE, 25.0)
    camera.ask(asked(zoom=1.3, turn="0s:0, 30s:20", repeat=60))
    camera.between(0, 123)
    twin = LiveCamera(SIZE, 25.0)
    twin.load_state_dict(camera.state_dict())
    assert steps(twin, 123, 200) == steps(camera, 123, 200)


def test_it_keeps_no_more_than_it_needs() -> None:
    camera = LiveCamera(SIZE, 25.0)
    camera.between(0, 10_000)
    assert len(camera._steps) == 2000
