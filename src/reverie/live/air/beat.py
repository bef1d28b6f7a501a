"""When frames are encoded: as they come, again where none comes, so many a second by the clock."""

from __future__ import annotations

from typing import Final

#: Share of a frame's time for which a frame that is due is waited for.
GRACE: Final = 0.6
#: Frames by which the count may be behind the clock, or before it.
BEHIND: Final = 1.7
AHEAD: Final = 1.0
#: Seconds behind after which what was lost is lost.
LOST: Final = 1.0
#: Seconds between two looks for a frame, when one is due and when not.
LOOK: Final = 0.0015
NAP: Final = 0.01


class Beat:
    """Keeps count of frames against the clock.

    Frames come from a process with a clock of its own, as many a second. Each is encoded when it comes. One
    that does not come in time is replaced by the one before; one too many is left out.

    Args:
        fps: Frames a second.
        now: The time of the first frame, in seconds.
    """

    def __init__(self, fps: int, now: float) -> None:
        self.period = 1 / fps
        self._first, self._last = now, now - self.period
        #: Frames until now, and those of them that were the one before again.
        self.count = self.repeats = 0

    def behind(self, now: float) -> float:
        """Frames that should be there by now and are not; below 0 where there are too many."""
        return (now - self._first) / self.period + 1 - self.count

    def takes(self, now: float) -> bool:
        """Whether a frame that has come is encoded; else a later one takes its place."""
        return self.behind(now) > -AHEAD

    def overdue(self, now: float) -> bool:
        """Whether the frame before is to be encoded again."""
        return now >= self._last + (1 + GRACE) * self.period or self.behind(now) > 1 + BEHIND

    def came(self, now: float) -> None:
        """A new frame is encoded."""
        self._last = now
        self._counted(now)

    def repeated(self, now: float) -> None:
        """The one before is encoded again."""
        self._last = min(now, self._last + self.period)
        self.repeats += 1
        self._counted(now)

    def _counted(self, now: float) -> None:
        self.count += 1
        if self.behind(now) * self.period > LOST:
            self._first = now - (self.count - 1) * self.period
            self._last = now

    def nap(self, now: float) -> float:
        """Seconds until the next look."""
        left = self._last + self.period - now
        return LOOK if left <= 2 * LOOK else min(NAP, left - LOOK)
