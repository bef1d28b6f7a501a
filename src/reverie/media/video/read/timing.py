"""When frames are shown: which are taken, how long each lasts, and whether they come at an even pace."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Generic, TypeVar

T = TypeVar("T")

# A time that a person types, or that a container rounds to its clock, is the frame's own within this.
SLACK = Fraction(1, 2000)
_WHOLE = (24, 25, 30, 50, 60, 12, 15, 10, 20, 48, 100, 120, 240)


@dataclass(frozen=True)
class Still(Generic[T]):
    """A frame before it is chosen.

    Attributes:
        time: Seconds on the file's clock.
        duration: Seconds it says it lasts; only the last one's counts.
        what: What is to become the picture.
    """

    time: Fraction
    duration: Fraction
    what: T


def take(
    stills: Iterable[Still[T]], begin: Fraction, end: Fraction | None, every: int, pace: Fraction
) -> Iterator[Still[T]]:
    """Each Nth frame between two times, lasting until the next one taken.

    Frames are whole at an even pace. A longer one (a slide that stands for seconds) is cut where the part
    begins or ends, so that none of it is lost and the part is as long as was asked for.

    Args:
        stills: In order of time.
        begin: Seconds on the same clock.
        end: Seconds on the same clock, or None for all.
        every: 1 for each frame.
        pace: Seconds that a frame lasts as a rule.
    """
    inside = _between(stills, begin, end, pace)
    kept: Still[T] | None = None
    last: Still[T] | None = None
    for count, still in enumerate(inside):
        if count % every == 0:
            if kept is not None:
                yield Still(kept.time, still.time - kept.time, kept.what)
            kept = still
        last = still
    if kept is not None and last is not None:
        yield Still(kept.time, last.time + last.duration - kept.time, kept.what)


def _between(
    stills: Iterable[Still[T]], begin: Fraction, end: Fraction | None, pace: Fraction
) -> Iterator[Still[T]]:
    """The frames that are shown between two times, each lasting until the next."""
    for still in _lasting(stills):
        stop = still.time + still.duration
        if end is not None and still.time >= end - SLACK:
            return
        if still.time < begin - SLACK:
            if stop - begin <= pace + SLACK:
                continue
            still = Still(begin, stop - begin, still.what)
        if end is not None and stop > end + pace:
            still = Still(still.time, end - still.time, still.what)
        yield still


def _lasting(stills: Iterable[Still[T]]) -> Iterator[Still[T]]:
    before: Still[T] | None = None
    for still in stills:
        if before is not None:
            yield Still(before.time, still.time - before.time, before.what)
        before = still
    if before is not None:
        yield before


def even_pace(ticks: Sequence[int], tick: Fraction, said: Iterable[Fraction | None]) -> tuple[Fraction, bool]:
    """(frames a second, whether the frames are unevenly spaced).

    Args:
        ticks: Times of all frames on the container's clock, rising, at least one; each may be rounded.
        tick: Seconds of that clock.
        said: The rates its header states, most trusted first.
    """
    named = [rate for rate in said if rate is not None and rate > 0]
    if ticks[-1] == ticks[0]:
        return (named[0] if named else Fraction(25)), len(ticks) > 1
    mean = (len(ticks) - 1) / ((ticks[-1] - ticks[0]) * tick)
    whole = [Fraction(n) for n in _WHOLE if abs(n - mean) * 50 < mean]
    broadcast = [Fraction(n * 1000, 1001) for n in (24, 30, 60, 120)]
    for rate in (*named[:1], *whole, *named[1:], *broadcast, mean.limit_denominator(1001)):
        one = rate * tick  # frames a tick; no time is more than a tick from its frame's
        off = (abs((at - ticks[0]) * one.numerator - i * one.denominator) for i, at in enumerate(ticks))
        if all(distance <= one.numerator for distance in off):
            return rate, False
    return mean.limit_denominator(1001), True


def on_pace(time: Fraction, rate: Fraction, tick: Fraction) -> Fraction:
    """The multiple of a frame that a clock has rounded to this time, or the time as it is.

    Args:
        time: Seconds from the first frame.
        rate: Frames a second.
        tick: Seconds of the clock.
    """
    exact = round(time * rate) / rate
    return exact if exact > 0 and abs(exact - time) <= tick and 2 * tick < 1 / rate else time
