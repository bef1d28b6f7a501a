"""The pictures of a folder: by name, not deeper, and what is deeper is spoken of."""

from __future__ import annotations

from pathlib import Path

import pytest

from reverie.errors import BadInput
from reverie.media.picture.folder import DREAMS, pictures_in
from reverie.process.notices import collect_warnings


def found(folder: Path, *names: str) -> tuple[list[str], list[str]]:
    """Names of the pictures in a folder of these files, and what was said."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    with collect_warnings() as said:
        return [Path(path).name for path in pictures_in(folder)], list(said)


def test_pictures_come_by_name_and_hidden_ones_do_not(tmp_path: Path) -> None:
    names = ("b.JPG", "a.png", "notes.txt", ".hidden.png", ".cache/a.png", "words/a.txt")
    assert found(tmp_path, *names) == (["a.png", "b.JPG"], [])


def test_folders_with_pictures_are_spoken_of_but_for_our_own(tmp_path: Path) -> None:
    assert found(tmp_path, "a.png", f"{DREAMS}/a.png")[1] == []
    (said,) = found(tmp_path, "x/a.png")[1]
    assert f"name {tmp_path / 'x'} too" in said
    (said,) = found(tmp_path, "y/a.png", "z/a.png")[1]
    assert f"name {tmp_path / 'x'} and 2 more too" in said


def test_where_there_is_none_it_is_said_where_there_are(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"no pictures in this folder$"):
        found(tmp_path, "notes.txt")
    with pytest.raises(BadInput, match=r"but there are some in .*drawings"):
        found(tmp_path, "drawings/a.png")
