"""Work done ahead of its reader: an iterator run in a thread, a few items in front."""

from __future__ import annotations

import os
import queue
import threading
import weakref
from collections.abc import Callable, Iterator
from contextvars import copy_context
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from reverie.errors import ResourceError
from reverie.process.notices import warn

T = TypeVar("T")


@dataclass(frozen=True)
class Said:
    """A warning, on its way to the thread that reads."""

    text: str


class _End:
    pass


class Ahead(Generic[T]):
    """An iterator over what a generator makes in a thread of its own.

    What it raises is raised here, in its place in the order; what it says (`Said`) is warned of here.
    Whatever else is said in the thread goes to who listened where this was made. Closing, or being
    forgotten, stops the thread. A forked child has no such thread and gets a ResourceError.

    Args:
        make: Begins the generator; called in the thread.
        depth: How many items may wait.
        name: Of the thread.
    """

    def __init__(self, make: Callable[[], Iterator[T | Said]], depth: int, name: str) -> None:
        self._waiting: queue.Queue[T | Said | _End | BaseException] = queue.Queue(max(1, depth))
        self._stop = threading.Event()
        # The thread knows the queue and the event only, so that a forgotten iterator can be collected.
        self._thread = threading.Thread(
            target=copy_context().run,
            args=(_work, make, self._waiting, self._stop),
            name=name,
            daemon=True,
        )
        self._over, self._process = False, os.getpid()
        self._thread.start()
        weakref.finalize(self, _halt, self._thread, self._waiting, self._stop)

    def __iter__(self) -> Ahead[T]:
        return self

    def __next__(self) -> T:
        if os.getpid() != self._process:
            raise ResourceError("film: it was begun before this process was forked; open it again here")
        while not self._over:
            item = self._waiting.get()
            if isinstance(item, Said):
                warn(item.text)
                continue
            if isinstance(item, _End):
                self.close()
            elif isinstance(item, BaseException):
                self.close()
                raise item
            else:
                return item
        raise StopIteration

    def close(self) -> None:
        """Stop the thread and wait until it has let go of what it holds."""
        self._over = True
        while self._thread.is_alive():
            _halt(self._thread, self._waiting, self._stop)


def _halt(thread: threading.Thread, waiting: queue.Queue[Any], stop: threading.Event) -> None:
    """Ask a thread to end and give it a second; it may be waiting for room."""
    if not thread.is_alive():  # as in a forked child, where locks of the queue may be lost as well
        return
    stop.set()
    while not waiting.empty():
        try:
            waiting.get_nowait()
        except queue.Empty:
            break
    if thread is not threading.current_thread():
        thread.join(1.0)


def _work(
    make: Callable[[], Iterator[T | Said]],
    waiting: queue.Queue[T | Said | _End | BaseException],
    stop: threading.Event,
) -> None:
    last: _End | BaseException = _End()
    try:
        items = make()
        try:
            for item in items:
                if not _put(waiting, item, stop):
                    return
        finally:
            close = getattr(items, "close", None)
            if close is not None:
                close()
    except BaseException as error:
        last = error
    _put(waiting, last, stop)


def _put(waiting: queue.Queue[T], item: T, stop: threading.Event) -> bool:
    while not stop.is_set():
        try:
            waiting.put(item, timeout=0.1)
        except queue.Full:
            continue
        return True
    return False
