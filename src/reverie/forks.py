"""Forked children of a process that has computed: what they have lost, and who has to be told.

A child has the one thread that forked and none of the others. Whoever kept threads to work on (OpenMP's
above all, which torch computes with) would wait for them for ever. So a child of a process in which threads
ran that are none of Python's computes alone. Needs no torch: it is loaded with ``reverie`` itself, so that a
fork is seen even if nothing of reverie had been used before.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

_TASKS = Path("/proc/self/task")
_told: list[Callable[[], None]] = []
_foreign = False  # at the latest fork: threads ran beside Python's
_alone = False


def alone() -> bool:
    """Whether this process is a forked child that has to compute in one thread."""
    return _alone


def in_each_child(work: Callable[[], None]) -> None:
    """Have something done in every child that is forked from here on, first of all there."""
    _told.append(work)


def lock() -> threading.Lock:
    """A lock that is free in every forked child, whoever has it in the parent at that moment."""
    made = threading.Lock()
    in_each_child(made._at_fork_reinit)  # type: ignore[attr-defined]
    return made


def _others() -> bool:
    """Whether threads run here that are none of Python's; where that cannot be told, they may."""
    try:
        return len(os.listdir(_TASKS)) > len(sys._current_frames())
    except OSError:
        return True


def _before() -> None:
    global _foreign
    _foreign = _others()


def _in_child() -> None:
    global _alone
    _alone = _alone or _foreign
    for work in _told:
        work()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_child=_in_child)
