"""The show with its clock speeded: frames as fast as they can be made, on a machine that is pretended.

One thread does everything in turn. A keyframe comes in when the pretended machine would be done with it, so
what is seen, and how often it is dreamt, are those of a real show on that machine.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator

from reverie.live.dreamer.glide import Bytes
from reverie.live.dreamer.governor import AHEAD
from reverie.live.dreamer.show_dream import ShowDream


def speeded(
    dream: ShowDream, frames: int, seconds: Callable[[float], float] | float = lambda cpu: cpu
) -> Iterator[tuple[int, Bytes, bool]]:
    """Every frame of a show, in order.

    Args:
        dream: What is shown.
        frames: How many.
        seconds: What a keyframe takes on the pretended machine: one with the largest looks, in seconds; or
            what to make of the seconds of the processor's time that any took here.

    Yields:
        The frame's number, the frame (H, W, 3) uint8, and whether it had a gradient of its own.
    """
    enters: int | None = None
    job = picture = None
    for _ in range(frames):
        number = dream.next
        if (
            job is not None
            and picture is not None
            and enters is not None
            and number >= max(enters, dream.free)
        ):
            dream.enter(job, picture)
            job = None
        if job is not None and dream.stale:
            job = None
        if job is None and (job := dream.plan()) is not None:
            begun = time.thread_time()
            picture = dream.work(job)
            took = seconds(time.thread_time() - begun) if callable(seconds) else seconds * job.wanted.work
            dream.governor.dreamt(took, job.wanted.work)
            enters = number + math.ceil(took * dream.fps)
        dream.governor.ahead(AHEAD)
        dream.shimmer_for(number)
        rgb, dreamt = dream.shown()
        dream.tally.shown += 1
        yield number, rgb, dreamt
