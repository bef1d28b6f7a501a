"""Where sound belongs: on the film's clock, without gaps, and nothing from outside of it."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest

from reverie.media.video.read.placement import Placement, without_gaps

RATE = 8000


def frame(
    value: float, pts: int | None, count: int = 800, kind: str = "flt", layout: str = "mono"
) -> av.AudioFrame:
    """A frame of one value, at a time in samples."""
    channels = av.AudioLayout(layout).nb_channels
    planes = (channels, count) if kind.endswith("p") else (1, count * channels)
    types = {"u8": np.uint8, "s16": np.int16, "flt": np.float32, "fltp": np.float32}
    found = av.AudioFrame.from_ndarray(np.full(planes, value, types[kind]), kind, layout)
    found.sample_rate, found.time_base, found.pts = RATE, Fraction(1, RATE), pts
    return found


def placed(placement: Placement, frames: list[av.AudioFrame]) -> list[tuple[int, int, float]]:
    """(begin, samples, first value) of what comes out."""
    out = [each for one in frames for each in placement.put(one)]
    return [(each.pts, each.samples, float(each.to_ndarray()[0, 0])) for each in out]


def test_what_is_in_its_place_stays_as_it_is() -> None:
    frames = [frame(1, 800), frame(2, 1605), frame(3, 2400)]  # a clock may be off by a little
    assert placed(Placement(Fraction(0), None), frames) == [(800, 800, 1), (1605, 800, 2), (2400, 800, 3)]


@pytest.mark.parametrize(
    ("kind", "layout", "still"),
    [("flt", "mono", 0), ("fltp", "5.1", 0), ("s16", "stereo", 0), ("u8", "stereo", 128)],
)
def test_a_gap_is_silent(kind: str, layout: str, still: int) -> None:
    frames = [frame(9, 0, kind=kind, layout=layout), frame(7, 2400, kind=kind, layout=layout)]
    assert placed(Placement(Fraction(0), None), frames) == [(0, 800, 9), (800, 1600, still), (2400, 800, 7)]


def test_a_gap_of_hours_is_taken_as_it_is() -> None:
    frames = [frame(1, 0), frame(2, RATE * 100_000)]
    assert placed(Placement(Fraction(0), None), frames) == [(0, 800, 1), (RATE * 100_000, 800, 2)]


def test_what_was_heard_already_is_left_out() -> None:
    frames = [frame(1, 0), frame(2, 0), frame(3, 400), frame(4, 1200)]
    assert placed(Placement(Fraction(0), None), frames) == [(0, 800, 1), (800, 400, 3), (1200, 800, 4)]


def test_what_is_outside_of_the_film_is_left_out() -> None:
    frames = [frame(n, 800 * n) for n in range(10)]
    found = placed(Placement(Fraction(1, 4), Fraction(1, 2)), frames)
    assert found == [(0, 400, 2), (400, 800, 3), (1200, 800, 4), (2000, 800, 5)]  # a tenth more at the end
    found = placed(Placement(Fraction(-1, 10), None), frames[:2])
    assert found == [(800, 800, 0), (1600, 800, 1)]


def test_frames_without_a_time_follow_each_other() -> None:
    frames = [frame(1, None), frame(2, None), frame(3, None)]
    assert placed(Placement(Fraction(3), None), frames) == [(0, 800, 1), (800, 800, 2), (1600, 800, 3)]


def test_rough_times_skip_no_piece_but_longer_gaps() -> None:
    frames = [frame(1, 0), frame(2, 1600), frame(3, 2400), frame(4, 6400)]
    found = placed(Placement(Fraction(0), None, rough=True), frames)
    assert found == [(0, 800, 1), (800, 800, 2), (1600, 800, 3), (2400, 3200, 0), (5600, 800, 4)]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30])
def test_what_is_no_number_is_silent(value: float) -> None:
    (found,) = Placement(Fraction(0), None).put(frame(value, 0, kind="fltp", layout="stereo"))
    assert not found.to_ndarray().any()
    (found,) = Placement(Fraction(0), None).put(frame(1.5, 0))
    assert (found.to_ndarray() == 1.5).all()


def test_gaps_are_filled_wherever_sound_is_heard() -> None:
    frames = [frame(1, 800), frame(2, 1700), frame(3, 4900), frame(4, None), frame(5, 5000)]
    found = [(each.samples, float(each.to_ndarray()[0, 0])) for each in without_gaps(frames)]
    assert found == [(800, 1), (800, 2), (2400, 0), (800, 3), (800, 4), (800, 5)]
