"""The process that dreams the show, as the server begins it."""

from __future__ import annotations

import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from queue import Queue
from typing import TypeVar

import pytest

from reverie.live.dreamer.child import threads_for
from reverie.live.dreamer.kept_dream import WHERE, kept
from reverie.live.dreamer.protocol import (
    CalmDown,
    KeepState,
    Order,
    PlacedTopic,
    Report,
    SetTopics,
    ShowCount,
    ShowError,
    ShowReady,
    StateKept,
    line,
    read_report,
)
from reverie.live.frames import FrameRing
from support.commands import environment
from support.endings import kill

T = TypeVar("T")
SIZE = (128, 72)
#: What has not come after so many seconds never will.
NEVER = 120.0


class Child:
    """One child, its orders and reports."""

    def __init__(self, data: Path, *more: str, module: str = "child") -> None:
        self.ring = f"test-{uuid.uuid4().hex}"
        words = ["--ring", self.ring, "--data", str(data), "--size", "128x72", *more]
        self.process = subprocess.Popen(
            [sys.executable, "-m", f"reverie.live.dreamer.{module}", *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment() | {"OMP_NUM_THREADS": "1"},
        )
        self._said: Queue[Report | None] = Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for text in self.process.stdout:
            self._said.put(read_report(text))
        self._said.put(None)

    def say(self, *orders: Order | bytes) -> None:
        assert self.process.stdin is not None
        for order in orders:
            self.process.stdin.write(order if isinstance(order, bytes) else line(order))
        self.process.stdin.flush()

    def hear(self, kind: type[T]) -> T:
        """The next report of a kind."""
        while (said := self._said.get(timeout=NEVER)) is not None:
            if isinstance(said, kind):
                return said
        raise AssertionError(f"it ended without a {kind.__name__}")

    def end(self) -> int:
        return self.process.wait(NEVER)


@pytest.fixture
def children() -> Iterator[list[Child]]:
    begun: list[Child] = []
    yield begun
    for child in begun:
        kill(child.process)


@pytest.mark.slow
def test_it_dreams_is_killed_and_goes_on(tmp_path: Path, children: list[Child]) -> None:
    """A damaged state is left aside, a good one is gone on with, and the end of input is the end."""
    (tmp_path / WHERE).parent.mkdir()
    (tmp_path / WHERE).write_bytes(b"no state")
    topics = SetTopics(topics=(PlacedTopic(objective='class("goldfish")', label="goldfish"),))
    first = Child(tmp_path)
    children.append(first)
    first.say(topics, CalmDown(factor=0.75))
    assert "begins anew" in first.hear(ShowError).words
    assert (tmp_path / WHERE).with_name("dreamer.state.bad").read_bytes() == b"no state"
    ready = first.hear(ShowReady)
    assert (ready.size, ready.fps, ready.ring, ready.classes) == (SIZE, 25, first.ring, None)
    with FrameRing.open(first.ring) as ring:
        frame = ring.newest()
        assert frame is not None
        assert frame.rgb.std() > 10
    # What is no order is said, and does nothing.
    first.say(b'{"do":"sing"}\n', b"\xff\n", line(topics).replace(b"goldfish", b"nobody knows this"))
    for words in ("sing", "no message", "nobody knows this"):
        assert words in first.hear(ShowError).words
    count = first.hear(ShowCount)
    while count.dreamt < 2:
        count = first.hear(ShowCount)
    assert set(count.ms) >= {"glide", "keyframe", "put"}
    first.say(KeepState())
    first.hear(StateKept)
    first.process.kill()
    first.end()
    state = kept(tmp_path, SIZE)
    assert state is not None
    second = Child(tmp_path)
    children.append(second)
    second.hear(ShowReady)
    assert second.hear(ShowCount).shown > state["counts"][0] > 0
    assert second.process.stdin is not None
    second.process.stdin.close()
    assert second.end() == 0
    again = kept(tmp_path, SIZE)
    assert again is not None
    assert again["frame"] > state["frame"]
    assert again["wishes"]["order"]["topics"][0]["label"] == "goldfish"
    assert again["wishes"]["factor"] == 0.75


@pytest.mark.slow
def test_a_network_that_is_not_there_is_said(tmp_path: Path, children: list[Child]) -> None:
    child = Child(tmp_path, "--network", "no such network")
    children.append(child)
    assert "no such network" in child.hear(ShowError).words
    assert child.end() != 0


def test_threads_leave_room_for_the_frames() -> None:
    assert [threads_for(cores) for cores in (1, 2, 4, 8, 16)] == [1, 1, 2, 5, 11]
