"""The show on disk: a film for every hour, the oldest given up where a limit is reached.

It writes in a thread of its own and never holds anybody up: what a slow disk cannot take is left out, up to
the next key frame. A film that is cut off plays to where it was cut.
"""

from __future__ import annotations

import contextlib
import os
import queue
import re
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from reverie.live.air.fragments import Sample
from reverie.live.air.h264 import TICKS, template
from reverie.live.air.music import RATE

#: Samples that may wait to be written: some six seconds.
WAITING: Final = 450
#: Seconds in one film, and until it is tried again after the disk was full.
HOUR: Final = 3600.0
AGAIN: Final = 30.0
#: Bytes that the disk keeps free.
SPARE: Final = 500_000_000
#: A film is ended early at this share of the limit, so that older ones can be given up.
SHARE: Final = 0.25
#: Seconds between two looks at the limit.
LOOK: Final = 10.0
_NAME: Final = re.compile(r"reverie-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ(-\d+)?\.(mp4|json)")
Say = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Heads:
    """What the samples' tracks are: heads of an MP4 of each."""

    picture: bytes
    sound: bytes | None


@dataclass(frozen=True)
class _Piece:
    """A sample on its way to the disk."""

    sample: Sample
    time: int
    sound: bool


class Recorder:
    """Takes samples as they are encoded.

    Args:
        folder: Where films are put.
        heads: What the samples are.
        limit: Bytes that all films may take together.
        say: Is told of each film that begins (``{"is": "film", "file", "began"}``) and of trouble
            (``{"is": "note", "words"}``).
        spare: Bytes that the disk keeps free.
        hour: Seconds in one film.
    """

    def __init__(
        self,
        folder: Path,
        heads: Heads,
        limit: int,
        say: Say,
        *,
        spare: int = SPARE,
        hour: float = HOUR,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._folder, self._heads, self._limit, self._say = folder, heads, limit, say
        self._spare, self._hour, self._clock = spare, hour, clock
        self._waiting: queue.Queue[_Piece | None] = queue.Queue(WAITING)
        self._skipping = False
        self._film: _Film | None = None
        self._rest, self._looked, self._told = 0.0, 0.0, ""
        self._thread = threading.Thread(target=self._write_all, daemon=True)
        self._thread.start()

    def add(self, sample: Sample, time: int, *, sound: bool = False) -> None:
        """A sample that begins at ``time``, in ticks of its track; waits for nobody."""
        if self._skipping and not (sample.key and not sound and self._waiting.qsize() < WAITING // 2):
            return
        self._skipping = False
        try:
            self._waiting.put_nowait(_Piece(sample, time, sound))
        except queue.Full:
            self._skipping = True

    def close(self, seconds: float = 5.0) -> None:
        """End the film that is written, in this time."""
        with contextlib.suppress(queue.Full):
            self._waiting.put(None, timeout=seconds)
            self._thread.join(seconds)

    def _write_all(self) -> None:
        while (piece := self._waiting.get()) is not None:
            try:
                self._write(piece)
            except OSError as error:
                self._trouble(error)
        self._end()

    def _write(self, piece: _Piece) -> None:
        now = self._clock()
        if piece.sample.key and not piece.sound and self._turns(now):
            self._end()
            self._begin(now, piece.time)
        if self._film is not None:
            self._film.add(piece)
            if now - self._looked > LOOK or now < self._looked:
                self._looked = now
                self._keep_to_limit()

    def _turns(self, now: float) -> bool:
        """Whether another film begins with this key frame."""
        film = self._film
        if film is None:
            return now >= self._rest
        other = int(now // self._hour) != int(film.began // self._hour)
        return other or film.size > SHARE * self._limit

    def _begin(self, now: float, time: int) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._keep_to_limit()
        if shutil.disk_usage(self._folder).free < self._spare:
            raise OSError(28, "the disk is nearly full")
        self._film = _Film(self._folder, self._heads, now, time)
        self._told = ""
        self._say({"is": "film", "file": self._film.path.name, "began": now})

    def _end(self) -> None:
        film, self._film = self._film, None
        if film is not None:
            with contextlib.suppress(OSError):
                film.close()

    def _trouble(self, error: OSError) -> None:
        """What cannot be written is left out for a while; it is said once."""
        self._end()
        words = f"{self._folder}: cannot be recorded to ({error.strerror or error}); the show goes on"
        if words != self._told:
            self._told = words
            self._say({"is": "note", "words": words})
        self._rest = self._clock() + AGAIN
        with contextlib.suppress(OSError):
            self._keep_to_limit()

    def _keep_to_limit(self) -> None:
        """Give the oldest films up, with what is beside them, until the others are within the limit."""
        current = self._film.path.name if self._film else ""
        sizes = films(self._folder)
        names = [name for name in sorted(sizes) if name != current]
        total = sum(sizes.values())
        free = shutil.disk_usage(self._folder).free
        while names and (total > self._limit * (1 - SHARE) or free < self._spare):
            name = names.pop(0)
            (self._folder / name).unlink(missing_ok=True)
            (self._folder / name).with_suffix(".json").unlink(missing_ok=True)
            total, free = total - sizes[name], free + sizes[name]
        if self._film is not None and free < self._spare:
            raise OSError(28, "the disk is nearly full")


def films(folder: Path) -> dict[str, int]:
    """The names of recorded films in a folder, and the bytes of each with what is beside it."""
    sizes: dict[str, int] = {}
    if not folder.is_dir():
        return sizes
    for entry in os.scandir(folder):
        if _NAME.fullmatch(entry.name):
            with contextlib.suppress(FileNotFoundError):
                name = entry.name.rpartition(".")[0] + ".mp4"
                sizes[name] = sizes.get(name, 0) + entry.stat().st_size
    return sizes


class _Film:
    """One film while it is written."""

    def __init__(self, folder: Path, heads: Heads, began: float, time: int) -> None:
        import av

        self.began = began
        stem = "reverie-" + _utc(began)
        self.path = folder / f"{stem}.mp4"
        count = 1
        while self.path.exists():
            count += 1
            self.path = folder / f"{stem}-{count}.mp4"
        self._file = open(self.path, "xb", buffering=0)  # noqa: SIM115
        options = {"movflags": "frag_keyframe+empty_moov+default_base_moof+skip_trailer"}
        try:
            self._out = av.open(self._file, "w", format="mp4", options=options)
            self._picture = self._out.add_stream_from_template(template(heads.picture))
            self._sound = None
            if heads.sound is not None:
                self._sound = self._out.add_stream_from_template(template(heads.sound, "audio"))
            self._out.start_encoding()
        except BaseException:
            self._file.close()
            raise
        self._zero = Fraction(time, TICKS)

    @property
    def size(self) -> int:
        """Bytes until now."""
        return self._file.tell()

    def add(self, piece: _Piece) -> None:
        """A sample, in its place; sound before the first frame is left out."""
        from av import Packet

        stream = self._sound if piece.sound else self._picture
        rate = RATE if piece.sound else TICKS
        time = piece.time - round(self._zero * rate)
        if stream is None or time < 0:
            return
        packet = Packet(piece.sample.data)
        packet.stream, packet.time_base = stream, Fraction(1, rate)
        packet.pts = packet.dts = time
        packet.duration, packet.is_keyframe = piece.sample.ticks, piece.sample.key
        self._out.mux(packet)

    def close(self) -> None:
        """The rest, and no more."""
        try:
            self._out.close()
        finally:
            self._file.close()


def _utc(moment: float) -> str:
    return time.strftime("%Y-%m-%dT%H-%M-%SZ", time.gmtime(moment))
