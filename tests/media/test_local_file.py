"""The one way in which files are opened: what is no regular file never is, whatever its name leads to."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from reverie.errors import BadInput, ReverieError, UsageError
from reverie.media import local_file
from reverie.media.local_file import (
    NotRegularError,
    OutsideError,
    TooLongError,
    lies_in,
    open_regular,
    read_regular,
    stays_in,
)

KINDS = {
    "folder": "is a folder",
    "pipe": "FIFO",
    "socket": "socket",
    "device": "device",
    "terminal": "device",
}


def make(kind: str, path: Path) -> Path:
    """Something of a kind that is no regular file."""
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(os.fspath(path))
    else:
        path.symlink_to({"device": "/dev/zero", "terminal": "/dev/tty"}[kind])
    return path


OPENED: list[str] = []
_watching = False


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if _watching and event == "open":
        OPENED.append(str(arguments[0]))


@pytest.fixture
def opened() -> Iterator[list[str]]:
    """Names of every file that is opened."""
    global _watching
    if not getattr(sys, "_reverie_watched", False):
        sys.addaudithook(_watch)
        sys._reverie_watched = True  # type: ignore[attr-defined]
    OPENED.clear()
    _watching = True
    yield OPENED
    _watching = False


@pytest.mark.parametrize("link", [False, True], ids=["itself", "link"])
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_file_is_refused_unopened(
    tmp_path: Path, opened: list[str], kind: str, link: bool
) -> None:
    path = make(kind, tmp_path / "thing")
    if link:
        (tmp_path / "link").symlink_to("thing")
        path = tmp_path / "link"
    with pytest.raises(NotRegularError) as caught:
        open_regular(path)
    assert KINDS[kind] in str(caught.value.strerror)
    assert os.fspath(path) not in opened


def readers() -> dict[str, object]:
    """Every function that reads a file which somebody names."""
    from reverie.evolve.state import load_checkpoint
    from reverie.jobs.document import load_job
    from reverie.jobs.fooling.folder import Folder
    from reverie.jobs.fooling.large_print import read_genome
    from reverie.jobs.provenance.note import of_picture, recipe_in, sha256_of
    from reverie.media.picture import load_picture, read_provenance
    from reverie.media.video.read.audio import samples
    from reverie.media.video.read.reader import open_video
    from reverie.media.video.write.metadata import read_metadata
    from reverie.network.zoo import load_net

    def note(path: str) -> object:
        folder = Path(path).parent / "f"
        folder.mkdir()
        (folder / "run.json").symlink_to(path)
        return Folder(folder).read()

    return {
        "a photograph, mask or guide": load_picture,
        "metadata": read_provenance,
        "a recipe": recipe_in,
        "a result": of_picture,
        "a hash": sha256_of,
        "a job": load_job,
        "a genome": read_genome,
        "a checkpoint": load_checkpoint,
        "a run": note,
        "a film": open_video,
        "sound": lambda path: list(samples(path)),
        "a film's metadata": read_metadata,
        "weights": lambda path: load_net(f"lite0:{path}"),
    }


@pytest.mark.parametrize("kind", ["pipe", "socket", "device"])
@pytest.mark.parametrize("reader", readers())
def test_no_reader_opens_what_is_no_file(tmp_path: Path, opened: list[str], reader: str, kind: str) -> None:
    path = make(kind, tmp_path / "thing.pth")
    with pytest.raises(ReverieError) as caught:
        readers()[reader](os.fspath(path))  # type: ignore[operator]
    assert caught.value.exit_code == 3
    assert isinstance(caught.value, BadInput)
    assert not {os.fspath(path), os.path.realpath(path)} & set(opened)


def test_a_folder_in_the_place_of_a_file_is_bad_input(tmp_path: Path) -> None:
    for name, reader in readers().items():
        if name in ("a recipe", "a result", "a film", "sound", "a film's metadata"):
            continue  # which take folders of pictures
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        with pytest.raises(BadInput, match="folder"):
            reader(os.fspath(make("folder", folder / "thing")))  # type: ignore[operator]


def test_what_takes_the_place_in_between_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"good")
    check = local_file._check

    def swapping(found: os.stat_result) -> None:
        monkeypatch.setattr(local_file, "_check", check)
        check(found)
        path.unlink()
        os.mkfifo(path)

    monkeypatch.setattr(local_file, "_check", swapping)
    with pytest.raises(NotRegularError):  # and it did not wait for a writer
        open_regular(path)


@pytest.mark.parametrize("way", ["link", "path", "link to a folder", "absolute"])
def test_a_file_of_a_folder_does_not_lead_out(tmp_path: Path, opened: list[str], way: str) -> None:
    folder, secret = tmp_path / "folder", tmp_path / "secret"
    folder.mkdir()
    secret.write_bytes(b"secret")
    path = {"path": folder / ".." / "secret", "absolute": secret}.get(way, folder / "link")
    if way == "link":
        path.symlink_to("../secret")
    if way == "link to a folder":
        path.symlink_to("..")
        path = path / "secret"
    opened.clear()
    with pytest.raises(OutsideError):
        read_regular(path, most=100, within=folder)
    assert not lies_in(path, folder)
    assert not stays_in(path, folder)
    assert not opened
    assert read_regular(path, most=100) == b"secret"


def test_a_link_that_stays_inside_is_followed(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "file").write_bytes(b"good")
    (tmp_path / "link").symlink_to("deep/file")
    assert read_regular(tmp_path / "link", most=4, within=tmp_path) == b"good"
    assert lies_in(tmp_path / "link", tmp_path)
    assert stays_in(tmp_path / "not there", tmp_path)
    assert not lies_in(tmp_path / "not there", tmp_path)


def test_what_is_too_long_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    os.truncate(path, 1 << 40)
    with pytest.raises(TooLongError, match="the limit is 100"):
        read_regular(path, most=100)


def test_a_recipe_of_a_terabyte_is_not_read(tmp_path: Path) -> None:
    from reverie.jobs.document import load_job
    from reverie.jobs.provenance.note import recipe_in

    path = tmp_path / "r.json"
    path.write_text("{")
    os.truncate(path, 1 << 40)
    for reader in (recipe_in, load_job):
        with pytest.raises(UsageError, match="too long"):
            reader(os.fspath(path))
