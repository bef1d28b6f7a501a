"""What a kernel is told, looked at before it runs: it trusts every number, and addresses most of all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from reverie.errors import UsageError

#: More threads than any machine has.
MOST_THREADS: Final = 1024
#: Kernels count in 31 bits.
MOST: Final = 2**31 - 1


def check_threads(threads: int) -> None:
    """UsageError unless it is a number of threads."""
    check_range("threads", threads, 1, MOST_THREADS)


def check_range(what: str, value: int, least: int, most: int = MOST) -> None:
    """UsageError unless a whole number lies between two, both included."""
    if not least <= value <= most:
        raise UsageError(f"native kernel: {what} is {value}; it takes {least} to {most}")


def check_that(holds: bool, what: str) -> None:
    """UsageError unless something holds; ``what`` says what has to."""
    if not holds:
        raise UsageError(f"native kernel: {what}")


def check_sides(job: object, names: Iterable[str]) -> None:
    """UsageError unless these fields of a job are at least 1."""
    for name in names:
        if getattr(job, name) < 1:
            raise UsageError(f"native kernel: {name} is {getattr(job, name)}; it has to be at least 1")


def check_given(job: object, names: Iterable[str]) -> None:
    """UsageError unless these fields of a job are addresses of something."""
    for name in names:
        if not getattr(job, name):
            raise UsageError(f"native kernel: {name} is missing; give the address of what it is to hold")
