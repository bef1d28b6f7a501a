"""The process that encodes: frames out of the ring, what browsers and services take out of its mouth.

It is a child of the server. Orders come as JSON, a line each: ``{"do": "ring", "name"}``, ``{"do": "end"}``;
what it makes and says goes to standard output as parcels. When the server is gone, so is this process.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from reverie.errors import ReverieError
from reverie.live.air.aac import SoundEncoder
from reverie.live.air.beat import Beat
from reverie.live.air.fragments import Sample, fragment
from reverie.live.air.h264 import PictureEncoder, time_of
from reverie.live.air.messages import Parcel, ParcelKind, words
from reverie.live.air.music import RATE, MusicBed
from reverie.live.air.recorder import Heads, Recorder
from reverie.live.frames import FrameRing
from reverie.motion.flashing.guard import FlashGuard
from reverie.process.notices import collect_warnings

#: Packets of sound that go out together, a tenth of a second.
TOGETHER: Final = 5
#: Seconds of music that are ready ahead.
READY: Final = 4
#: Seconds between two reports, and between two looks for a ring that is gone.
REPORT: Final = 1.0
SEEK: Final = 0.5


class MusicAhead:
    """Music that is read in a thread, so that a slow disk holds nothing up: then there is silence."""

    def __init__(self, bed: MusicBed, note: Callable[[str], None]) -> None:
        self._bed, self._note = bed, note
        self._ready: queue.Queue[tuple[str, NDArray[np.float32]]] = queue.Queue(READY)
        self._rest = np.zeros((2, 0), np.float32)
        self.playing = ""
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        with collect_warnings(self._note):
            while True:
                sound = self._bed.take(RATE)
                self._ready.put((self._bed.playing, sound))

    def take(self, samples: int) -> NDArray[np.float32]:
        """The next samples, (2, samples)."""
        while self._rest.shape[1] < samples:
            try:
                self.playing, more = self._ready.get_nowait()
            except queue.Empty:
                more = np.zeros((2, samples - self._rest.shape[1]), np.float32)
            self._rest = np.concatenate([self._rest, more], axis=1)
        found, self._rest = self._rest[:, :samples], self._rest[:, samples:]
        return found


class Encoder:
    """Everything between the ring and the server."""

    def __init__(self, given: argparse.Namespace) -> None:
        self.size, self.fps = given.size, given.fps
        self._turn = threading.Lock()
        self._mouth = os.fdopen(os.dup(1), "wb")
        os.dup2(2, 1)  # what a library prints is no parcel
        self._first = given.first
        self._picture = PictureEncoder(self.size, self.fps, given.bits, filled=given.filled)
        self._guard = FlashGuard(self.size, self.fps)
        self._sound = SoundEncoder() if given.music else None
        self._music = MusicAhead(MusicBed(given.music, given.first), self._note) if given.music else None
        self._packets: list[Sample] = []
        self._sound_time = round(self._first * RATE / self.fps)
        self._sounded = self._sound_time
        self._numbers = {ParcelKind.PICTURE: 0, ParcelKind.SOUND: 0}
        heads = Heads(self._picture.head, self._sound.head if self._sound else None)
        self._recorder: Recorder | None = None
        if given.record:
            self._recorder = Recorder(given.record, heads, given.record_bytes, self._tell)
        self._wanted: str | None = given.ring
        self._ring: FrameRing | None = None
        self._sought = -SEEK
        self._ended = threading.Event()
        self._last: NDArray[np.uint8] | None = None
        self._number = -1
        self._told = ""

    def _say(self, parcel: Parcel) -> None:
        with self._turn:
            self._mouth.write(parcel.packed())
            self._mouth.flush()

    def _tell(self, said: dict[str, Any]) -> None:
        self._say(words(**said))

    def hear(self) -> None:
        """Take the server's orders; with them ends this process."""
        for line in sys.stdin.buffer:
            with suppress(ValueError):
                order = json.loads(line)
                if order.get("do") == "ring":
                    self._wanted, self._sought = str(order["name"]), -SEEK
                elif order.get("do") == "end":
                    break
        self._ended.set()
        time.sleep(5)
        os._exit(0)

    def run(self) -> None:
        """Encode until it is told to end."""
        threading.Thread(target=self.hear, daemon=True).start()
        self._say(Parcel(ParcelKind.PICTURE_HEAD, self._picture.head))
        if self._sound is not None:
            self._say(Parcel(ParcelKind.SOUND_HEAD, self._sound.head))
        beat: Beat | None = None
        reported, spent = time.monotonic(), time.process_time()
        while not self._ended.is_set():
            now = time.monotonic()
            came = self._look(now) if beat is None or beat.takes(now) else False
            if came:
                beat = beat or Beat(self.fps, now)
                beat.came(now)
                self._frame()
            elif beat is not None and beat.overdue(now):
                beat.repeated(now)
                self._frame()
            else:
                time.sleep(beat.nap(now) if beat else 0.02)
            if now - reported >= REPORT:
                cpu = time.process_time()
                self._report(beat, (cpu - spent) / (now - reported))
                reported, spent = now, cpu
        if self._recorder is not None:
            self._recorder.close()

    def _report(self, beat: Beat | None, cores: float) -> None:
        playing = self._music.playing if self._music else ""
        self._tell(
            {
                "is": "beat",
                "encoded": beat.count if beat else 0,
                "repeats": beat.repeats if beat else 0,
                "damped": self._guard.damped,
                "ms": round(1000 * cores / self.fps, 2),
                "playing": playing,
            }
        )

    def _look(self, now: float) -> bool:
        """Whether there is a new frame; it is taken."""
        ring = self._ring
        if ring is None or now - self._sought >= SEEK:
            self._sought = now
            if ring is None or ring.replaced:
                ring = self._open()
        if ring is None or ring.number() == self._number:
            return False
        frame = ring.newest(-1)
        if frame is None or frame.number == self._number:
            return False
        self._last, self._number = frame.rgb, frame.number
        return True

    def _open(self) -> FrameRing | None:
        """The ring that is wanted, once it is there."""
        try:
            ring = FrameRing.open(self._wanted) if self._wanted else None
        except ReverieError:
            return self._ring
        if ring is not None and ring.size != self.size:
            ring.close()
            self._note("frames of another size came; they are left out")
            return self._ring
        if ring is not None:
            if self._ring is not None:
                self._ring.close()
            self._ring, self._number = ring, -1
        return self._ring

    def _note(self, said: str) -> None:
        if said != self._told:
            self._told = said
            self._tell({"is": "note", "words": said})

    def _frame(self) -> None:
        """Encode the frame that there is, and the sound that belongs to it."""
        assert self._last is not None
        number = self._first + self._numbers[ParcelKind.PICTURE]
        sample = self._picture.add(self._guard(self._last))
        begin = time_of(number, self.fps)
        self._out(ParcelKind.PICTURE, begin, [sample])
        if self._recorder is not None:
            self._recorder.add(sample, begin)
        if self._sound is not None and self._music is not None:
            until = round((number + 1) * RATE / self.fps)
            self._packets += self._sound.add(self._music.take(until - self._sounded))
            self._sounded = until
            if len(self._packets) >= TOGETHER:
                self._sound_out()

    def _sound_out(self) -> None:
        packets, self._packets = self._packets, []
        self._out(ParcelKind.SOUND, self._sound_time, packets)
        for packet in packets:
            if self._recorder is not None:
                self._recorder.add(packet, self._sound_time, sound=True)
            self._sound_time += packet.ticks

    def _out(self, kind: ParcelKind, begin: int, samples: list[Sample]) -> None:
        self._numbers[kind] += 1
        self._say(Parcel(kind, fragment(self._numbers[kind], begin, samples), samples[0].key))


def _size(text: str) -> tuple[int, int]:
    width, height = map(int, text.split("x"))
    return width, height


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=_size, required=True)
    parser.add_argument("--fps", type=int, required=True)
    parser.add_argument("--ring")
    parser.add_argument("--first", type=int, default=0, help="number of the first frame")
    parser.add_argument("--bits", type=int)
    parser.add_argument("--filled", action="store_true")
    parser.add_argument("--music", type=Path)
    parser.add_argument("--record", type=Path)
    parser.add_argument("--record-bytes", type=int, default=20_000_000_000)
    return parser.parse_args()


def main() -> None:
    """Begin."""
    code = 0
    try:
        Encoder(_arguments()).run()
    except (BrokenPipeError, KeyboardInterrupt):
        pass  # the server is gone
    except Exception:
        traceback.print_exc()
        code = 1
    os._exit(code)  # whatever a thread still waits for


if __name__ == "__main__":
    main()
