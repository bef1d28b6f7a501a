"""What tests share: photographs to dream over, and the command as a user runs it."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from PIL import Image

from forked import FORKS, Forked, command

SOURCES = Path(__file__).resolve().parents[1] / "src"
PHOTOGRAPHS = ("astronaut", "chelsea", "coffee", "rocket")
#: Told OpenMP before torch loads it: threads of one worker that wait would take the core from the other.
#: Commands in processes of their own go without and tell it what they always do.
SPINNING = "GOMP_SPINCOUNT"
os.environ.setdefault(SPINNING, "2000")

hypothesis.settings.register_profile("untimed", deadline=None)  # other workers are as busy
hypothesis.settings.load_profile("untimed")

#: Modules that take half a minute and more, begun first: at the end there would be nothing to do beside them.
LONGEST = ("test_native_check", "test_tiles", "test_film", "test_native", "test_torch_engine", "test_cuts")

Process = Forked | subprocess.Popen[str]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest modules first, everything else as it was."""
    items.sort(key=lambda item: LONGEST.index(item.path.stem) if item.path.stem in LONGEST else len(LONGEST))


@dataclass(frozen=True)
class Ran:
    """What a command answered."""

    rc: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """The last line of stdout."""
        return json.loads(self.stdout.splitlines()[-1])

    def refused(self, code: int, *words: str) -> None:
        """Assert that it ended with this code and one line on stderr that says these words."""
        assert self.rc == code, self.stderr
        lines = [line for line in self.stderr.splitlines() if not line.startswith("warning: ")]
        assert len(lines) == 1, self.stderr
        assert lines[0].startswith("error: ")
        assert "Traceback" not in self.stderr
        for word in words:
            assert word in lines[0]


def environment() -> dict[str, str]:
    """This process's with the sources to import from; nothing in it tunes, colours or widens the output."""
    path = os.pathsep.join(filter(None, [os.fspath(SOURCES), os.environ.get("PYTHONPATH", "")]))
    ours = ("FORCE_COLOR", SPINNING)
    kept = {k: v for k, v in os.environ.items() if not k.startswith("_REVERIE") and k not in ours}
    return {**kept, "PYTHONPATH": path, "NO_COLOR": "1", "COLUMNS": "100"}


def begin(words: Iterable[str], folder: Path, prepare: Callable[[], None] | None = None) -> Forked:
    """The command, begun in a folder; ``prepare``, called in its process first, has to be importable."""
    return Forked(functools.partial(command, list(words), prepare), folder, environment())


def begin_afresh(words: Iterable[str], folder: Path) -> subprocess.Popen[str]:
    """The command, begun in a folder by a Python that loads everything first, as a user begins it."""
    return subprocess.Popen(
        [sys.executable, "-m", "reverie", *words],
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="session")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of sample photographs as PNG, no longer than 160 pixels."""
    data = pytest.importorskip("skimage.data")
    folder = tmp_path_factory.mktemp("photographs")
    for name in PHOTOGRAPHS:
        image = Image.fromarray(getattr(data, name)())
        image.thumbnail((160, 160), Image.Resampling.LANCZOS)
        image.save(folder / f"{name}.png")
    return folder


@pytest.fixture
def here(tmp_path: Path, photographs: Path) -> Path:
    """An empty folder to work in, with chelsea.png in it."""
    (tmp_path / "chelsea.png").write_bytes((photographs / "chelsea.png").read_bytes())
    return tmp_path


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """Start the command in a process of its own and go on; it is ended with the test.

    It begins with torch loaded, unless it is to begin ``afresh`` or there are no forks.
    """
    processes: list[Process] = []

    def start(*arguments: object, cwd: Path | None = None, afresh: bool = not FORKS) -> Process:
        beginning = begin_afresh if afresh else begin
        processes.append(beginning(map(str, arguments), cwd or tmp_path))
        return processes[-1]

    yield start
    for process in processes:
        if process.poll() is None:
            process.kill()
            process.communicate()


@pytest.fixture
def reverie(started: Callable[..., Process]) -> Callable[..., Ran]:
    """Run the command as ``started`` does, in the test's folder unless ``cwd`` says where."""

    def run(*arguments: object, timeout: float = 120, **how: Any) -> Ran:
        process = started(*arguments, **how)
        out, err = process.communicate(timeout=timeout)
        assert process.returncode is not None
        return Ran(process.returncode, out, err)

    return run
