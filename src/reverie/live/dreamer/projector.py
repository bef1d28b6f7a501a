"""The clock of the show: each frame is put at its time, whatever the dream is doing.

One thread makes frames ahead of their time and puts them; it only warps, blends and copies. Others dream, and
give way to it: they wait between two steps while few frames lie ready.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from reverie.live.dreamer.glide import Bytes
from reverie.live.dreamer.governor import AHEAD, HURRY
from reverie.live.dreamer.show_dream import ShowDream
from reverie.live.frames import Shown

#: A dreamer that gives way goes on after so many seconds all the same, or it would never be done.
PATIENCE: Final = 0.1
#: How much the thread that dreams keyframes gives way to all others, 0 to 19.
POLITE: Final = 2
#: Seconds between two looks at whether something is ready.
BRIEFLY: Final = 0.003


class Sink(Protocol):
    """Where frames go."""

    def put(self, rgb: Bytes, number: int, flags: Shown = Shown.PLAIN, due: float = 0.0) -> None:
        """Take a frame; waits for nobody."""


@dataclass(frozen=True)
class _Ready:
    """A frame that lies ready."""

    rgb: Bytes
    number: int
    dreamt: bool


class Projector:
    """Shows a dream.

    Args:
        dream: What is shown.
        sink: Where to.
        failed: Told of what ended a thread.
        late: Told by how many seconds each frame came late, if anybody wants to know.
    """

    def __init__(
        self,
        dream: ShowDream,
        sink: Sink,
        *,
        failed: Callable[[BaseException], None],
        late: Callable[[float], None] | None = None,
    ) -> None:
        self._dream, self._sink, self._failed, self._late = dream, sink, failed, late
        self._ready: deque[_Ready] = deque()
        self._over = threading.Event()
        self._cost = 0.02  # seconds that making a frame took lately
        self.latest = 0.0  # seconds by which the latest frame since this was last set to 0 came late
        self._threads = [
            threading.Thread(target=self._kept_going, args=(work,), name=work.__name__.strip("_"))
            for work in (self._show, self._keyframes, self._shimmers)
        ]

    def start(self) -> None:
        """Begin; the first frame is put within a fifth of a second."""
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Show no more; returns when nothing is at work any longer."""
        self._over.set()
        for thread in self._threads:
            if thread.ident is not None and thread is not threading.current_thread():
                thread.join()

    def _kept_going(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:
            self._over.set()
            self._failed(error)

    # -- frames -------------------------------------------------------------------------------------------

    def _show(self) -> None:
        dream, start = self._dream, time.monotonic() + 0.1
        first = number = dream.next
        last: Bytes | None = None
        while not self._over.is_set():
            due = start + (number - first) / dream.fps
            now = time.monotonic()
            if now < due and len(self._ready) < AHEAD and self._may_make(due - now):
                self._make()
            elif now < due:
                time.sleep(min(BRIEFLY, due - now))
            else:
                dream.governor.ahead(len(self._ready))
                if not self._ready and (last is None or now < due + 1 / dream.fps):
                    self._make()
                last = self._put(number, due, last)
                number += 1

    def _may_make(self, left: float) -> bool:
        """Whether to make a frame now: there is time, and it can have all that it is to have."""
        if self._ready and left < self._cost:
            return False
        return self._dream.ready() or (not self._ready and left < 2 * self._cost)

    def _make(self) -> None:
        begun = time.monotonic()
        number = self._dream.next
        rgb, dreamt = self._dream.shown()
        self._ready.append(_Ready(rgb, number, dreamt))
        self._cost += 0.1 * (time.monotonic() - begun - self._cost)

    def _put(self, number: int, due: float, last: Bytes | None) -> Bytes | None:
        """Put the frame of a number, or the last one again; what is put."""
        dream = self._dream
        begun = time.thread_time()
        if self._ready:
            frame = self._ready.popleft()
            self._sink.put(frame.rgb, number, Shown.DREAMT if frame.dreamt else Shown.PLAIN, due)
            last = frame.rgb
        elif last is not None:
            self._sink.put(last, number, Shown.REPEATED, due)
            dream.skip(number + 1)
            dream.tally.repeated += 1
        dream.tally.shown += 1
        dream.tally.seconds["put"] += time.thread_time() - begun
        late = time.monotonic() - due
        self.latest = max(self.latest, late)
        if self._late is not None:
            self._late(late)
        return last

    # -- dreams -------------------------------------------------------------------------------------------

    def _breathe(self) -> None:
        """Give way to the frames that are to be shown."""
        until = time.monotonic() + PATIENCE
        while len(self._ready) <= HURRY and time.monotonic() < until and not self._over.is_set():
            time.sleep(BRIEFLY)
        if self._over.is_set():
            raise _Over
        if self._dream.stale:
            raise _Stale

    def _keyframes(self) -> None:
        _give_way()
        dream = self._dream
        with contextlib.suppress(_Over):
            while not self._over.is_set():
                job = dream.plan()
                if job is None:
                    self._over.wait(10 * BRIEFLY)
                    continue
                begun = time.monotonic()
                try:
                    picture = dream.work(job, self._breathe)
                except _Stale:
                    continue
                dream.governor.dreamt(time.monotonic() - begun, job.wanted.work)
                while dream.fades() and not self._over.is_set():
                    time.sleep(BRIEFLY)
                dream.enter(job, picture)

    def _shimmers(self) -> None:
        while not self._over.is_set():
            if not self._dream.shimmer_on():
                self._over.wait(BRIEFLY if self._dream.pace == "eager" else 30 * BRIEFLY)


class _Over(Exception):
    """There is nobody left to dream for."""


class _Stale(Exception):
    """Something else is wanted by now."""


def _give_way() -> None:
    """Let the calling thread give way to others; where threads have no such thing, nothing happens."""
    if hasattr(os, "setpriority") and os.sys.platform == "linux":  # type: ignore[attr-defined]
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), POLITE)
