"""``reverie dream``, shown, made again, and stopped by Ctrl-C."""

from __future__ import annotations

import shlex
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from reverie.jobs.provenance.note import of_picture
from reverie.media.picture import load_picture
from support.commands import Ran, interrupt, wait_for

Reverie = Callable[..., Ran]
QUICK = ("--steps", "1", "--octaves", "1", "--threads", "1")


@pytest.mark.slow
def test_dream_show_and_rerun(here: Path, reverie: Reverie) -> None:
    done = reverie(
        "dream", "chelsea.png", "-o", "d.png", *QUICK, "--layer", "block4a", "--preview", "p.png", "--json"
    )
    assert done.rc == 0, done.stderr
    assert done.stderr == ""  # quiet off a terminal
    found = done.json
    assert found["path"] == "d.png"
    assert found["size"] == list(load_picture(here / "d.png").size)
    assert found["recipe"]["objective"] == ["block4a"]
    assert {"score", "moved", "seconds", "warnings"} <= set(found)
    preview, result = (np.asarray(Image.open(here / name)) for name in ("p.png", "d.png"))
    np.testing.assert_array_equal(preview, result)

    shown = reverie("show", "d.png", "--json").json
    assert shown["source"]["name"] == "chelsea.png"
    words = shlex.split(shown["command"])
    assert words[:6] == ["reverie", "dream", "chelsea.png", "-o", "d.png", "--layer"]
    (here / "d.png").rename(here / "first.png")
    again = reverie(*words[1:])
    assert again.stdout == "d.png\n"
    assert (here / "d.png").read_bytes() == (here / "first.png").read_bytes()

    done = reverie("rerun", "d.png")
    assert done.rc == 0, done.stderr
    assert done.stdout == "d-rerun.png\n"
    assert (here / "d-rerun.png").read_bytes() == (here / "d.png").read_bytes()
    assert "--layer block4a" in reverie("show", "d.png").stdout


LONG = ("--steps", "2,5000", "--octaves", "2", "--threads", "1", "-v")


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_saves_what_there_is(
    number: signal.Signals, here: Path, reverie: Reverie, started: Callable[..., Any]
) -> None:
    process = started("dream", "chelsea.png", "-o", "d.png", *LONG, afresh=True)
    wait_for(process, "octave 1/2")
    out, err = interrupt(process, number)
    assert out == "d.png\n"
    stopped = of_picture(here / "d.png").stopped
    assert stopped is not None
    # The signal comes while the last step of the first octave or a step of the second is under way.
    assert stopped.octave in (0, 1)
    assert err.splitlines()[-1].startswith(f"error: stopped after octave {stopped.octave + 1}, step")
    assert reverie("rerun", "d.png", "-o", "e.png").rc == 130  # it stops there too
    assert (here / "e.png").read_bytes() == (here / "d.png").read_bytes()


@pytest.mark.slow
def test_a_second_ctrl_c_stops_at_once_and_leaves_no_file(here: Path, started: Callable[..., Any]) -> None:
    before = sorted(here.iterdir())
    process = started("dream", "chelsea.png", "-o", "d.png", "--size", "1600x1200", *LONG)
    wait_for(process, "octave 1/2")
    process.send_signal(signal.SIGINT)
    wait_for(process, "again stops at once")
    _, err = interrupt(process)
    assert "nothing was written" in err
    assert sorted(here.iterdir()) == before
