"""What tests share: photographs to dream over, and the command as a user runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from reverie.cli import SURROUNDINGS

SOURCES = Path(__file__).resolve().parents[1] / "src"
PHOTOGRAPHS = ("astronaut", "chelsea", "coffee", "rocket")
#: What the command tells OpenMP, told here before torch loads it: threads of one worker that wait would take
#: the core from the other. Commands in processes of their own go without and tell it themselves.
SPINNING = "GOMP_SPINCOUNT"
os.environ.setdefault(SPINNING, SURROUNDINGS[SPINNING])


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
def reverie(tmp_path: Path) -> Callable[..., Ran]:
    """Run the command in a process of its own, in the test's folder unless ``cwd`` says where."""

    def run(*arguments: object, cwd: Path | None = None, timeout: float = 120) -> Ran:
        words = [sys.executable, "-m", "reverie", *map(os.fspath, map(str, arguments))]
        done = subprocess.run(
            words,
            cwd=cwd or tmp_path,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=timeout,
            stdin=subprocess.DEVNULL,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start the command and go on; it is ended with the test."""
    processes: list[subprocess.Popen[str]] = []

    def start(*arguments: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "reverie", *map(str, arguments)],
            cwd=tmp_path,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.communicate()
