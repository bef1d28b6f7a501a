"""Work folders of somebody else: what is no file of reverie's is refused, and numbers are not believed."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reverie.errors import BadInput
from reverie.media.video.write.serialise import pack
from reverie.media.video.write.work_folder import Safe, WorkFolder

GOOD = Safe(frames=2, waiting=1, segments=1, length=0, recent=(0, 1, 2))


@pytest.fixture
def folder(tmp_path: Path) -> WorkFolder:
    """A work folder of a film of which two frames are safe."""
    found = WorkFolder(tmp_path / "o.mp4.part", "o.mp4")
    found.path.mkdir()
    found.begin({"key": {}}, b"")
    found.put_frame(1, np.zeros((4, 4, 3), np.uint8))
    found.save(GOOD, pack({}))
    return found


def test_a_good_one_is_read(folder: WorkFolder) -> None:
    assert folder.read() == {"key": {}}
    assert folder.load(b"") == (GOOD, {})
    assert folder.get_frame(1).shape == (4, 4, 3)


NO_FILES: dict[str, Callable[[Path], object]] = {
    "a link": lambda path: path.symlink_to("/etc/hostname"),
    "a link to nothing": lambda path: path.symlink_to("nowhere"),
    "a pipe": os.mkfifo,
    "a folder": Path.mkdir,
}


@pytest.mark.parametrize("kind", NO_FILES)
@pytest.mark.parametrize("name", ["render.json", "checkpoint", "partial.mp4", "lock", "frame-00000001.npy"])
def test_what_is_no_file_is_refused(folder: WorkFolder, name: str, kind: str) -> None:
    path = folder.path / name
    path.unlink(missing_ok=True)
    NO_FILES[kind](path)
    with pytest.raises(BadInput, match=name):
        folder.read()


@pytest.mark.parametrize(
    "changes",
    [
        {"frames": 1 << 40, "waiting": 1 << 40},
        {"waiting": 3},
        {"frames": -1},
        {"frames": 1 << 70},
        {"waiting": 3, "frames": 9, "recent": (0,)},
        {"length": -5},
    ],
)
def test_numbers_that_cannot_be_are_not_believed(folder: WorkFolder, changes: dict[str, int]) -> None:
    folder.save(replace(GOOD, **changes), pack({}))
    with pytest.raises(BadInput, match="damaged"):
        folder.load(b"")


def test_a_frame_that_is_not_as_long_as_it_says_takes_no_memory(folder: WorkFolder) -> None:
    path = folder.frame(1)
    data = path.read_bytes().replace(b"(4, 4, 3)", b"(999999999, 99999, 3)")
    for text in (data, data[:100], b"", path.read_bytes().replace(b"|u1", b"<f8")):
        path.write_bytes(text)
        with pytest.raises(BadInput, match="damaged"):
            folder.get_frame(1)


def test_no_link_is_followed_to_a_lock(folder: WorkFolder, tmp_path: Path) -> None:
    for place in (folder.path / "lock", folder.path.parent / ".reverie-0123456789abcdef.lock"):
        place.symlink_to(tmp_path / "elsewhere")
    folder.lock()
    folder.release()
    assert not (tmp_path / "elsewhere").exists()
