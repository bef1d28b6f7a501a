"""All that is on the air, together: what a restart goes on with, what a stream is sent, and months of it."""

from __future__ import annotations

import asyncio
import gc
import itertools
import json
import os
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from reverie.live.air import recorder as recording
from reverie.live.air.air import LATE, Air, AirPlan
from reverie.live.air.broadcast import Broadcast
from reverie.live.air.fragments import fragment
from reverie.live.air.h264 import PictureEncoder, time_of
from reverie.live.air.messages import Parcel, ParcelKind, words
from reverie.live.air.recorder import Heads, Recorder, films
from reverie.live.dreamer.recorded import drawn
from reverie.motion.flashing.guard import FlashGuard
from support.live_show import live_show


class Ear:
    """In the place of a child: what it is told."""

    def __init__(self, air: Air, monkeypatch: pytest.MonkeyPatch) -> None:
        self.heard: list[bytes] = []
        self.waiting = 0
        assert air.stream is not None
        monkeypatch.setattr(air.stream, "say", self.heard.append)
        monkeypatch.setattr(type(air.stream), "unheard", property(lambda child: self.waiting))


def test_an_encoder_that_is_begun_again_goes_on_with_the_next_frame() -> None:
    air = Air(AirPlan((64, 64), 25))
    assert air._words()[:6] == ["--size", "64x64", "--fps", "25", "--first", "0"]
    for number in range(7):
        air._hear(Parcel(ParcelKind.PICTURE, b"x", number == 0))
    assert air._words()[:6] == ["--size", "64x64", "--fps", "25", "--first", "7"]


def test_a_stream_begins_with_its_address_heads_and_a_key_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    air = Air(AirPlan((64, 64), 25, rtmp="rtmp://example.org/app/key"))
    ear = Ear(air, monkeypatch)
    head = Parcel(ParcelKind.PICTURE_HEAD, b"head")
    air._hear(head)
    ear.heard.clear()
    air._stream_begun()
    assert ear.heard == [words(url="rtmp://example.org/app/key").packed(), head.packed()]
    ear.heard.clear()
    parcels = [Parcel(ParcelKind.PICTURE, b"%d" % number, number % 5 == 0) for number in range(3, 20)]
    for parcel in parcels:
        air._hear(parcel)
    assert ear.heard == [parcel.packed() for parcel in parcels[2:]]


def test_what_a_stream_cannot_take_is_left_out_up_to_a_key_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    air = Air(AirPlan((64, 64), 25, rtmp="rtmp://example.org/app/key"))
    ear = Ear(air, monkeypatch)
    for number in range(30):
        ear.waiting = LATE + 1 if 3 <= number < 11 else 0
        air._hear(Parcel(ParcelKind.PICTURE, b"%d" % number, number % 5 == 0))
    sent = [int(one[6:]) for one in ear.heard]
    assert sent == [0, 1, 2, *range(15, 30)]
    assert air.picture.count == 30  # browsers are sent all of it


def test_the_streams_state_is_what_its_process_says() -> None:
    air = Air(AirPlan((64, 64), 25, rtmp="rtmp://example.org/app/key"))
    state = air.stream_state
    assert state is not None
    said: list[dict[str, Any]] = [{"is": "connecting"}, {"is": "connected"}, {"is": "sent", "frames": 25}]
    said += [{"is": "lost", "why": "nobody answers there"}, {"is": "connected"}]

    async def hear() -> None:
        stream = asyncio.StreamReader()
        stream.feed_data(b"".join(json.dumps(one).encode() + b"\n" for one in said))
        stream.feed_eof()
        await air._hear_stream(stream)

    asyncio.run(hear())
    assert (state.where, state.connects, state.reconnects, state.state) == ("example.org", 2, 1, "waiting")


class Reads:
    """A viewer that reads all."""

    def write(self, data: bytes) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return 0

    def is_closing(self) -> bool:
        return False


def resident() -> float:
    """MB of this process."""
    gc.collect()
    return float(psutil.Process(os.getpid()).memory_info().rss / 1e6)


@pytest.mark.soak
def test_an_hour_at_24_frames_a_second_leaves_no_trace(tmp_path: Path) -> None:
    """86,400 frames of 128 x 72 through all of it, and 24 hours by the recorder's clock."""
    size, fps, now = (128, 72), 24, [1_800_000_000.0]
    encoder, guard, channel = PictureEncoder(size, fps), FlashGuard(size, fps), Broadcast()
    channel.begin(encoder.head)
    viewers: list[Any] = [Reads() for _ in range(3)]
    for viewer in viewers:
        channel.enter(viewer)
    said: list[dict[str, Any]] = []
    limit = 30_000_000
    recorder = Recorder(
        tmp_path, Heads(encoder.head, None), limit, said.append, spare=0, clock=lambda: now[0]
    )
    before = 0.0
    for number, rgb in enumerate(itertools.islice(drawn(size), 86_400)):
        sample = encoder.add(guard(rgb))
        begin = time_of(number, fps)
        channel.publish(fragment(number + 1, begin, [sample]), sample.key)
        while recorder._waiting.qsize() > recording.WAITING // 2:
            time.sleep(0.001)
        recorder.add(sample, begin)
        now[0] += 1.0
        if number == 5000:
            before = resident()
        if number % 1000 == 0:
            assert sum(films(tmp_path).values()) <= limit
    recorder.close()
    assert resident() - before < 20
    assert len([one for one in said if one["is"] == "film"]) >= 24
    assert sum(films(tmp_path).values()) <= limit


@pytest.mark.soak
def test_half_an_hour_at_full_size_leaves_no_trace(tmp_path: Path) -> None:
    """Recorded frames in real time, with a recording: what each process holds does not grow."""
    with live_show(tmp_path / "show", size=(1024, 576), record=tmp_path / "films", record_gb=0.2) as show:
        show.on_air()
        time.sleep(120)
        processes = [psutil.Process(show.process.pid), show.child("air.encoder")]
        before = [process.memory_info().rss / 1e6 for process in processes]
        end = time.monotonic() + 1800
        while time.monotonic() < end:
            time.sleep(10)
            assert sum(films(tmp_path / "films").values()) <= 0.2e9
            assert show.health()["status"] == "ok"
        after = [process.memory_info().rss / 1e6 for process in processes]
        assert max(b - a for a, b in zip(before, after, strict=True)) < 20
        assert show.health()["restarts"]["encoder"] == 0
