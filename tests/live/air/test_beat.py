"""So many frames a second by the clock, whatever the frames that come do."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reverie.live.air.beat import AHEAD, BEHIND, Beat

FPS = 25


def run(comes: list[float], until: float, cost: float = 0.008) -> tuple[Beat, list[float], int]:
    """A clock of our own: when each frame was encoded, and how many of those that came were."""
    now, line, beat, done, taken = comes[0], list(comes), None, [], 0
    while now < until:
        there = 0
        while line and line[0] <= now:
            line.pop(0)
            there += 1
        if there and (beat is None or beat.takes(now)):
            beat = beat or Beat(FPS, now)
            beat.came(now)
            done.append(now)
            taken += 1
            now += cost
        elif beat is not None and beat.overdue(now):
            beat.repeated(now)
            done.append(now)
            now += cost
        else:
            now += beat.nap(now) if beat else 0.001
    assert beat is not None
    return beat, done, taken


def steady(seconds: float, begin: float = 0.0, jitter: float = 0.0) -> list[float]:
    chance = random.Random(1)
    return [begin + n / FPS + chance.uniform(0, jitter) for n in range(round(seconds * FPS))]


def test_frames_in_time_are_each_encoded_once_and_at_once() -> None:
    comes = steady(20)
    beat, done, taken = run(comes, 20)
    assert (beat.repeats, taken) == (0, len(comes))
    assert max(d - c for c, d in zip(comes, done, strict=True)) < 0.004


@pytest.mark.slow
@given(st.floats(0, 0.012), st.floats(0, 1))
def test_a_little_jitter_repeats_nothing(jitter: float, phase: float) -> None:
    comes = steady(10, phase, jitter)
    beat, _, taken = run(comes, phase + 10)
    assert beat.repeats <= 1
    assert taken >= len(comes) - 1


def test_without_frames_the_last_one_goes_on_at_the_same_rate() -> None:
    beat, done, _ = run(steady(2), 12)
    assert abs(beat.count - 12 * FPS) <= 2
    gaps = [b - a for a, b in itertools.pairwise(done)]
    assert max(gaps) < 1.75 / FPS


@pytest.mark.slow
@given(st.lists(st.tuples(st.floats(0.05, 3), st.floats(0.05, 3)), min_size=1, max_size=5))
def test_the_count_is_the_clocks_whatever_comes(times: list[tuple[float, float]]) -> None:
    """Frames for a while, none for a while, and then with another phase."""
    now, comes = 0.0, []
    for with_frames, without in times:
        comes += steady(with_frames, now)
        now += with_frames + without
    beat, _, _ = run(comes or [0.0], now)
    assert -AHEAD - 1 <= beat.behind(now) <= BEHIND + 2


def test_frames_that_come_too_fast_are_left_out() -> None:
    beat, _, taken = run([n / 50 for n in range(500)], 10)
    assert taken == pytest.approx(250, abs=3)
    assert beat.count == pytest.approx(250, abs=3)


def test_what_was_lost_for_long_is_not_made_up_for() -> None:
    """Of a machine that slept for a minute."""
    beat = Beat(FPS, 0.0)
    beat.came(0.0)
    count = 0
    while beat.overdue(60.0) and count < 100:
        beat.repeated(60.0)
        count += 1
    assert count <= 2
    assert abs(beat.behind(60.0)) <= 1
