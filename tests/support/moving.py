"""What tests of the commands that move share: short words for small films, and frames read back."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from reverie.jobs.job import Kept, Step
from support.forked import limited
from support.listeners import Recorder

#: Small and short, on one thread.
QUICK = ("--threads", "1", "--max-size", "64", "--steps", "3")
ZOOM = ("--threads", "1", "--size", "64x48", "--steps", "1", "--octaves", "1")

Said = tuple[int, str, str]


def eager() -> None:
    """Make each frame safe at once, so that a kill may fall between any two."""
    import reverie.jobs.moving.job

    reverie.jobs.moving.job.PATIENCE = 0


def eager_and_limited(size: int) -> None:
    """As ``eager``, and no file may grow over a size in bytes."""
    eager()
    limited(size)


def in_process(folder: Path, monkeypatch: Any, capsys: Any) -> Callable[..., Said]:
    """The command run in this process, in a folder: (exit code, stdout, stderr)."""
    from reverie.cli.main import run

    monkeypatch.chdir(folder)

    def command(*words: object) -> Said:
        given = list(map(str, words))
        monkeypatch.setattr("sys.argv", ["reverie", *given])
        code = run(given)
        found = capsys.readouterr()
        return code, found.out, found.err

    return command


def refused(found: Said, code: int, *words: str) -> None:
    """Assert that it ended with this code and one line on stderr that says these words."""
    assert found[0] == code, found[2]
    lines = [line for line in found[2].splitlines() if not line.startswith("warning: ")]
    assert len(lines) == 1, found[2]
    assert lines[0].startswith("error: ")
    for word in words:
        assert word in lines[0]


def scene(count: int, size: tuple[int, int] = (64, 48)) -> list[np.ndarray]:
    """A photograph that is panned over."""
    cat = pytest.importorskip("skimage.data").chelsea()
    small = np.asarray(Image.fromarray(cat).resize((3 * size[0], 2 * size[1]), Image.Resampling.LANCZOS))
    return [np.ascontiguousarray(small[8 : 8 + size[1], 2 * i : 2 * i + size[0]]) for i in range(count)]


def frames_of(path: Path) -> list[np.ndarray]:
    """Every frame of a film, decoded by PyAV alone, (H, W, 3)."""
    with av.open(str(path)) as file:
        return [frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)]


def times_of(path: Path) -> list[float]:
    """When each frame is shown, in seconds."""
    with av.open(str(path)) as file:
        return [float(frame.pts * frame.time_base) for frame in file.decode(video=0)]


def sound_packets(path: Path) -> list[bytes]:
    """The bytes of each packet of the first sound stream."""
    with av.open(str(path)) as file:
        return [bytes(packet) for packet in file.demux(audio=0) if packet.size]


def sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def left_over(folder: Path) -> list[str]:
    """What a command left behind that is no result."""
    return [p.name for p in folder.iterdir() if p.name.endswith(".part") or p.name.startswith(".reverie")]


class Viewer(Recorder):
    """A recorder of a zoom or a film that stops after so many frames, or so many steps of its openings."""

    def __init__(self, frames: int | None = None, openings: int | None = None, **more: Any) -> None:
        super().__init__(**more)
        self._most = {"frames": frames, "openings": openings}

    @property
    def frames(self) -> list[Step]:
        """The steps that are whole frames."""
        return [step for step in self.steps if step.text.startswith("frame ")]

    @property
    def openings(self) -> list[Step]:
        """The steps of dreams that scenes open with."""
        return [step for step in self.steps if step.text.startswith("a scene opens")]

    @property
    def kept(self) -> int | None:
        """How many frames were said to be safe, if it ended before its time."""
        return next((event.done for event in self.events if isinstance(event, Kept)), None)

    def should_stop(self) -> bool:
        return any(most is not None and len(getattr(self, name)) >= most for name, most in self._most.items())
