"""What a worker has on its machine's disk, and what is left of it when it is killed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.endings import kill
from support.paths import SOURCES

pytestmark = pytest.mark.slow
WORKER = """
from reverie.jobs.cluster.worker import _folder
(_folder() / "photo").write_text("somebody's")
print(_folder(), flush=True)
input()
"""
LONG_AGO = 1e9


def worker(where: Path) -> tuple[subprocess.Popen[str], Path]:
    """A worker that has a photograph in its folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER],
        env={**os.environ, "TMPDIR": str(where), "PYTHONPATH": str(SOURCES)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def test_what_a_killed_worker_leaves_goes_when_another_begins(tmp_path: Path) -> None:
    """Of one that lives, or has only just begun, nothing is touched."""
    (lives, busy), (killed, left), (new, young) = (worker(tmp_path) for _ in range(3))
    try:
        for process in (killed, new):
            kill(process)
        for folder in (busy, left):
            os.utime(folder, (LONG_AGO, LONG_AGO))
        assert (left / "photo").exists()
        other, _ = worker(tmp_path)
        assert not left.exists()
        assert (busy / "photo").exists()
        assert (young / "photo").exists()
        other.communicate("\n", timeout=60)
        lives.communicate("\n", timeout=60)
        assert [path.name for path in tmp_path.iterdir()] == [young.name]
    finally:
        for process in (lives, killed, new):
            kill(process)
