"""The command as a user runs it."""

from __future__ import annotations

import functools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.endings import end, lines_of
from support.forked import Forked, command
from support.paths import SOURCES

#: Told OpenMP before torch loads it: threads of one worker that wait would take the core from the other.
#: Commands in processes of their own go without and tell it what they always do.
SPINNING = "GOMP_SPINCOUNT"

Process = Forked | subprocess.Popen[str]


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


def interrupted(process: subprocess.Popen[Any]) -> int:
    """Ctrl-C, and the end of a process; one that is not over in half a minute is ended at once."""
    code = end(process, signal.SIGINT, 30.0)
    assert code is not None, "it hangs in the kernel"
    return code


def run_code(code: str, *words: str, folder: Path, timeout: float = 300) -> Ran:
    """Code of Python in a process of its own, in a folder."""
    found = subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    return Ran(found.returncode, found.stdout, found.stderr)


def wait_for(process: Process, word: str) -> None:
    """Read what a process says on stderr until a line has this in it."""
    for line in lines_of(process.stderr):
        if word in line:
            return
    raise AssertionError(f"it ended without saying {word}")


def interrupt(process: Process, number: signal.Signals = signal.SIGINT) -> tuple[str, str]:
    """Ctrl-C, which ends the process; what it says until then on stdout and stderr."""
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    return out, err


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
