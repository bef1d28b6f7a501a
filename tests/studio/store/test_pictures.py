"""The gallery in the index."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from reverie.studio.store.database import Database
from reverie.studio.store.jobs import JobRow, Jobs
from reverie.studio.store.pictures import KEPT, Gallery


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    one = Database(tmp_path)
    yield one
    one.close()


def job_of(database: Database, owner: str = "me") -> JobRow:
    row = Jobs(database).add(owner, "dream", "a", {}, files={}, asked={}, photo=None)
    (database.data / "made" / row.id).mkdir()
    return row


def add(database: Database, job: JobRow, name: str) -> str:
    (database.data / "made" / job.id / name).write_bytes(b"x" * 10)
    return Gallery(database).add(job, name, "label", (4, 3)).id


def test_pages_go_back_in_time_without_gaps(database: Database) -> None:
    job, pictures = job_of(database), Gallery(database)
    ids = [add(database, job, f"{index}.png") for index in range(25)]
    seen, before = [], None
    while page := pictures.page("me", before=before, limit=7, favourite=False, kind=None):
        seen += [row.id for row in page]
        before = page[-1].place
        add(database, job, f"new-{before}.png")  # what comes meanwhile moves nothing
    assert seen == ids[::-1]


def test_the_same_file_of_a_job_is_one_picture(database: Database) -> None:
    job = job_of(database)
    assert add(database, job, "a.png") == add(database, job, "a.png")
    assert Gallery(database).count("me") == 1


def test_the_bin_is_emptied_after_a_day(database: Database) -> None:
    job, pictures, now = job_of(database), Gallery(database), time.time()
    old, new, kept = (add(database, job, f"{name}.png") for name in ("old", "new", "kept"))
    pictures.change(old, deleted=now - KEPT - 1)
    pictures.change(new, deleted=now - KEPT + 60)
    assert pictures.empty_bin(now) == [old]
    assert pictures.find(old, "me", thrown=True) is None
    assert pictures.find(new, "me") is None
    assert pictures.find(new, "me", thrown=True) is not None
    assert pictures.find(kept, "me") is not None
    assert sorted(p.name for p in (database.data / "made" / job.id).iterdir()) == ["kept.png", "new.png"]


def test_a_gallery_is_its_visitors(database: Database) -> None:
    mine, theirs = job_of(database, "me"), job_of(database, "you")
    picture = add(database, mine, "a.png")
    add(database, theirs, "b.png")
    pictures = Gallery(database)
    assert [row.id for row in pictures.page("me", before=None, limit=9, favourite=False, kind=None)] == [
        picture
    ]
    assert pictures.find(picture, "you") is None
    assert pictures.bytes_of("me") == 10


def test_thousands_do_not_slow_a_page(database: Database) -> None:
    job, pictures = job_of(database), Gallery(database)
    first = pictures.find(add(database, job, "a.png"), "me")
    assert first is not None
    with database.together():
        for index in range(5000):
            database.do(
                "INSERT INTO pictures (id, owner, job, kind, name, file, label, width, height, bytes, "
                "created) VALUES (?, 'me', ?, 'dream', 'a', ?, '', 1, 1, 1, 0)",
                *(f"id {index}", job.id, f"{index}.png"),
            )
    began = time.perf_counter()
    for _ in range(20):
        pictures.page("me", before=2500, limit=60, favourite=False, kind=None)
    assert (time.perf_counter() - began) / 20 < 0.05
