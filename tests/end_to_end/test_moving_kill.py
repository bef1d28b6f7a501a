"""Zooms and films that are killed, stopped, or run out of disk: the real command, given again, goes on."""

from __future__ import annotations

import functools
import os
import re
import sys
import time

import numpy as np
import pytest

from reverie.media.video.write.work_folder import WorkFolder
from support import films
from support.commands import begin, interrupt, wait_for
from support.moving import QUICK, ZOOM, eager, eager_and_limited, frames_of, left_over, scene, sound_packets
from support.renders import played
from support.terminal import on_a_terminal

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="signals are Unix's")]
#: How often, each time and in the soak.
KILLS = pytest.mark.parametrize("kills", [3, pytest.param(12, marks=pytest.mark.soak)])


def finished(folder, *words):
    process = begin(map(str, words), folder, eager)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 0, err


def stamp(path):
    """Changes whenever a file is written anew."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns


def kill_often(folder, out, words, kills):
    """Kill the command again and again: at its start, and some time after it has made something safe.

    How many frames were safe after each kill; as many play, but for those of a second that is not full yet.
    """
    rng = np.random.default_rng(7)
    checkpoint = folder / f"{out}.part" / "checkpoint"
    safe = []
    for kill in range(kills):
        before = stamp(checkpoint)
        process = begin([*words, "-o", out], folder, eager)
        if kill % 5 == 4:
            time.sleep(float(rng.uniform(0, 0.3)))
        else:
            while stamp(checkpoint) == before and process.poll() is None:
                time.sleep(0.005)
            time.sleep(float(rng.uniform(0, 0.06)))
        process.kill()
        process.communicate(timeout=60)
        assert not (folder / out).exists(), f"finished before kill {kill}: make it longer"
        found = WorkFolder(checkpoint.parent, out)._checkpoint() if checkpoint.exists() else None
        safe.append(found[0].frames if found else 0)
        if found and found[0].frames > found[0].waiting:
            assert played(checkpoint.with_name("partial.mp4")) >= found[0].frames - found[0].waiting
    return safe


@KILLS
def test_a_zoom_that_is_killed_again_and_again_is_unbroken(kills, tmp_path):
    words = ("zoom", "--class", "pagoda", "--class", "tabby", "--duration", "5", "--fps", "10", *ZOOM)
    finished(tmp_path, *words, "-o", "whole.mp4")
    safe = kill_often(tmp_path, "z.mp4", words, kills)
    assert safe == sorted(safe)  # what was safe stays so, and plays
    assert safe[-1] >= kills // 3
    finished(tmp_path, *words, "-o", "z.mp4")
    assert (tmp_path / "z.mp4").read_bytes() == (tmp_path / "whole.mp4").read_bytes()
    assert not left_over(tmp_path)


@KILLS
def test_a_film_that_is_killed_again_and_again_is_unbroken(kills, tmp_path):
    films.film(tmp_path / "a.mp4", pictures=scene(60), rate=10, sound="aac")
    words = ("film", "a.mp4", *QUICK)
    finished(tmp_path, *words, "-o", "whole.mp4")
    safe = kill_often(tmp_path, "d.mp4", words, kills)
    assert safe == sorted(safe)
    finished(tmp_path, *words, "-o", "d.mp4")
    assert (tmp_path / "d.mp4").read_bytes() == (tmp_path / "whole.mp4").read_bytes()
    assert sound_packets(tmp_path / "d.mp4") == sound_packets(tmp_path / "a.mp4")
    assert not left_over(tmp_path)


def test_ctrl_c_keeps_all_and_says_how_to_go_on(tmp_path, started, reverie):
    words = ("zoom", "-o", "z.mp4", "--duration", "8", "--fps", "10", *ZOOM)
    process = started(*words, "-v")
    wait_for(process, "frame 1/80")
    time.sleep(0.3)
    _, said = interrupt(process)
    last = said.splitlines()[-1]
    kept = int(re.search(r"stopped after frame (\d+) of 80; \1 of 80 frames are safe", last)[1])
    assert last.endswith("go on with: reverie " + " ".join([*words, "-v"]))
    assert left_over(tmp_path) == ["z.mp4.part"]
    assert reverie(*words, "--json").json["resumed_at"] == kept
    whole = reverie(*[w if w != "z.mp4" else "whole.mp4" for w in words])
    assert whole.rc == 0
    assert (tmp_path / "z.mp4").read_bytes() == (tmp_path / "whole.mp4").read_bytes()


@pytest.mark.soak  # the same of a render, with a stub that dreams, is tried each time
def test_a_disk_that_fills_keeps_the_checkpoint(tmp_path):
    pictures = [np.random.default_rng(i).integers(0, 256, (96, 128, 3), np.uint8) for i in range(40)]
    films.film(tmp_path / "a.mp4", pictures=pictures, rate=5)
    words = [
        "film",
        "a.mp4",
        "-o",
        "d.apng",
        "--allow-flashes",
        "--strength",
        "0",
        "--threads",
        "1",
        "--octaves",
        "1",
    ]
    process = begin(words, tmp_path, functools.partial(eager_and_limited, 1_000_000))
    said = process.communicate(timeout=240)[1]
    assert process.returncode == 6, said
    last = said.splitlines()[-1]
    assert last.startswith("error: cannot write d.apng")
    assert re.search(r"\d+ of 40 frames are safe, go on with: reverie film a.mp4 -o d.apng ", last)
    assert not (tmp_path / "d.apng").exists()
    assert left_over(tmp_path) == ["d.apng.part"]
    finished(tmp_path, *words)
    assert len(frames_of(tmp_path / "d.apng")) == 40


def test_a_terminal_sees_how_far_it_is(tmp_path):
    text = on_a_terminal(tmp_path, "zoom", "-o", "z.mp4", "--duration", "1", *ZOOM)
    assert re.search(r"a scene opens: octave 1/\d, step \d+/\d+", text)
    assert re.search(r"frame \d+/25, \d+\.\d\d frames/s, score ", text)
    assert "64 x 48, 25 frames, plays 1.00 s" in text
