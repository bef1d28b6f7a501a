"""What an encoder reads."""

from __future__ import annotations

import contextlib
import os
import sys
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from reverie.media.video.write.encode import Segment
from reverie.media.video.write.formats import Reel, encoding_for
from support.renders import frames
from support.slow import mostly_slow


@mostly_slow("codec", ["h264", "h265", "av1", "vp9"])
def test_an_encoder_reads_only_what_it_was_given(codec):
    """x264 has been seen to give other bytes for the same frames, by what lay in memory before."""
    rng = np.random.default_rng(3)
    size = (96, 64) if codec == "h264" else (130, 134)
    reel = Reel(encoding_for("z.mkv", codec=codec), size, Fraction(5))
    drawn = [np.array(Image.fromarray(rgb).resize(size)) for _, rgb, _ in frames(None, 5)]
    found, junk = set(), []
    for _ in range(40 if codec == "h264" else 6):
        junk += [rng.bytes(int(n)) for n in rng.integers(1000, 200_000, 20)]
        rng.shuffle(junk)
        del junk[::2]
        segment = Segment(reel)
        for rgb in drawn:
            segment.add(rgb)
        ticks = [reel.frame * i for i in range(-2, 6)]
        found.add(segment.close(0, ticks[:2], ticks[2:]))
    assert len(found) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="real-time priorities are Linux's here")
@pytest.mark.parametrize("codec", ["h264", "h265", "av1", "vp9"])
def test_no_encoder_takes_the_machine(codec):
    """SVT-AV1, asked by root, runs before all else and makes the thread that calls do so, for good."""
    before = policies()
    segment = Segment(Reel(encoding_for("z.mkv", codec=codec), (96, 64), Fraction(5)))
    for _, rgb, _ in frames(None, 3):
        segment.add(np.array(Image.fromarray(rgb).resize((96, 64))))
        assert policies() == before
    segment.close(
        0, [-2 * segment.reel.frame, -segment.reel.frame], [segment.reel.frame * i for i in range(4)]
    )
    assert policies() == before


def policies() -> set[int]:
    """The ways in which this process's threads are scheduled."""
    found = set()
    for thread in os.listdir("/proc/self/task"):
        with contextlib.suppress(ProcessLookupError):
            found.add(os.sched_getscheduler(int(thread)))
    return found
