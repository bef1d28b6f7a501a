"""What part of a film is asked for, and at what size: checked, and made exact."""

from __future__ import annotations

import math
from collections.abc import Sequence as Row
from dataclasses import dataclass
from fractions import Fraction

from reverie.errors import UsageError
from reverie.media.picture.detect_format import MAX_ASPECT, MIN_SIDE
from reverie.media.video.read.timing import Still, take

_LONGEST = Fraction(10**7)  # seconds, about four months


@dataclass(frozen=True)
class Part:
    """A part of a film.

    Attributes:
        start: Seconds into the film.
        duration: Seconds of it, or None for all the rest.
        every: 1 for each frame, 2 for each second one.
    """

    start: Fraction = Fraction(0)
    duration: Fraction | None = None
    every: int = 1

    @classmethod
    def of(cls, start: Fraction | float | None, duration: Fraction | float | None, every: int) -> Part:
        """The part of these settings.

        Raises:
            UsageError: One is out of its range.
        """
        if isinstance(every, bool) or not isinstance(every, int) or not 1 <= every <= 10_000:
            raise UsageError(f"every: {every!r} is out of range; give a whole number from 1 to 10000")
        return cls(
            Fraction(0) if start is None else exactly("start", start, Fraction(0), _LONGEST),
            None if duration is None else exactly("duration", duration, Fraction(1, 1000), _LONGEST),
            every,
        )


def exactly(name: str, value: Fraction | float, low: Fraction, high: Fraction) -> Fraction:
    """A number that a person typed, as the fraction that was meant.

    Raises:
        UsageError: It is no finite number from low to high.
    """
    exact = Fraction(value).limit_denominator(10**6) if math.isfinite(value) else None
    if exact is None or not low <= exact <= high:
        raise UsageError(
            f"{name}: {float(value):g} is out of range; give a number from {float(low):g} to {float(high):g}"
        )
    return exact


def scaled(full: tuple[int, int], size: tuple[int, int] | None, max_size: int | None) -> tuple[int, int]:
    """(width, height) that a film of this full size is given at.

    Raises:
        UsageError: It would be too small, or too narrow, to dream on.
    """
    chosen = full
    if size is not None:
        chosen = size
    elif max_size is not None and max(full) > max_size:
        chosen = even_size(full, max_size)
    if min(chosen) < MIN_SIDE or max(chosen) > MAX_ASPECT * min(chosen):
        raise UsageError(
            f"{'size' if size is not None else 'max-size'}: {chosen[0]} x {chosen[1]} is out of range; "
            f"the minimum is {MIN_SIDE} pixels a side and the aspect limit {MAX_ASPECT} : 1"
        )
    return chosen


def check_sizes(size: tuple[int, int] | None, max_size: int | None, max_pixels: int) -> None:
    """Refuse sizes that no film can be given at.

    Raises:
        UsageError: One of them is out of range.
    """
    if size is not None and (min(size) < 1 or size[0] * size[1] > max_pixels):
        raise UsageError(f"size: {size[0]} x {size[1]} is out of range; the limit is {max_pixels} pixels")
    if max_size is not None and max_size < MIN_SIDE:
        raise UsageError(f"max-size: {max_size} is out of range; the minimum is {MIN_SIDE} pixels")


def even_size(size: tuple[int, int], max_size: int | None = None) -> tuple[int, int]:
    """(width, height) with even sides, as most codecs want, in the same shape within two pixels.

    Args:
        size: (width, height).
        max_size: The longer side at most; None leaves the scale.
    """
    scale = 1.0 if max_size is None else min(1.0, max_size / max(size))
    most = max(size) if max_size is None else min(max(size), max_size)
    width, height = (max(2, min(2 * round(side * scale / 2), most // 2 * 2)) for side in size)
    return width, height


def pixel_aspect(aspect: Fraction, full: tuple[int, int], size: tuple[int, int]) -> Fraction:
    """The shape of a pixel after scaling, so that the film keeps its own; rounding to pixels is no change."""
    exact = Fraction(full[0] * size[1], full[1] * size[0])
    if abs(exact - 1) * min(size) <= 2:
        return aspect
    return aspect * exact


def measured(
    times: Row[Fraction], last: Fraction, rate: Fraction, span: tuple[Fraction, Fraction | None], every: int
) -> tuple[Fraction, int]:
    """(seconds, frames) of a part, from the times of all frames.

    Args:
        times: Seconds of each frame on the file's clock.
        last: Seconds that the last one lasts.
        rate: Nominal frames a second of the film.
        span: (begin, end) on the file's clock.
        every: 1 for each frame.
    """
    stills = (Still(time, last, None) for time in times)
    taken = list(take(stills, *span, every, 1 / rate))
    if not taken:
        return Fraction(0), 0
    return taken[-1].time + taken[-1].duration - taken[0].time, len(taken)
