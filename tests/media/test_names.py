"""Which names are one file, which the system cannot have, and what stands where a file is to be."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from reverie.errors import UsageError
from reverie.media import names
from reverie.media.names import above, behind, check_kind, check_name, identity


def test_every_name_of_a_file_is_that_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    file = tmp_path / "in" / "a.png"
    file.write_bytes(b"a")
    (tmp_path / "other.png").write_bytes(b"a")
    os.link(file, tmp_path / "hard.png")
    (tmp_path / "soft.png").symlink_to("in/a.png")
    (tmp_path / "softer.png").symlink_to(tmp_path / "soft.png")
    (tmp_path / "folder").symlink_to("in")
    same = ["in/a.png", "./in/a.png", "in/../in//a.png", file, "hard.png", "soft.png", "softer.png"]
    same += ["folder/a.png", tmp_path / "folder" / "a.png"]
    assert {identity(name) for name in same} == {identity(file)}
    assert identity("other.png") != identity(file)
    assert identity("in") == identity("folder/") == identity(tmp_path / "in")


def test_every_name_of_what_is_not_there_yet_is_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    (tmp_path / "folder").symlink_to("in")
    (tmp_path / "nowhere.png").symlink_to("in/new.png")
    same = ["in/new.png", "folder/new.png", "./in/./new.png", tmp_path / "in" / "new.png", "nowhere.png"]
    assert len({identity(name) for name in same}) == 1
    assert identity("in/new.png") != identity("in/New.png")
    assert identity("in/x/y.png") == identity("folder/x/y.png") != identity("in/x/z.png")
    monkeypatch.setattr(names, "_folds", lambda folder: True)
    assert identity("in/new.png") == identity("folder/NEW.png")
    assert identity("in/e\u0301.png") == identity("in/\xe9.png")


def test_odd_names_have_an_identity_too(tmp_path, monkeypatch):
    assert identity("a\0b") == identity("a\0b") != identity("a\0c")
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert identity("a.png") == identity("a.png")
    assert list(above("a.png")) == []
    monkeypatch.chdir(tmp_path)


def test_what_a_file_lies_in(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "link").symlink_to("a/b")
    found = list(above(tmp_path / "link" / "c" / "new.png"))
    assert found[1:4] == [identity(tmp_path / "a" / "b"), identity(tmp_path / "a"), identity(tmp_path)]


@pytest.mark.parametrize("length", [1, 143, 250, 251, 252, 253, 254, 255])
def test_a_name_that_can_be(tmp_path, length):
    check_name(tmp_path / ("y" * length))
    check_name(tmp_path / "missing" / ("y" * length))


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("y" * 256, "256 bytes is too long"),
        ("\xe9" * 128, "256 bytes is too long"),
        ("y" * 5000, "too long"),
        ("/".join(["y" * 200] * 30), "the path is too long"),
        ("a\0b", "no name of a file"),
        ("loop", "symbolic links"),
    ],
)
def test_a_name_that_cannot_be(tmp_path, monkeypatch, name, says):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(UsageError, match=says) as error:
        check_name(name if name != "loop" else "loop/x")
    assert len(str(error.value)) < 200


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


KINDS: dict[str, tuple[Callable[[Path], object], str]] = {
    "folder": (Path.mkdir, "is a folder"),
    "fifo": (lambda path: os.mkfifo(path), "is a pipe"),
    "socket": (_socket, "is a socket"),
    "device": (lambda path: path.symlink_to(os.devnull), "is a device"),
    "to-fifo": (lambda path: (os.mkfifo(path.with_name("p")), path.symlink_to("p")), "is a pipe"),
    "to-folder": (lambda path: path.symlink_to("."), "is a folder"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_file_is_not_written(tmp_path, monkeypatch, kind):
    monkeypatch.chdir(tmp_path)
    make, says = KINDS[kind]
    make(Path("x.png"))
    with pytest.raises(UsageError, match=says):
        check_kind("x.png")


def test_files_and_what_is_not_there_may_be_written(tmp_path):
    (tmp_path / "a").write_bytes(b"a")
    (tmp_path / "to-a").symlink_to("a")
    (tmp_path / "to-nothing").symlink_to("nothing")
    for name in ("a", "to-a", "to-nothing", "new", "new/newer", "a\0b"):
        check_kind(tmp_path / name)
    assert behind(tmp_path / "to-a") == os.path.realpath(tmp_path / "a")
    assert behind("a.png") == "a.png"
