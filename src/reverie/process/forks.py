"""Forked children of a process that has computed: what they would have lost, and who has to be told.

A child has the one thread that forked and none of the others. OpenMP, by which torch computes, would wait in
the child for workers that are not there, for ever. So whoever forks lets its workers go first (they come back
by themselves), and a child begins with workers of its own. Where OpenMP cannot be told to, a child whose
parent had other threads computes in one.

Needs no torch: it is loaded with ``reverie`` itself, so that a fork is seen even if nothing of reverie had
been used before.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

_TASKS = Path("/proc/self/task")
#: OpenMP 5.0, ``omp_pause_hard``: all that it holds is given back, threads too.
_HARD: Final = 2
_told: list[Callable[[], None]] = []
_lost = False  # at the latest fork: there were workers that could not be let go
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


def _let_workers_go() -> bool:
    """Whether OpenMP's workers for this thread are gone, or there were none."""
    torch = sys.modules.get("torch")
    if torch is None:
        return True
    try:
        here = ctypes.CDLL(None)  # whatever is loaded for all: torch loads its OpenMP so
        pause, most = here.omp_pause_resource_all, here.omp_get_max_threads
        return bool(most() == torch.get_num_threads() and pause(_HARD) == 0)
    except (OSError, TypeError, AttributeError):
        return False


def _others() -> bool:
    """Whether threads run here that are none of Python's; where that cannot be told, they may."""
    try:
        return len(os.listdir(_TASKS)) > len(sys._current_frames())
    except OSError:
        return True


def _before() -> None:
    global _lost
    _lost = not _let_workers_go() and _others()


def _in_child() -> None:
    global _alone
    _alone = _alone or _lost
    if _alone and "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)  # of its other threads to come, too
    for work in _told:
        work()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_child=_in_child)
