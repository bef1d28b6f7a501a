"""Films of the show: whole, of an hour, within their limit; and a disk that fails stops nothing."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from reverie.live.air import recorder as recording
from reverie.live.air.aac import SoundEncoder
from reverie.live.air.fragments import Sample
from reverie.live.air.h264 import PictureEncoder, time_of
from reverie.live.air.music import RATE
from reverie.live.air.recorder import Heads, Recorder, films
from reverie.live.dreamer.recorded import drawn

FPS, SIZE = 25, (64, 64)
NOON = 1_800_000_000.0 - 1_800_000_000.0 % 3600


@pytest.fixture(scope="module")
def encoded() -> tuple[bytes, list[Sample]]:
    encoder = PictureEncoder(SIZE, FPS, 200_000)
    return encoder.head, [encoder.add(rgb) for rgb in itertools.islice(drawn(SIZE), 100)]


class Tape:
    """A recorder with a clock of our own that runs with the frames."""

    def __init__(self, folder: Path, encoded: tuple[bytes, list[Sample]], limit: int, **more: Any) -> None:
        self.said: list[dict[str, Any]] = []
        self.now = NOON + 10
        head, self._samples = encoded
        heads = Heads(head, more.pop("sound", None))
        self.recorder = Recorder(
            folder, heads, limit, self.said.append, **{"spare": 0, "clock": lambda: self.now, **more}
        )
        self.count = 0

    def frames(self, count: int) -> None:
        for _ in range(count):
            sample = self._samples[self.count % len(self._samples)]
            self.recorder.add(sample, time_of(self.count, FPS))
            self.count += 1
            self.now += 1 / FPS
            self.settled()

    def settled(self) -> None:
        """Wait until all was taken."""
        end = time.monotonic() + 30
        while not self.recorder._waiting.empty() and time.monotonic() < end:
            time.sleep(0.0005)

    def said_of(self, kind: str) -> list[dict[str, Any]]:
        return [one for one in self.said if one["is"] == kind]


@pytest.fixture
def tape(tmp_path: Path, encoded: tuple[bytes, list[Sample]]) -> Iterator[Callable[..., Tape]]:
    made: list[Tape] = []

    def make(limit: int = 10**9, **more: Any) -> Tape:
        made.append(Tape(tmp_path / "films", encoded, limit, **more))
        return made[-1]

    yield make
    for one in made:
        one.recorder.close()


def frames_in(path: Path) -> int:
    with av.open(str(path)) as file:
        return sum(1 for _ in file.decode(video=0))


def test_a_film_plays_from_its_beginning(tmp_path: Path, tape: Callable[..., Tape]) -> None:
    one = tape()
    one.frames(120)
    one.recorder.close()
    (path,) = (tmp_path / "films").iterdir()
    assert path.name == "reverie-" + time.strftime("%Y-%m-%dT%H-%M-%SZ", time.gmtime(NOON + 10)) + ".mp4"
    (said,) = one.said_of("film")
    assert (said["file"], round(said["began"])) == (path.name, NOON + 10)
    assert frames_in(path) == 120
    with av.open(str(path)) as file:
        assert file.streams.video[0].start_time == 0


def test_every_hour_has_a_film_of_its_own(tmp_path: Path, tape: Callable[..., Tape]) -> None:
    one = tape()
    one.now = NOON + 3598
    one.frames(200)
    one.recorder.close()
    names = [found["file"] for found in one.said_of("film")]
    assert len(names) == 2
    counts = [frames_in(tmp_path / "films" / name) for name in names]
    assert sum(counts) == 200
    assert counts[0] == 50  # up to the first key frame of the new hour
    with av.open(str(tmp_path / "films" / names[1])) as file:
        assert file.streams.video[0].start_time == 0


@pytest.mark.slow
def test_sound_lies_beside_the_picture(
    tmp_path: Path, tape: Callable[..., Tape], encoded: tuple[bytes, list[Sample]]
) -> None:
    encoder = SoundEncoder()
    one = tape(sound=encoder.head)
    one.count = 5000  # as of an encoder that has run for long; not at a key frame of the sound
    begin = round(one.count * RATE / FPS)
    chance = np.random.default_rng(0)
    for _ in range(100):
        one.frames(1)
        for sample in encoder.add(chance.normal(0, 0.1, (2, RATE // FPS)).astype(np.float32)):
            one.recorder.add(sample, begin, sound=True)
            begin += sample.ticks
    one.settled()
    one.recorder.close()
    (path,) = (tmp_path / "films").iterdir()
    with av.open(str(path)) as file:
        lengths = [float(stream.duration * stream.time_base) for stream in file.streams]
        assert [stream.type for stream in file.streams] == ["video", "audio"]
        assert lengths == pytest.approx([4.0, 4.0], abs=0.1)


def test_what_was_cut_off_plays_to_where_it_was(tmp_path: Path, tape: Callable[..., Tape]) -> None:
    """Killed in the middle: what was written of it by then is a film."""
    one = tape()
    one.frames(170)
    (path,) = (tmp_path / "films").iterdir()
    torn = tmp_path / "torn.mp4"
    torn.write_bytes(path.read_bytes())  # nothing was closed
    assert frames_in(torn) >= 100


@pytest.mark.slow
def test_the_oldest_give_way_with_what_is_beside_them(
    tmp_path: Path, tape: Callable[..., Tape], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "LOOK", 0.5)
    folder = tmp_path / "films"
    folder.mkdir()
    other = folder / "mine.mp4"
    other.write_bytes(b"x" * 10**6)  # nobody's business
    limit, largest = 300_000, 0
    one = tape(limit)
    for _ in range(60):
        one.frames(50)
        largest = max(largest, sum(films(folder).values()))
        for name in films(folder):
            (folder / name).with_suffix(".json").write_text("{}")
    one.recorder.close()
    assert len(one.said_of("film")) > 5
    assert largest <= limit
    left = sorted(films(folder))
    assert 0 < len(left) < 6
    assert left[-1] == one.said_of("film")[-1]["file"]
    assert {path.stem for path in folder.glob("*.json")} <= {Path(name).stem for name in left}
    assert other.stat().st_size == 10**6
    for name in left:
        assert frames_in(folder / name) > 0


def test_a_full_disk_is_said_once_and_tried_again(
    tmp_path: Path, tape: Callable[..., Tape], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = tape()
    full = threading.Event()
    real = recording._Film.add

    def add(film: Any, piece: Any) -> None:
        if full.is_set():
            raise OSError(28, "No space left on device")
        real(film, piece)

    monkeypatch.setattr(recording._Film, "add", add)
    one.frames(60)
    full.set()
    one.frames(300)
    assert [note["words"] for note in one.said_of("note")] == [
        f"{tmp_path / 'films'}: cannot be recorded to (No space left on device); the show goes on"
    ]
    full.clear()
    one.now += recording.AGAIN + 1
    one.frames(110)
    assert len(one.said_of("film")) == 2
    one.recorder.close()
    assert frames_in(tmp_path / "films" / one.said_of("film")[1]["file"]) >= 60


def test_a_disk_that_is_nearly_full_is_left_alone(tmp_path: Path, tape: Callable[..., Tape]) -> None:
    one = tape(spare=2**62)
    one.frames(60)
    assert [note["words"] for note in one.said_of("note")] == [
        f"{tmp_path / 'films'}: cannot be recorded to (the disk is nearly full); the show goes on"
    ]
    assert not films(tmp_path / "films")


def test_a_folder_that_cannot_be_is_said(tmp_path: Path, tape: Callable[..., Tape]) -> None:
    (tmp_path / "films").write_text("a file")
    one = tape()
    one.frames(60)
    assert len(one.said_of("note")) == 1
    assert "cannot be recorded to" in one.said_of("note")[0]["words"]


def test_a_disk_that_hangs_holds_nobody_up(
    tape: Callable[..., Tape], encoded: tuple[bytes, list[Sample]], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = tape()
    hung, go = threading.Event(), threading.Event()
    real = recording._Film.add

    def add(film: Any, piece: Any) -> None:
        hung.set()
        go.wait(60)
        real(film, piece)

    monkeypatch.setattr(recording._Film, "add", add)
    _, samples = encoded
    for number in range(3 * recording.WAITING):  # nothing here waits for the disk
        one.recorder.add(samples[number % 100], time_of(number, FPS))
    assert hung.wait(30)
    assert one.recorder._waiting.qsize() <= recording.WAITING
    go.set()
    one.settled()
    for number in range(3 * recording.WAITING, 3 * recording.WAITING + 100):
        one.recorder.add(samples[number % 100], time_of(number, FPS))
    one.settled()
    one.recorder.close()
    assert not one.said_of("note")
