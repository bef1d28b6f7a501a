"""A show without a dream."""

from __future__ import annotations

import subprocess
import sys
import uuid
from itertools import islice, pairwise
from pathlib import Path

import numpy as np
import pytest

from reverie.errors import BadInput
from reverie.live.dreamer.protocol import EndShow, PauseDream, ShowCount, ShowReady, line, read_report
from reverie.live.dreamer.recorded import drawn, played
from reverie.live.dreamer.talk import ChildOptions
from reverie.live.frames import FrameRing
from support.commands import environment
from support.endings import kill, line_of


def options(tmp_path: Path, *more: str) -> ChildOptions:
    return ChildOptions.of(["--ring", "r", "--data", str(tmp_path), "--size", "128x72", *more])


def test_what_is_drawn_moves_evenly_and_differs_by_seed() -> None:
    frames = list(islice(drawn((128, 72)), 10))
    steps = [float(np.abs(a.astype(int) - b).mean()) for a, b in pairwise(frames)]
    assert frames[0].shape == (72, 128, 3)
    assert 0 < min(steps) <= max(steps) < 3 * min(steps)
    assert (next(drawn((128, 72), 1)) != frames[0]).any()


def test_a_film_is_played_forth_and_back(tmp_path: Path) -> None:
    import av

    film = tmp_path / "film.mp4"
    with av.open(str(film), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        for level in (40, 90, 140, 190):
            shot = av.VideoFrame.from_ndarray(np.full((64, 64, 3), level, np.uint8), format="rgb24")
            container.mux(stream.encode(shot))
        container.mux(stream.encode())
    levels = [float(rgb.mean()) for rgb in islice(played(options(tmp_path, "--film", str(film))), 8)]
    assert np.abs(np.array(levels) - [40, 90, 140, 190, 140, 90, 40, 90]).max() < 6


def test_what_is_no_film_is_said(tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_text("no film")
    with pytest.raises(BadInput, match="no film that can be played"):
        played(options(tmp_path, "--film", str(tmp_path / "film.mp4")))


@pytest.mark.slow
def test_it_talks_as_the_dreamer_does(tmp_path: Path) -> None:
    ring = f"test-{uuid.uuid4().hex}"
    words = ["--ring", ring, "--data", str(tmp_path), "--size", "128x72", "--fps", "50"]
    child = subprocess.Popen(
        [sys.executable, "-m", "reverie.live.dreamer.recorded", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment(),
    )
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        assert read_report(line_of(child.stdout)) == ShowReady(size=(128, 72), fps=50, ring=ring)
        count = read_report(line_of(child.stdout))
        assert isinstance(count, ShowCount)
        assert count.shown == 50
        with FrameRing.open(ring) as frames:
            frame = frames.newest()
            assert frame is not None
            assert frame.number >= 49
        child.stdin.write(line(PauseDream()) + line(EndShow()))
        child.stdin.flush()
        assert child.wait(60) == 0
    finally:
        kill(child)
