"""A studio whose processes are killed: no job is lost, none done twice, and the bytes are those of peace."""

from __future__ import annotations

import random
import sqlite3
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from support.studio import RunningStudio, User, studio

pytestmark = pytest.mark.soak


def wishes(photo: str) -> list[dict[str, Any]]:
    """Dreams, a portrait of two units, and a zoom, some seconds each."""
    dream = {"max_size": 128, "octaves": 2, "steps": [60]}
    zoom = {"size": [96, 64], "zoom": {"duration": 1.2, "steps": 2}, "steps": [20]}
    portrait = {"size": [64, 64], "octaves": 1, "steps": [40]}
    return [
        *({"kind": "dream", "photo": photo, "recipe": {**dream, "seed": seed}} for seed in range(4)),
        {"kind": "zoom", "photo": photo, "recipe": zoom},
        {"kind": "portrait", "targets": ["block5c:1", "block5c:2"], "recipe": portrait},
    ]


def files_of(user: User, ids: list[str]) -> list[list[bytes]]:
    """What each job made, file by file."""
    return [
        [user.http.get(f"/api/pictures/{one['id']}").content for one in user.wait(id)["pictures"]]
        for id in ids
    ]


def test_killed_twenty_times_it_makes_what_it_would_have(tmp_path: Path, photographs: Path) -> None:
    made = survived(tmp_path, photographs, kills=20, rounds=4)
    assert [len(files) for files in made] == [1, 1, 1, 1, 1, 2] * 4


def survived(tmp_path: Path, photographs: Path, *, kills: int, rounds: int) -> list[list[bytes]]:
    """The files of all jobs of a studio that is killed so often, the same as of one that is left in peace."""
    chance, data = random.Random(1), tmp_path / "killed"
    photo = (photographs / "chelsea.png").read_bytes()
    with studio(tmp_path / "peace") as one:
        user = one.user()
        given = user.give(photo)["id"]
        peace = files_of(user, [user.ask(**wish) for wish in wishes(given)])
    running = RunningStudio(data)
    try:
        user = running.user()
        given = user.give(photo)["id"]
        ids = [user.ask(**wish) for _ in range(rounds) for wish in wishes(given)]
        for _ in range(kills):
            at_work(user)
            time.sleep(chance.uniform(0.0, 1.5))
            running, user = struck(running, user, chance, data)
        found = files_of(user, ids)
        states = [user.job(id)["state"] for id in ids]
        items = user.get("/api/pictures", limit=200)["items"]
    finally:
        running.stop()
    assert found == peace * rounds
    assert states == ["done"] * len(ids)
    assert len(items) == sum(map(len, found))
    index = sqlite3.connect(data / "studio.sqlite")
    assert index.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    index.close()
    assert not [p for p in (data / "cache").iterdir() if p.name.endswith((".part", ".upload"))]
    return found


def at_work(user: User, seconds: float = 60.0) -> None:
    """Return once a job is at work, or all are over."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        jobs = user.get("/api/jobs")
        if any((job["share"] or 0) > 0 for job in jobs["running"]) or not jobs["waiting"] + jobs["running"]:
            return
        time.sleep(0.05)
    raise AssertionError("nobody works")


def struck(
    running: RunningStudio, user: User, chance: random.Random, data: Path
) -> tuple[RunningStudio, User]:
    """Kill a worker, a child that decodes, or the server, which is begun again at once."""
    victim = chance.choice(["worker", "worker", "media", "server"])
    if victim == "server":
        user.close()
        running.kill()
        running = RunningStudio(data)
        return running, running.user()
    children = running.workers() if victim == "worker" else running.children()
    if children:
        with suppress(psutil.NoSuchProcess):
            chance.choice(children).kill()
    return running, user
