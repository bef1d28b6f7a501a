"""How much is dreamt: as much as the machine can do while every frame comes in time.

The frames that are shown go first. Where they are no longer ready well ahead of their time, what is dreamt
between them gets smaller; only at the smallest is a frame ever shown twice.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

#: Frames that are to lie ready ahead of their time.
AHEAD: Final = 4
#: With so many or fewer ready the next look is the smallest there is, and the dreamer waits between steps.
HURRY: Final = 1
#: The smallest look, as a share of the picture's sides, and by how much looks grow and shrink at once.
SMALLEST, GROWS, SHRINKS = 0.35, 1.12, 0.8
#: Seconds from keyframe to keyframe: no fewer than the first, and no more than the second as long as looks
#: can be smaller instead.
SOON, LATEST = 0.48, 0.85
#: Looks grow again only while they would still take less than this share of the latest.
EASY: Final = 0.85
#: How much of the estimate of a keyframe's time is kept when the next one is measured.
KEPT: Final = 0.6
#: The most steps of an octave, beyond those that a frame of a zoom has, where there is time to spare.
MOST_STEPS: Final = 4


@dataclass
class Governor:
    """What the machine was seen to do, and what follows.

    Attributes:
        look: Sides of the looks as a share of the picture's, ``SMALLEST`` to 1.
        steps: Steps in each octave of a keyframe, ``least`` to ``MOST_STEPS``.
        seconds: What the next keyframe is expected to take.
        least: Steps of a frame of a zoom.
    """

    look: float = 1.0
    steps: int = 2
    seconds: float = 0.6
    least: int = 2

    def dreamt(self, seconds: float, look: float, steps: int) -> None:
        """A keyframe of a look and so many steps took ``seconds``."""
        scaled = seconds * self._cost(self.look, self.steps) / self._cost(look, steps)
        self.seconds = KEPT * self.seconds + (1 - KEPT) * scaled if scaled < 4 * self.seconds else scaled
        if self.seconds > LATEST:
            if self.steps > self.least:
                self._set(self.look, self.least)
            else:
                self._set(self.look * max(SHRINKS, math.sqrt(LATEST / self.seconds)), self.steps)
        elif self.look < 1:
            grown = min(1.0, self.look * GROWS)
            if self.seconds * self._cost(grown, self.steps) < EASY * LATEST * self._cost(
                self.look, self.steps
            ):
                self._set(grown, self.steps)
        elif self.steps < MOST_STEPS and self.seconds * (self.steps + 1) / self.steps < SOON:
            self._set(1.0, self.steps + 1)
        elif self.steps > self.least and self.seconds > SOON:
            self._set(1.0, self.steps - 1)

    def ahead(self, frames: int) -> None:
        """Before a frame is shown: so many lie ready, that one included."""
        if frames <= HURRY:
            self._set(SMALLEST, self.least)
        elif frames < AHEAD / 2:
            self._set(self.look * SHRINKS, self.least)

    @property
    def smallest(self) -> bool:
        """Whether looks cannot get any smaller: a frame may be shown twice only now."""
        return self.look <= SMALLEST

    @property
    def gap(self) -> float:
        """Seconds from one keyframe to the next."""
        return max(SOON, self.seconds)

    def _cost(self, look: float, steps: int) -> float:
        return look * look * steps

    def _set(self, look: float, steps: int) -> None:
        """Change both; what a keyframe is expected to take goes with them."""
        look = min(1.0, max(SMALLEST, look))
        self.seconds *= self._cost(look, steps) / self._cost(self.look, self.steps)
        self.look, self.steps = look, steps
