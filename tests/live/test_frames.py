"""The ring of frames between two processes: whole ones, and nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reverie.errors import ResourceError
from reverie.live import frames
from reverie.live.frames import FrameRing, Shown
from support.commands import environment
from support.endings import GONE, kill, line_of

#: Puts frames of one value as fast as it can; each is wholly 0, 1, ... of its number.
WRITER = """
import sys, time, numpy as np
from reverie.live.frames import FrameRing
ring = FrameRing.create(sys.argv[1], (640, 360))
print("ready", flush=True)
number = 0
end = time.monotonic() + 60
while time.monotonic() < end:
    ring.put(np.full((360, 640, 3), number % 251, np.uint8), number)
    number += 1
"""
READER = """
import sys, time
from reverie.live.frames import FrameRing
ring = FrameRing.open(sys.argv[1])
print(ring.newest().number, flush=True)
time.sleep(60)
"""


@pytest.fixture
def name() -> Iterator[str]:
    made = f"test-{uuid.uuid4().hex[:12]}"
    yield made
    frames.remove(made)


def frame(value: int, size: tuple[int, int] = (6, 4)) -> np.ndarray:
    return np.full((size[1], size[0], 3), value, np.uint8)


@contextmanager
def running(code: str, name: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", code, name], stdout=subprocess.PIPE, text=True, env=environment()
    )
    try:
        yield process
    finally:
        kill(process)


def test_what_is_put_is_read(name: str) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    with FrameRing.create(name, (7, 5)) as ring, FrameRing.open(name) as reader:
        assert reader.newest() is None
        assert (reader.number(), reader.size, reader.slots) == (-1, (7, 5), 8)
        ring.put(picture, 12, Shown.DREAMT, 3.5)
        found = reader.newest()
        assert found is not None
        assert (found.number, found.flags, found.due) == (12, Shown.DREAMT, 3.5)
        assert np.array_equal(found.rgb, picture)
        assert reader.newest(12) is None
        ring.put(picture[::-1], 13, Shown.REPEATED)
        assert np.array_equal(found.rgb, picture)  # a copy
        assert reader.number() == 13


@pytest.mark.slow
@given(slots=st.integers(2, 6), counts=st.lists(st.integers(0, 9), max_size=8))
def test_a_late_reader_gets_the_newest(slots: int, counts: list[int]) -> None:
    name = f"test-{uuid.uuid4().hex[:12]}"
    with FrameRing.create(name, (6, 4), slots) as ring, FrameRing.open(name) as reader:
        put, seen = 0, -1
        for count in counts:
            for _ in range(count):
                ring.put(frame(put % 256), put)
                put += 1
            found = reader.newest(seen)
            assert (found is None) == (put - 1 <= seen)
            if found is not None:
                assert found.number == put - 1
                assert (found.rgb == found.number % 256).all()
                seen = found.number


def test_a_frame_that_is_being_written_is_not_read(name: str) -> None:
    """A writer that is killed in the midst of a frame leaves the one before it."""
    with FrameRing.create(name, (6, 4), 2) as ring, FrameRing.open(name) as reader:
        ring.put(frame(1), 1)
        place = ring._place(ring.count)
        assert ring._words is not None
        ring._words[place // 8] = 2 * ring.count + 1
        ring._pixels(place)[...] = 77
        found = reader.newest()
        assert found is not None
        assert found.number == 1
        assert (found.rgb == 1).all()


def test_a_slot_that_is_written_again_while_it_is_copied_is_no_frame(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FrameRing.create(name, (6, 4), 2) as ring, FrameRing.open(name) as reader:
        ring.put(frame(1), 1)
        real, left = reader._pixels, [3]

        def slow(place: int) -> np.ndarray:
            if left[0]:
                left[0] -= 1
                for _ in range(2):  # all the way round
                    ring.put(frame(10 + ring.count), 10 + ring.count)
            return real(place)

        monkeypatch.setattr(reader, "_pixels", slow)
        found = reader.newest()
        assert found is not None
        assert (found.rgb == found.number).all()
        assert found.number == reader.number()


@pytest.mark.slow
def test_no_frame_is_ever_torn(name: str) -> None:
    with running(WRITER, name) as writer:
        assert writer.stdout is not None
        assert line_of(writer.stdout) == "ready\n"
        with FrameRing.open(name) as reader:
            seen, last = 0, -1
            end = time.monotonic() + 60
            while seen < 300:
                found = reader.newest(last)
                if found is not None:
                    assert (found.rgb == found.number % 251).all()
                    assert found.number > last
                    seen, last = seen + 1, found.number
                assert time.monotonic() < end


@pytest.mark.slow
def test_after_a_kill_of_the_writer_nothing_is_left(name: str) -> None:
    with running(WRITER, name) as writer:
        assert writer.stdout is not None
        line_of(writer.stdout)
        with FrameRing.open(name) as reader:
            path = Path(reader.path)
            os.kill(writer.pid, signal.SIGKILL)
            writer.wait(GONE)
            frames.sweep()
            assert not path.exists()
            assert reader.replaced
            found = reader.newest()  # what was put is still there
            assert found is None or (found.rgb == found.number % 251).all()
            with FrameRing.create(name, (6, 4)):
                assert reader.replaced


@pytest.mark.slow
def test_after_a_kill_of_the_reader_the_writer_goes_on(name: str) -> None:
    with FrameRing.create(name, (6, 4)) as ring:
        ring.put(frame(3), 3)
        with running(READER, name) as reader:
            assert reader.stdout is not None
            assert line_of(reader.stdout) == "3\n"
            os.kill(reader.pid, signal.SIGKILL)
            reader.wait(GONE)
        for number in range(4, 30):
            ring.put(frame(number), number)
        with FrameRing.open(name) as again:
            assert again.number() == 29


def test_a_living_writer_keeps_its_ring(name: str) -> None:
    with FrameRing.create(name, (6, 4)) as ring:
        frames.sweep()
        assert ring.path.exists()
        assert not ring.replaced
        assert ring.path.stat().st_mode & 0o777 == 0o600
    assert not ring.path.exists()


def test_a_new_ring_takes_the_place_of_an_old_one(name: str) -> None:
    old = FrameRing.create(name, (6, 4))
    with FrameRing.open(name) as reader, FrameRing.create(name, (8, 4)) as new:
        assert old.replaced
        assert reader.replaced
        old.close()  # and takes nobody else's away
        assert new.path.exists()
        with FrameRing.open(name) as other:
            assert other.size == (8, 4)


@pytest.mark.parametrize("bad", ["", "../x", "a/b", "x" * 81, "a\0b"])
def test_a_name_stays_in_the_folder(bad: str) -> None:
    with pytest.raises(ValueError, match="no name of a ring"):
        FrameRing.create(bad, (6, 4))


def test_what_is_no_ring_is_said(name: str) -> None:
    with pytest.raises(ResourceError, match="there is no ring"):
        FrameRing.open(name)
    path = frames._path(name)
    for data in (b"", b"x" * 10, b"x" * 500):
        path.write_bytes(data)
        with pytest.raises(ResourceError, match="no ring"):
            FrameRing.open(name)


@pytest.mark.parametrize(
    "picture", [np.zeros((4, 5, 3), np.uint8), np.zeros((4, 6, 3), np.float32), np.zeros((4, 6), np.uint8)]
)
def test_another_kind_of_frame_is_refused(name: str, picture: np.ndarray) -> None:
    with FrameRing.create(name, (6, 4)) as ring, pytest.raises(ValueError, match="in a ring of"):
        ring.put(picture, 1)


@pytest.mark.parametrize(("size", "slots"), [((0, 4), 8), ((6, 4), 1)])
def test_a_ring_has_room(name: str, size: tuple[int, int], slots: int) -> None:
    with pytest.raises(ValueError, match="are the least"):
        FrameRing.create(name, size, slots)
