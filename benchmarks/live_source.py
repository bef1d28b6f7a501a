"""Frames for a show that is measured: recorded ones, with the time at which each was put written into it.

The time is 24 bits of milliseconds, as black and white squares along the upper edge: a page reads it back,
and knows how late it shows the frame.
"""

from __future__ import annotations

import os
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reverie.live.dreamer import recorded
from reverie.live.dreamer.talk import ChildOptions
from reverie.live.frames import FrameRing, Shown

#: Squares, and the side of one in pixels.
BITS, SIDE = 24, 16


class StampedRing(FrameRing):
    """A ring that writes the time into what is put."""

    def put(self, rgb: NDArray[np.uint8], number: int, flags: Shown = Shown.PLAIN, due: float = 0.0) -> None:
        rgb, now = rgb.copy(), int(time.time() * 1000)
        for bit in range(BITS):
            rgb[:SIDE, bit * SIDE : (bit + 1) * SIDE] = 255 * (now >> bit & 1)
        super().put(rgb, number, flags, due)


if __name__ == "__main__":
    module: Any = recorded
    module.FrameRing = StampedRing
    os._exit(recorded.RecordedShow(ChildOptions.of()).run())
