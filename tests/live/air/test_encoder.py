"""The process that encodes: fed from a ring, it gives heads and fragments, and ends with whoever began it."""

from __future__ import annotations

import io
import itertools
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
import uuid
import wave
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from reverie.live import frames
from reverie.live.air import messages
from reverie.live.air.fragments import taken_apart
from reverie.live.air.h264 import TICKS
from reverie.live.air.messages import Parcel, ParcelKind
from reverie.live.frames import FrameRing
from support.commands import environment
from support.endings import join, kill

SIZE, FPS = (96, 64), 25
#: Seconds until anything has come about, on a machine that does much else.
PATIENCE = 60.0

pytestmark = pytest.mark.slow


class Running:
    """The process, and all that it said."""

    def __init__(self, ring: str, *words: str) -> None:
        command = [sys.executable, "-m", "reverie.live.air.encoder", "--size", "{}x{}".format(*SIZE)]
        self.process = subprocess.Popen(
            [*command, "--fps", str(FPS), "--ring", ring, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment(),
        )
        self._came: queue.Queue[Parcel | None] = queue.Queue()
        self.parcels: list[Parcel] = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        while (parcel := messages.read(self.process.stdout)) is not None:
            self._came.put(parcel)
        self._came.put(None)

    def until(self, condition: Any) -> Any:
        """What a condition finds in all that was said, once it finds something."""
        end = time.monotonic() + PATIENCE
        while not (found := condition()):
            parcel = self._came.get(timeout=max(0.01, end - time.monotonic()))
            assert parcel is not None, "it ended"
            self.parcels.append(parcel)
        return found

    def of(self, kind: ParcelKind) -> list[Parcel]:
        return [one for one in self.parcels if one.kind is kind]

    def words(self, kind: str) -> list[dict[str, Any]]:
        return [said for one in self.of(ParcelKind.WORDS) if (said := one.words())["is"] == kind]

    def order(self, **order: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(order).encode() + b"\n")
        self.process.stdin.flush()

    def close(self) -> None:
        kill(self.process)


def encoder(ring: str, *words: str) -> closing[Running]:
    return closing(Running(ring, *words))


class Source:
    """Puts frames of one grey after the other in time, in a thread."""

    def __init__(self, name: str) -> None:
        self.ring = FrameRing.create(name, SIZE)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._put, daemon=True)
        self._thread.start()

    def _put(self) -> None:
        number, begin = 0, time.monotonic()
        while not self._over.wait(max(0.0, begin + number / FPS - time.monotonic())):
            grey = 60 + number % 120
            self.ring.put(np.full((SIZE[1], SIZE[0], 3), grey, np.uint8), number)
            number += 1

    def end(self) -> None:
        self._over.set()
        join(self._thread)
        self.ring.close()


@pytest.fixture
def name() -> Iterator[str]:
    made = f"test-{uuid.uuid4().hex[:12]}"
    yield made
    frames.remove(made)


@pytest.fixture
def source(name: str) -> Iterator[Source]:
    made = Source(name)
    yield made
    made.end()


