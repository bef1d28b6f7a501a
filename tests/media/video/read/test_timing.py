"""Which frames are taken and how long they last; pace told from rounded clocks."""

from __future__ import annotations

import itertools
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from reverie.media.video.read.timing import Still, even_pace, on_pace, take

PACE = Fraction(1, 25)


def film(durations: list[Fraction], begin: Fraction = Fraction(0)) -> list[Still[int]]:
    stills, at = [], begin
    for i, duration in enumerate(durations):
        stills.append(Still(at, duration, i))
        at += duration
    return stills


LASTING = st.lists(st.integers(1, 60).map(lambda n: Fraction(n, 100)), min_size=1, max_size=40)
BEGIN = st.integers(0, 900).map(lambda n: Fraction(n, 100))


@given(LASTING, BEGIN, st.none() | BEGIN.map(lambda f: f + Fraction(1, 10)), st.integers(1, 5))
def test_a_part_has_no_gaps_and_no_frame_twice(
    durations: list[Fraction], begin: Fraction, length: Fraction | None, every: int
) -> None:
    stills = film(durations)
    end = None if length is None else begin + length
    taken = list(take(stills, begin, end, every, PACE))
    for a, b in itertools.pairwise(taken):
        assert a.time + a.duration == b.time
        assert a.what < b.what
    assert all(still.duration > 0 for still in taken)
    whole = stills[-1].time + stills[-1].duration
    if begin == 0 and end is None:
        assert sum((still.duration for still in taken), Fraction(0)) == whole
        assert [still.what for still in taken] == list(range(0, len(stills), every))
    if taken:
        # Within a frame of what was asked for, at either end.
        assert begin <= taken[0].time <= begin + PACE + Fraction(1, 2000)
        stop = taken[-1].time + taken[-1].duration
        wanted = whole if end is None else min(end, whole)
        assert stop <= wanted + PACE
        assert stop >= wanted


@given(st.integers(1, 30), st.integers(1, 300), st.integers(1, 4), st.integers(0, 200), st.integers(1, 200))
def test_at_an_even_pace_frames_stay_whole(rate: int, count: int, every: int, skip: int, span: int) -> None:
    pace = Fraction(1, rate)
    stills = film([pace] * count)
    taken = list(take(stills, skip * pace, (skip + span) * pace, every, pace))
    assert [still.what for still in taken] == list(range(skip, min(count, skip + span), every))
    assert all(still.duration == every * pace for still in taken[:-1])


def test_a_slide_is_cut_at_both_ends() -> None:
    stills = film([Fraction(5), Fraction(5), Fraction(5)])
    taken = list(take(stills, Fraction(2), Fraction(11), 1, PACE))
    assert [(still.time, still.duration) for still in taken] == [(2, 3), (5, 5), (10, 1)]


@given(
    st.sampled_from([Fraction(n) for n in (8, 12, 24, 25, 30, 50, 60)] + [Fraction(30_000, 1001)]),
    st.sampled_from([Fraction(1, 1000), Fraction(1, 90_000), Fraction(1, 600), Fraction(1, 12_800)]),
    st.integers(2, 200),
    st.integers(0, 5000),
)
@settings(deadline=None)
def test_a_rounded_clock_does_not_hide_an_even_pace(
    rate: Fraction, tick: Fraction, count: int, offset: int
) -> None:
    ticks = [round(offset + i / rate / tick) for i in range(count)]
    found, uneven = even_pace(ticks, tick, [rate])
    assert (found, uneven) == (rate, False)
    assert [on_pace((t - ticks[0]) * tick, rate, tick) for t in ticks] == [i / rate for i in range(count)]
    if count > 50:  # without a word from the header the usual rates are tried
        assert even_pace(ticks, tick, [])[1] is False


@given(st.lists(st.integers(1, 500), min_size=3, max_size=50))
def test_an_uneven_pace_is_seen(gaps: list[int]) -> None:
    gaps = [*gaps, max(gaps) * 3, min(gaps)]
    ticks = [300 * (sum(gaps[:i]) + i) for i in range(len(gaps) + 1)]
    rate, uneven = even_pace(ticks, Fraction(1, 90_000), [Fraction(25)])
    assert uneven
    assert rate > 0


def test_one_frame_is_even() -> None:
    assert even_pace([5, 5, 5], Fraction(1, 1000), [Fraction(24)]) == (24, True)
    assert even_pace([0], Fraction(1, 1000), [None, Fraction(0), Fraction(30)]) == (30, False)
    assert even_pace([0], Fraction(1, 1000), []) == (25, False)
