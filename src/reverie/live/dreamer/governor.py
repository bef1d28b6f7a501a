"""How much is dreamt: as much as the machine can do while every frame comes in time.

The frames that are shown go first. Where they are no longer ready well ahead of their time, what is dreamt
between them gets smaller; only at the smallest is a frame ever shown twice.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

#: Frames that are to lie ready ahead of their time.
AHEAD: Final = 6
#: With so many or fewer ready the next look is the smallest there is, and the dreamer waits between steps.
HURRY: Final = 1
#: The smallest look, as a share of the picture's sides, and by how much looks grow and shrink at once.
SMALLEST, GROWS, SHRINKS = 0.35, 1.2, 0.8
#: The same of the looks of single frames: the smallest, how much they shrink with a frame and grow with one.
QUICKEST, QUICKENS, SLOWS = 0.6, 0.95, 1.005
#: Seconds from keyframe to keyframe: no fewer than the first, and no more than the second as long as looks
#: can be smaller instead.
SOON, LATEST = 0.48, 0.9
#: Looks grow again only while they would still take less than this share of the latest, and only if that is
#: more than nothing to speak of.
EASY, WORTH = 0.95, 1.02
#: The work of a step with the largest looks in all octaves but the largest, and of one in that; 1 is a
#: keyframe of two steps and one.
SMALLER, LARGEST = 0.26, 0.48
#: How much of the estimate of a keyframe's time is kept when the next one is measured.
KEPT: Final = 0.6
#: The most steps of an octave, beyond those that a frame of a zoom has, where there is time to spare.
MOST_STEPS: Final = 4


@dataclass
class Governor:
    """What the machine was seen to do, and what follows.

    Attributes:
        look: Sides of the looks as a share of the picture's, ``SMALLEST`` to 1.
        steps: Steps in each octave of a keyframe but the largest, ``least`` to ``MOST_STEPS``.
        full: Seconds that a keyframe with the largest looks and the fewest steps is expected to take.
        least: The fewest of them.
        quick: Sides of the looks of single frames as a share of the usual ones, ``QUICKEST`` to 1.
    """

    look: float = 1.0
    steps: int = 2
    full: float = 0.8
    least: int = 2
    quick: float = 1.0

    def dreamt(self, seconds: float, work: float) -> None:
        """A keyframe took ``seconds``; it was so many times the work of one with the largest looks."""
        full = seconds / work
        self.full = KEPT * self.full + (1 - KEPT) * full if full < 4 * self.full else full
        if self.seconds > LATEST:
            if self.steps > self.least:
                self.steps = self.least
            else:
                self._look(self.look * max(SHRINKS, math.sqrt(LATEST / self.seconds)))
        elif self.look < 1:
            easy = math.sqrt(EASY * LATEST / (self.full * work_of(1, self.steps)))
            grown = min(1.0, self.look * GROWS, easy)
            if grown > self.look * WORTH or grown == 1:
                self.look = grown
        elif self.steps < MOST_STEPS and self.full * work_of(1, self.steps + 1) < SOON:
            self.steps += 1
        elif self.steps > self.least and self.seconds > SOON:
            self.steps -= 1

    def ahead(self, frames: int) -> None:
        """Before a frame is shown: so many lie ready, that one included."""
        if frames < AHEAD / 2:
            self.steps = self.least
            self._look(SMALLEST if frames <= HURRY else self.look * SHRINKS)
            self.quick = QUICKEST if frames <= HURRY else max(QUICKEST, self.quick * QUICKENS)
        elif frames >= AHEAD - 1:
            self.quick = min(1.0, self.quick * SLOWS)

    @property
    def smallest(self) -> bool:
        """Whether looks cannot get any smaller: a frame may be shown twice only now."""
        return self.look <= SMALLEST

    @property
    def seconds(self) -> float:
        """What the next keyframe is expected to take."""
        return self.full * work_of(self.look, self.steps)

    @property
    def gap(self) -> float:
        """Seconds from one keyframe to the next."""
        return max(SOON, self.seconds)

    def _look(self, look: float) -> None:
        self.look = min(1.0, max(SMALLEST, look))


def work_of(look: float, steps: int, largest: int | None = None) -> float:
    """The work of a keyframe, 1 with the largest looks and the fewest steps.

    Args:
        look: Sides of its looks as a share of the picture's.
        steps: Steps in each octave but the largest.
        largest: In that; one less, if nothing is said.
    """
    return look * look * (SMALLER * steps + LARGEST * (max(1, steps - 1) if largest is None else largest))