def test_frames_become_a_film(name: str, source: Source, tmp_path: Path) -> None:
    """With sound of a folder and a recording; from the number on that is asked for."""
    tone = np.rint(np.sin(np.arange(44_100 * 12) / 20) * 9000).astype("<i2")
    with wave.open(str(tmp_path / "hum.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(44_100)
        file.writeframes(tone.tobytes())
    words = ["--first", "1000", "--music", str(tmp_path), "--record", str(tmp_path / "films")]
    with encoder(name, *words) as running:
        running.until(lambda: len(running.of(ParcelKind.PICTURE)) >= 60 and running.words("beat")[1:])
        pictures, sounds = running.of(ParcelKind.PICTURE), running.of(ParcelKind.SOUND)
        times = [taken_apart(one.data)[0] for one in pictures]
        assert times == [(1000 + n) * TICKS // FPS for n in range(len(times))]
        assert [one.key for one in pictures[:60]] == [n % 50 == 0 for n in range(60)]
        (head,) = running.of(ParcelKind.PICTURE_HEAD)
        with av.open(io.BytesIO(head.data + b"".join(one.data for one in pictures))) as film:
            greys = [float(frame.to_ndarray(format="gray").mean()) for frame in film.decode(video=0)]
        assert len(greys) == len(pictures)
        assert max(greys) - min(greys) > 10
        (sound_head,) = running.of(ParcelKind.SOUND_HEAD)
        with av.open(io.BytesIO(sound_head.data + b"".join(one.data for one in sounds))) as film:
            heard = np.concatenate([frame.to_ndarray() for frame in film.decode(audio=0)], axis=1)
        assert heard.shape[1] / 48_000 == pytest.approx(len(pictures) / FPS, abs=0.3)
        beat = running.words("beat")[-1]
        assert beat["encoded"] > 0
        assert beat["playing"] in ("", "hum")
        film_said = running.until(lambda: running.words("film"))[0]
        running.order(do="end")
        assert running.process.wait(PATIENCE) == 0
    with av.open(str(tmp_path / "films" / film_said["file"])) as film:
        assert [stream.type for stream in film.streams] == ["video", "audio"]
        assert sum(1 for _ in film.decode(video=0)) >= 60


def test_without_frames_the_last_one_goes_on(name: str) -> None:
    source = Source(name)
    with encoder(name) as running:
        running.until(lambda: len(running.of(ParcelKind.PICTURE)) > 5)
        source.end()
        count = len(running.of(ParcelKind.PICTURE))
        running.until(lambda: len(running.of(ParcelKind.PICTURE)) > count + 40)
        running.until(lambda: (said := running.words("beat")) and said[-1]["repeats"] > 10)


def test_another_ring_is_taken_up(name: str, source: Source) -> None:
    """Under the name that it is told, or under the same one when a dreamer was begun again."""
    with encoder(f"{name}-absent") as running:
        running.until(lambda: running.words("beat"))
        assert not running.of(ParcelKind.PICTURE)
        running.order(do="ring", name=name)
        running.until(lambda: len(running.of(ParcelKind.PICTURE)) > 3)
        source.end()
        again = Source(name)
        repeats = running.until(lambda: running.words("beat"))[-1]["repeats"]
        count = len(running.words("beat"))
        running.until(lambda: len(running.words("beat")) > count + 2)
        steady = running.words("beat")[-1]["repeats"]
        assert steady >= repeats
        running.until(lambda: (said := running.words("beat"))[-1]["encoded"] > said[count]["encoded"] + 20)
        again.end()


def test_frames_of_another_size_are_left_out_and_said(name: str) -> None:
    with FrameRing.create(name, (32, 32)) as ring:
        ring.put(np.zeros((32, 32, 3), np.uint8), 1)
        with encoder(name) as running:
            note = running.until(lambda: running.words("note"))[0]
            assert note["words"] == "frames of another size came; they are left out"
            assert not running.of(ParcelKind.PICTURE)


def test_light_that_flashes_is_damped(name: str) -> None:
    """Twelve turns a second go in; what comes out turns by much less."""
    with FrameRing.create(name, SIZE) as ring:
        over = threading.Event()

        def put() -> None:
            number = 0
            while not over.wait(1 / FPS):
                ring.put(np.full((SIZE[1], SIZE[0], 3), 255 * (number % 2), np.uint8), number)
                number += 1

        thread = threading.Thread(target=put, daemon=True)
        thread.start()
        with encoder(name) as running:
            running.until(lambda: len(running.of(ParcelKind.PICTURE)) > 100)
            (head,) = running.of(ParcelKind.PICTURE_HEAD)
            data = head.data + b"".join(one.data for one in running.of(ParcelKind.PICTURE))
        over.set()
        join(thread)
    with av.open(io.BytesIO(data)) as film:
        light = [float(frame.to_ndarray(format="gray").mean()) for frame in film.decode(video=0)]
    turns = sum(abs(b - a) > 40 for a, b in itertools.pairwise(light[25:]))
    assert turns <= 2


@pytest.mark.parametrize("way", ["closed", "stopped"])
def test_it_ends_with_whoever_began_it(name: str, source: Source, way: str) -> None:
    with encoder(name) as running:
        running.until(lambda: len(running.of(ParcelKind.PICTURE)) > 3)
        assert running.process.stdin is not None
        if way == "stopped":  # and was not listening as it happened
            os.kill(running.process.pid, signal.SIGSTOP)
        running.process.stdin.close()
        if way == "stopped":
            os.kill(running.process.pid, signal.SIGCONT)
        assert running.process.wait(PATIENCE) == 0
