"""Files that visitors give: names fit for every system, ids that nobody guesses."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reverie.studio.store.database import Database, new_id
from reverie.studio.store.given import LONGEST_NAME, GivenFiles, clean_name, is_id

SEEN = {"width": 4, "height": 3}


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("me & you.png", "me & you.png"),
        ("Grüße, 2.jpeg", "Grüße, 2.jpeg"),
        ("../../etc/passwd", "passwd.png"),
        ("C:\\x\\y.JPG", "y.JPG"),
        ("a\0b\nc.jpg", "a_b_c.jpg"),
        ("<b>.svg.exe", "_b_.svg.exe.png"),
        ("%04d.mp4", "_04d.mp4"),
        ("con.png", "_con.png"),
        ("..", "photo.png"),
        ("", "photo.png"),
        (".hidden", "hidden.png"),
        ("a\u202egnp.exe", "a_gnp.exe.png"),
    ],
)
def test_names(name: str, clean: str) -> None:
    assert clean_name(name, ".png") == clean


@given(st.text(max_size=300))
def test_any_text_becomes_one_name_in_a_folder(name: str) -> None:
    clean = clean_name(name, ".png")
    assert Path(clean).name == clean
    assert clean not in ("", ".", "..")
    assert not set(clean) & set('/\\<>:"|?*%\0\n')
    assert 0 < len(clean.encode()) <= LONGEST_NAME
    assert clean_name(clean, ".png") == clean


def test_the_same_bytes_are_the_same_file_for_each_visitor(tmp_path: Path) -> None:
    database = Database(tmp_path / "data")
    files = GivenFiles(database)

    def keep(owner: str, name: str) -> str:
        (tmp_path / "data" / "new").write_bytes(b"bytes")
        one = files.keep(tmp_path / "data" / "new", owner, "photo", name, "0" * 64, SEEN)
        assert files.path(one).read_bytes() == b"bytes"
        assert not (tmp_path / "data" / "new").exists()
        return one.id

    first = keep("me", "a.png")
    assert keep("me", "b.png") == first
    other = keep("you", "a.png")
    assert other != first
    assert files.find(first, "you") is None
    assert files.find(first, "me", "mask") is None
    assert files.bytes_of("me") == 5
    one = files.find(first, "me")
    assert one is not None
    assert one.name == "a.png"
    files.forget(one)
    assert files.find(first, "me") is None
    assert not (files.folder / first).exists()
    database.close()


def test_a_file_that_went_astray_is_taken_in_again(tmp_path: Path) -> None:
    database = Database(tmp_path / "data")
    files = GivenFiles(database)
    for _ in range(2):
        (tmp_path / "data" / "new").write_bytes(b"bytes")
        one = files.keep(tmp_path / "data" / "new", "me", "photo", "a.png", "0" * 64, SEEN)
        assert files.path(one).is_file()
        files.path(one).unlink()
    assert len(database.all("SELECT * FROM given")) == 1
    database.close()


def test_ids() -> None:
    ids = {new_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(map(is_id, ids))
    for odd in ("", "..", "a" * 21, "a" * 23, "../" + "a" * 19, "a" * 21 + "\n", "ä" * 22):
        assert not is_id(odd)
