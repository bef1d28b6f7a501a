"""Ray's processes end with the test that began them, whatever happens: one that stays makes the next wait."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil

#: In the environment of every process that a test of Ray begins, and of what those begin.
MARK = "REVERIE_TEST_OF_RAY"
#: Python's own helpers serve the tests after this one too, whoever needed them first.
STAY = ("multiprocessing.forkserver", "multiprocessing.resource_tracker")
#: Seconds in which processes end by themselves.
PATIENCE = 10.0


@contextmanager
def marked() -> Iterator[str]:
    """What is begun in here has a mark, and is ended at the end."""
    before, word = os.environ.get(MARK), secrets.token_hex(8)
    os.environ[MARK] = word
    try:
        yield word
    finally:
        if before is None:
            del os.environ[MARK]
        else:
            os.environ[MARK] = before
        end(word)


def begun(word: str) -> list[psutil.Process]:
    """Every process with this mark but this one."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            ours = process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE
            ours = ours and not any(name in " ".join(process.cmdline()) for name in STAY)
            if ours and process.environ().get(MARK) == word:
                found.append(process)
    return found


def end(word: str) -> None:
    """End what has this mark, and what that begins meanwhile."""
    until = time.monotonic() + PATIENCE
    while left := begun(word):
        assert time.monotonic() < until, f"these do not end: {left}"
        for process in left:
            with suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(left, timeout=1)


def busy() -> list[psutil.Process]:
    """Workers of this test that carry a shard out now."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if (
                "ray::_carry" in " ".join(process.cmdline())
                and process.environ().get(MARK) == os.environ[MARK]
            ):
                found.append(process)
    return found
