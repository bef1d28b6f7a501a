"""Work done ahead in a thread."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator

import pytest

from reverie.errors import ResourceError, ReverieWarning
from reverie.media.video.read.prefetch import Ahead, Said
from support.forked import in_child


def test_work_ahead_is_bounded_and_in_order() -> None:
    made: list[int] = []

    def make() -> Iterator[int]:
        for i in range(100):
            made.append(i)
            yield i

    ahead: Ahead[int] = Ahead(make, 4, "a-test")
    time.sleep(0.2)
    assert len(made) <= 6
    assert list(ahead) == list(range(100))
    assert list(ahead) == []


def test_warnings_come_in_the_readers_thread() -> None:
    def make() -> Iterator[int | Said]:
        yield 1
        yield Said("mind the step")
        yield 2

    ahead: Ahead[int] = Ahead(make, 4, "a-test")
    assert next(ahead) == 1
    with pytest.warns(ReverieWarning, match="mind the step"):
        assert next(ahead) == 2


def test_closing_runs_the_generators_own_end() -> None:
    ended = threading.Event()

    def make() -> Iterator[int]:
        try:
            while True:
                yield 1
        finally:
            ended.set()

    ahead: Ahead[int] = Ahead(make, 1, "a-test")
    next(ahead)
    ahead.close()
    assert ended.is_set()
    assert not any(thread.name == "a-test" for thread in threading.enumerate())


def test_what_cannot_begin_is_raised() -> None:
    def make() -> Iterator[int]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        next(Ahead(make, 1, "a-test"))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_forked_child_is_told_that_its_parent_reads() -> None:
    items = Ahead(lambda: iter(range(100)), 2, "numbers")
    assert next(items) == 0

    def told() -> int:
        try:
            next(items)
        except ResourceError as error:
            items.close()
            return 7 if "forked" in str(error) else 1
        return 0

    assert in_child(told) == 7
    assert list(items) == list(range(1, 100))
