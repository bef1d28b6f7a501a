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
