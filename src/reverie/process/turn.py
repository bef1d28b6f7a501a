"""Taking turns at what only one thread may use at a time, forked processes thought of."""

from __future__ import annotations

import os
import threading
from types import TracebackType

from reverie.errors import ResourceError

#: How long a forked child waits for a turn that may have been a lost thread's, in seconds.
PATIENCE = 0.5


class Turn:
    """A lock, to be used in a ``with``; the thread that has it may take it again inside.

    A process that is forked while another thread has the turn leaves its child without that thread: what it
    was in the middle of is never finished, and the child is told so instead of waiting for ever.

    Args:
        what: What the turn is at, in a word or two, for the error.
    """

    def __init__(self, what: str) -> None:
        self._what, self._lock, self._process = what, threading.RLock(), os.getpid()

    def __enter__(self) -> None:
        """Waits for the turn.

        Raises:
            ResourceError: In a forked child: it was another thread's when the process was forked.
        """
        if os.getpid() == self._process:
            self._lock.acquire()
            return
        if self._lock.acquire(timeout=PATIENCE):
            self._process = os.getpid()
        elif os.getpid() == self._process:  # a thread of this child was the first, and holds it
            self._lock.acquire()
        else:
            raise ResourceError(
                f"{self._what}: another thread was using it when this process was forked; make a new one here"
            )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()
