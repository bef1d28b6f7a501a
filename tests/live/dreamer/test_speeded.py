"""The show with its clock speeded."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from reverie.live.dreamer.speeded import speeded


class Dream:
    """What ``speeded`` asks of a dream, without any picture."""

    def __init__(self) -> None:
        self.next, self.fps, self.free = 0, 25.0, 0
        self.stale = False
        self.entered: list[tuple[int, int]] = []
        self.governor = SimpleNamespace(dreamt=lambda *_: None, ahead=lambda _: None)
        self.tally = SimpleNamespace(shown=0)

    def plan(self) -> Any:
        return SimpleNamespace(frame=self.next, wanted=SimpleNamespace(work=1.0))

    def work(self, job: Any) -> np.ndarray:
        return np.zeros(1)

    def enter(self, job: Any, picture: np.ndarray) -> None:
        self.entered.append((job.frame, self.next))
        self.free = self.next + 10

    def shimmer_for(self, frame: int) -> None:
        pass

    def shown(self) -> tuple[np.ndarray, bool]:
        self.next += 1
        return np.zeros(1, np.uint8), False


def test_a_keyframe_comes_in_when_the_machine_would_be_done_with_it() -> None:
    dream = Dream()
    numbers = [number for number, _, _ in speeded(dream, 60, 0.5)]  # type: ignore[arg-type]
    assert numbers == list(range(60))
    assert dream.entered == [(0, 13), (13, 26), (26, 39), (39, 52)]
    assert dream.tally.shown == 60


def test_it_waits_for_the_last_one_to_be_there() -> None:
    dream = Dream()
    list(speeded(dream, 60, lambda _: 0.04))  # type: ignore[arg-type]
    assert [there for _, there in dream.entered[:3]] == [1, 11, 21]
