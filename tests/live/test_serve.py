"""A show in a process of its own: what dies comes back, what is asked is kept, and it ends in good order."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path
from typing import Any

import psutil
import pytest

from reverie.live.air.recorder import films
from support.live_show import RunningShow, live_show

pytestmark = pytest.mark.slow


def wish(show: RunningShow, text: str) -> None:
    show.http.get("/")  # for a cookie
    answer = show.http.post("/api/wishes", json={"text": text})
    assert answer.status_code == 200, answer.text


def shown(found: dict[str, Any]) -> tuple[str, int]:
    return found["topic"], found["queue"]


def test_links_one_show_a_folder_each_child_may_die_and_ctrl_c_ends_it(tmp_path: Path) -> None:
    """One show from its first word to its last: it goes on with its topic and queue whatever dies."""
    show = RunningShow(tmp_path / "show", hold=3600, least=3600, record=tmp_path / "films")
    try:
        before = show.on_air()
        links_are_said_and_open_the_stage(show)
        said = "another show runs there; end it, or give another folder"
        with pytest.raises(AssertionError, match=said):
            RunningShow(tmp_path / "show")
        refused = len(show.log.read_text())  # both write into it
        wish(show, "volcano")
        for name in ("air.encoder", "dreamer.recorded"):
            frames = show.health()["frames_encoded"]
            show.child(name).send_signal(signal.SIGKILL)
            part = "encoder" if "encoder" in name else "dreamer"
            found = show.until(
                lambda found, frames=frames, part=part: (
                    found["restarts"][part] == 1
                    and found["status"] == "ok"
                    and found["frames_encoded"] > frames + 30
                )
            )
            assert shown(found) == (before["topic"], 1)
        children = psutil.Process(show.process.pid).children()
    finally:
        code = show.stop()
    assert code == 0
    _, left = psutil.wait_procs(children, 30)
    assert not left
    assert "volcano" in (show.data / "state" / "server.json").read_text()
    names = films(tmp_path / "films")
    assert len(names) == 2  # one of each encoder
    assert (tmp_path / "films" / max(names)).with_suffix(".json").exists()
    assert "Traceback" not in show.log.read_text()[refused:]


def links_are_said_and_open_the_stage(show: RunningShow) -> None:
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\?token=[\w-]+", show.link)
    answer = show.http.get(show.link.removeprefix(show.address))
    assert answer.status_code == 200
    assert (show.data / "state" / "tokens.json").stat().st_mode & 0o777 == 0o600
    notes = show.log.read_text()
    assert "For whoever moderates: http://127.0.0.1" in notes
    assert "--share lets phones in this network take part" in notes


def test_children_end_with_a_server_that_was_killed_and_it_goes_on_where_it_was(tmp_path: Path) -> None:
    """As after a power cut, but that its children could have lived on."""
    show = RunningShow(tmp_path / "show", hold=3600, least=3600)
    try:
        before = show.on_air()
        wish(show, "volcano")
        kept = show.data / "state" / "server.json"
        show.until(lambda found: kept.exists() and "volcano" in kept.read_text())
        children = psutil.Process(show.process.pid).children()
        assert len(children) == 2
        show.process.kill()
        _, left = psutil.wait_procs(children, 60)
        assert not left
    finally:
        show.stop()
    with live_show(tmp_path / "show", hold=3600, least=3600, port=show.port) as again:
        found = again.on_air()
        assert shown(found) == (before["topic"], 1)


@pytest.mark.soak
def test_each_process_may_be_killed_twenty_times(tmp_path: Path) -> None:
    """Within 20 s the show is there again, with its topic, its queue and a picture."""
    show = RunningShow(tmp_path / "show", hold=36_000, least=36_000)
    try:
        topic = show.on_air()["topic"]
        wish(show, "volcano")
        kept = show.data / "state" / "server.json"
        show.until(lambda found: kept.exists() and "volcano" in kept.read_text())
        for count in range(20):
            for name in ("air.encoder", "dreamer.recorded", "server", "all"):
                frames = show.health()["frames_encoded"]
                if name in ("server", "all"):
                    top = psutil.Process(show.process.pid)
                    for process in [top, *(top.children() if name == "all" else [])]:
                        os.kill(process.pid, signal.SIGKILL)
                    show.process.wait(30)
                    show.stop()
                    show = RunningShow(tmp_path / "show", hold=36_000, least=36_000, port=show.port)
                    frames = 0
                else:
                    show.child(name).kill()
                found = show.until(
                    lambda found, frames=frames: (
                        found["status"] == "ok" and found["frames_encoded"] > frames + 10
                    ),
                    seconds=20,
                )
                assert shown(found) == (topic, 1), (count, name)
    finally:
        show.stop()
