"""The index: one server a folder, all or nothing, and one sentence where it cannot be."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from reverie.errors import ResourceError, UsageError
from reverie.studio.store.database import INDEX, VERSION, Database


def test_it_is_made_kept_and_closed(tmp_path: Path) -> None:
    database = Database(tmp_path / "a" / "b")
    database.do("INSERT INTO layers VALUES ('lite0', '[]')")
    assert database.one("PRAGMA journal_mode")[0] == "wal"  # type: ignore[index]
    assert (tmp_path / "a" / "b").stat().st_mode & 0o77 == 0  # nobody else looks in
    database.close()
    again = Database(tmp_path / "a" / "b")
    assert len(again.all("SELECT * FROM layers")) == 1
    again.close()


def test_what_is_done_together_is_done_or_not(tmp_path: Path) -> None:
    database = Database(tmp_path)

    def broken() -> None:
        with database.together():
            database.do("INSERT INTO layers VALUES ('a', '')")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    assert database.all("SELECT * FROM layers") == []
    database.close()


def test_a_folder_has_one_studio(tmp_path: Path) -> None:
    first = Database(tmp_path)
    with pytest.raises(ResourceError, match="another studio is at work there"):
        Database(tmp_path)
    first.close()
    Database(tmp_path).close()


def test_what_is_no_index_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / INDEX).write_bytes(b"words " * 1000)
    with pytest.raises(ResourceError, match="choose another --data folder"):
        Database(tmp_path)
    assert (tmp_path / INDEX).read_bytes() == b"words " * 1000


def test_a_newer_one_is_not_touched_either(tmp_path: Path) -> None:
    Database(tmp_path).close()
    connection = sqlite3.connect(tmp_path / INDEX)
    connection.execute(f"PRAGMA user_version={VERSION + 1}")
    connection.close()
    with pytest.raises(ResourceError, match="newer version"):
        Database(tmp_path)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="is a file"):
        Database(tmp_path / "file")
