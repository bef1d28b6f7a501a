"""What is said of work that goes on all the same: warnings, and who hears them.

Python's own warnings have one set of filters and one place to go for the whole process, so nobody can
listen to one piece of work while another thread does its own. Who listens here is a value of the context
(``contextvars``): of this thread, and of threads that work for it and were begun with a copy of it.
"""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from reverie.errors import ReverieWarning
from reverie.plain_words import shown

Listener = Callable[[str], None]


def warn(text: str, *, stacklevel: int = 2) -> None:
    """Say something that the user should know and that does not stop the work.

    It goes to the collector of here and now if there is one, else it is a ``ReverieWarning`` of Python's.

    Args:
        text: One line; what in it cannot be shown as it is is written out, and what is too long cut.
        stacklevel: Whose line of code it is said of, as of ``warnings.warn``: 2 is the caller of the caller.
    """
    text = shown(text)
    collector = _listening.get()
    if collector is None:
        warnings.warn(text, ReverieWarning, stacklevel=stacklevel + 1)
    else:
        collector.take(text, stacklevel + 1)


@contextmanager
def collect_warnings(listener: Listener | None = None) -> Iterator[list[str]]:
    """Collect what is said in here, and in threads that are begun for it.

    Args:
        listener: Told of each text, once; what it warns of itself goes outwards. None passes each text on to
            who listens outside of here, or to Python's warnings.

    Yields:
        The texts so far, each once and in order. A generator must not yield to its caller in here.
    """
    collector = _Collector(listener, _listening.get())
    before = _listening.set(collector)
    try:
        yield collector.texts
    finally:
        _listening.reset(before)


class _Collector:
    """Who listens, and who does outside of it."""

    def __init__(self, listener: Listener | None, outer: _Collector | None) -> None:
        self.texts: list[str] = []
        self._listener = listener
        self._outer = outer
        self._lock = threading.Lock()

    def take(self, text: str, stacklevel: int) -> None:
        """Keep a text and pass it on, unless it is known."""
        with self._lock:
            if text in self.texts:
                return
            self.texts.append(text)
        before = _listening.set(self._outer)
        try:
            if self._listener is not None:
                self._listener(text)
            elif self._outer is not None:
                self._outer.take(text, stacklevel + 1)
            else:
                _to_python(text, stacklevel + 1)
        finally:
            _listening.reset(before)


_listening: ContextVar[_Collector | None] = ContextVar("reverie_warnings", default=None)


def _to_python(text: str, stacklevel: int) -> None:
    """A warning of Python's that it does not hold back for having said the same before: we have looked."""
    frame = sys._getframe()
    for _ in range(stacklevel):
        frame = frame.f_back or frame
    module = str(frame.f_globals.get("__name__", "reverie"))
    warnings.warn_explicit(text, ReverieWarning, frame.f_code.co_filename, frame.f_lineno, module)
