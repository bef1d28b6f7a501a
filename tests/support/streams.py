"""What a shell may leave of the standard streams, done in a process before the command begins in it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable


def stderr_closed() -> None:
    """As ``2>&-`` does."""
    sys.stderr.flush()
    os.close(2)
    sys.stderr = None


def stdout_full() -> None:
    """As ``> /dev/full`` does."""
    _onto(1, "/dev/full")


def stderr_full() -> None:
    """As ``2> /dev/full`` does."""
    _onto(2, "/dev/full")


def stdout_closed() -> None:
    """As ``>&-`` does."""
    sys.stdout.flush()
    os.close(1)
    sys.stdout = None


def all_closed() -> None:
    """As ``<&- >&- 2>&-`` does."""
    stdout_closed()
    stderr_closed()
    os.close(0)
    sys.stdin = None


def nobody_reads() -> None:
    """As ``| true`` does."""
    read, write = os.pipe()
    os.close(read)
    os.dup2(write, 1)
    os.close(write)


def ascii_only() -> None:
    """As ``PYTHONIOENCODING=ascii`` does."""
    sys.stdout = open(1, "w", encoding="ascii", closefd=False)  # noqa: SIM115 (until it ends)


def _onto(number: int, path: str) -> None:
    handle = os.open(path, os.O_WRONLY)
    os.dup2(handle, number)
    os.close(handle)


#: Every one of them, and what becomes of exit code 0.
WAYS: dict[str, tuple[Callable[[], None] | None, int]] = {
    "usual": (None, 0),
    "stderr-closed": (stderr_closed, 0),
    "stdout-full": (stdout_full, 6),
    "stderr-full": (stderr_full, 0),
    "stdout-closed": (stdout_closed, 6),
    "all-closed": (all_closed, 6),
    "nobody-reads": (nobody_reads, 0),
    "ascii": (ascii_only, 0),
}
