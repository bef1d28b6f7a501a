"""The clock of the show."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from reverie.live.dreamer.projector import Projector
from reverie.live.frames import Shown

#: A test that has not come this far after so many seconds never will.
NEVER = 60.0


class Dream:
    """What a projector asks of a dream, at 200 frames a second and without any picture."""

    fps = 200.0

    def __init__(self, work: Callable[[Callable[[], None]], None], pace: str = "calm") -> None:
        self.next, self.pace, self._work = 0, pace, work
        self.governor = SimpleNamespace(dreamt=lambda *_: None, ahead=self._ahead)
        self.tally = SimpleNamespace(shown=0, repeated=0, dreamt=0, seconds=Counter())
        self.entered = 0
        self.least = 99
        self.stale = False
        self.stall = lambda: None

    def _ahead(self, frames: int) -> None:
        self.least = min(self.least, frames)

    def ready(self) -> bool:
        return True

    def shown(self) -> tuple[np.ndarray, bool]:
        self.stall()
        self.next += 1
        return np.full((2, 2, 3), self.next % 256, np.uint8), self.pace == "eager"

    def skip(self, frame: int) -> None:
        self.next = max(self.next, frame)

    def shimmer_on(self) -> bool:
        return False

    def plan(self) -> Any:
        return SimpleNamespace(wanted=SimpleNamespace(work=1.0))

    def work(self, job: Any, breathe: Callable[[], None]) -> None:
        self._work(breathe)

    def fades(self) -> bool:
        return False

    def enter(self, job: Any, picture: None) -> None:
        self.entered += 1


class Sink:
    """Takes so many frames, and says when it has them."""

    def __init__(self, count: int) -> None:
        self.frames: list[tuple[int, Shown, float]] = []
        self._count = count
        self.full = threading.Event()

    def put(self, rgb: np.ndarray, number: int, flags: Shown = Shown.PLAIN, due: float = 0.0) -> None:
        self.frames.append((number, flags, due))
        if len(self.frames) >= self._count:
            self.full.set()


def run(dream: Dream, count: int) -> tuple[Sink, list[BaseException]]:
    sink, failed = Sink(count), list[BaseException]()

    def fails(error: BaseException) -> None:
        failed.append(error)
        sink.full.set()

    projector = Projector(dream, sink, failed=fails)  # type: ignore[arg-type]
    projector.start()
    assert sink.full.wait(NEVER)
    projector.end()
    return sink, failed


@pytest.mark.slow
def test_every_number_is_put_once_and_in_its_time() -> None:
    dream = Dream(lambda breathe: breathe())
    sink, failed = run(dream, 100)
    assert not failed
    numbers, _, due = zip(*sink.frames, strict=True)
    assert list(numbers) == list(range(len(numbers)))
    assert np.diff(due) == pytest.approx(np.full(len(due) - 1, 1 / 200))
    assert dream.entered > 0


@pytest.mark.slow
def test_a_dream_that_never_ends_holds_no_frame_up() -> None:
    """The dreaming thread is let go only when a hundred frames were shown."""
    shown = threading.Event()

    def work(breathe: Callable[[], None]) -> None:
        assert shown.wait(NEVER)
        breathe()

    dream = Dream(work)
    sink = Sink(100)
    put = sink.put

    def counted(*words: Any) -> None:
        put(*words)
        if len(sink.frames) >= 100:
            shown.set()

    sink.put = counted  # type: ignore[method-assign]
    projector = Projector(dream, sink, failed=lambda error: pytest.fail(str(error)))  # type: ignore[arg-type]
    projector.start()
    done = sink.full.wait(NEVER)
    shown.set()
    projector.end()
    assert done


@pytest.mark.slow
def test_what_could_not_be_made_in_time_is_repeated_and_counted() -> None:
    """One frame takes as long as twenty: those are skipped and not made up for, and the governor was told."""
    dream = Dream(lambda breathe: breathe())

    def stall() -> None:
        if dream.next == 50:
            threading.Event().wait(20 / dream.fps)

    dream.stall = stall  # type: ignore[method-assign, assignment]
    sink, failed = run(dream, 120)
    assert not failed
    numbers = [number for number, _, _ in sink.frames]
    assert numbers == list(range(len(numbers)))
    again = sum(flags is Shown.REPEATED for _, flags, _ in sink.frames)
    assert again == dream.tally.repeated > 0
    assert dream.tally.shown == len(sink.frames)
    assert dream.least <= 1


def test_what_had_a_gradient_of_its_own_is_marked() -> None:
    sink, _ = run(Dream(lambda breathe: breathe(), pace="eager"), 20)
    assert any(flags is Shown.DREAMT for _, flags, _ in sink.frames)


def test_what_ends_a_thread_is_told() -> None:
    def work(breathe: Callable[[], None]) -> None:
        raise RuntimeError("no more memory")

    _, failed = run(Dream(work), 10_000_000)
    assert [str(error) for error in failed] == ["no more memory"]
