"""How many processors there are for this process, and how much others leave it of them."""

from __future__ import annotations

import os
from typing import Final

#: So many times slower than on an idle machine is worth a word beside an estimate.
BUSY: Final = 1.5


def cores() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def others_at_work() -> str:
    """What to say beside an estimate where other programs keep the processors busy; empty where they do not.

    It goes by what waited for processors in the last minute, this process taken off.
    """
    try:
        times = 1 + (os.getloadavg()[0] - 1) / cores()
    except (AttributeError, OSError):  # not on every system
        return ""
    return f"other programs are at work on the {cores()} cores: it may take longer" if times >= BUSY else ""
