"""The studio's own tidiness."""

from __future__ import annotations

import os
import time
from pathlib import Path

from reverie.studio.settings import StudioSettings
from reverie.studio.store.pictures import KEPT
from reverie.studio.studio import OLD, Studio


def test_it_removes_what_can_be_made_again_and_what_was_thrown_away(tmp_path: Path) -> None:
    studio = Studio(StudioSettings(data=tmp_path))
    job = studio.jobs.add("me", "dream", "a", {}, files={}, asked={}, photo=None)
    (tmp_path / "made" / job.id).mkdir()
    (tmp_path / "made" / job.id / "a.png").write_bytes(b"x")
    row = studio.pictures.add(job, "a.png", "a", (1, 1))
    now = time.time()
    names = [
        f"thumb-{row.id}.webp",
        f"copy-{row.id}-8.jpg",
        "copy-old.jpg",
        ".old.upload",
        "thumb-other.webp",
        ".new.part",
    ]
    for name in names:
        studio.keep(name, b"x")
    for name in ("copy-old.jpg", ".old.upload", "thumb-other.webp"):
        os.utime(tmp_path / "cache" / name, (now - OLD - 9, now - OLD - 9))
    studio.tidy(now)
    assert {path.name for path in (tmp_path / "cache").iterdir()} == {*names} - {
        "copy-old.jpg",
        ".old.upload",
    }
    studio.pictures.change(row.id, deleted=now - KEPT - 9)
    studio.tidy(now)
    assert {path.name for path in (tmp_path / "cache").iterdir()} == {"thumb-other.webp", ".new.part"}
    assert not (tmp_path / "made" / job.id / "a.png").exists()
    studio.database.close()


def test_a_visitor_is_forgotten_and_others_are_not(tmp_path: Path) -> None:
    studio = Studio(StudioSettings(data=tmp_path))
    kept = {}
    for owner in ("me", "you"):
        upload = tmp_path / "cache" / f".{owner}.upload"
        upload.write_bytes(owner.encode())
        one = studio.given.keep(
            upload, owner, "photo", f"aunt-of-{owner}.png", owner, {"width": 1, "height": 1}
        )
        job = studio.jobs.add(owner, "dream", f"aunt-of-{owner}", {}, files={}, asked={}, photo=one.id)
        folder = tmp_path / "made" / job.id
        folder.mkdir()
        (folder / "a.png").write_bytes(owner.encode())
        row = studio.pictures.add(job, "a.png", "a", (1, 1))
        studio.pictures.change(row.id, deleted=time.time())  # what lies in the bin goes too
        studio.database.do(
            "INSERT INTO thumbs VALUES (?, ?, ?, ?, ?)", f"s-{owner}", owner, "lite0", one.id, "block5c"
        )
        for name in (
            f"view-{one.id}-320.webp",
            f"thumb-{row.id}.webp",
            f"copy-{row.id}-8.jpg",
            f"small-s-{owner}.webp",
        ):
            studio.keep(name, owner.encode())
        kept[owner] = [
            path for path in tmp_path.rglob("*") if path.is_file() and path.read_bytes() == owner.encode()
        ]
        assert len(kept[owner]) == 6
    studio.forget("me")
    assert not [path for path in kept["me"] if path.exists()]
    assert all(path.exists() for path in kept["you"])
    assert (studio.used("me"), studio.jobs.recent("me"), studio.given.of("me")) == (0, [], [])
    assert len(studio.given.of("you")) == 1
    studio.database.close()
    index = b"".join(path.read_bytes() for path in tmp_path.glob("studio.sqlite*"))
    assert b"aunt-of-me" not in index
    assert b"aunt-of-you" in index
