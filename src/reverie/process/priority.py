"""How threads share the machine, kept from libraries that would take all of it."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def ordinary_priority() -> Iterator[None]:
    """Whatever runs within: afterwards no thread has a priority that it had not before; Linux only.

    SVT-AV1 gives itself, and the thread that opens it, the highest real-time priority where the user may do
    so, as root in a container may. Nothing else of the machine then runs while it computes; the thread keeps
    it for good, and so does every process that it begins: browsers stood still in the kernel for an hour.
    A thread that is new has the scheduling of the thread that called.
    """
    if sys.platform != "linux":
        yield
        return
    before = _scheduled()
    mine = before[threading.get_native_id()]
    try:
        yield
    finally:
        for thread, now in _scheduled().items():
            policy, priority = before.get(thread, mine)
            if (policy, priority) != now:
                with suppress(OSError):  # it has ended
                    os.sched_setscheduler(thread, policy, os.sched_param(priority))


def _scheduled() -> dict[int, tuple[int, int]]:
    """Policy and real-time priority of this process's threads."""
    found = {}
    for entry in Path("/proc/self/task").iterdir():
        thread = int(entry.name)
        with suppress(OSError):  # it has ended
            found[thread] = os.sched_getscheduler(thread), os.sched_getparam(thread).sched_priority
    return found
