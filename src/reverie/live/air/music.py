"""Music under the show: the files of a folder one after the other, each fading into the next."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from reverie.errors import BadInput
from reverie.process.notices import warn

Sound = NDArray[np.float32]

#: Samples a second, in two channels.
RATE: Final = 48_000
#: Seconds in which one piece gives way to the next, and the shortest piece that is played.
FADE: Final = 4.0
SHORTEST: Final = 1.0
#: The loudness that pieces are brought to (root of the mean square, 1 is full), and the most that is changed.
LEVEL: Final = 0.1
MOST_GAIN: Final = 4.0
#: Seconds of a piece by which its loudness is judged as it goes on.
HEARD: Final = 10.0
KINDS: Final = frozenset(
    [".aac", ".aif", ".aiff", ".flac", ".m4a", ".mka", ".mp3", ".oga", ".ogg", ".opus", ".wav", ".wma"]
)


def pieces(folder: Path) -> list[Path]:
    """The files of music in a folder and those below it, in order.

    Raises:
        BadInput: There is no such folder, or no music in it.
    """
    if not folder.is_dir():
        raise BadInput(f"{folder}: there is no such folder; music names a folder of music")
    found = sorted(one for one in folder.rglob("*") if one.suffix.lower() in KINDS and one.is_file())
    if not found:
        raise BadInput(f"{folder}: no music is in it; .mp3, .flac, .ogg, .opus, .m4a and .wav are played")
    return found


class MusicBed:
    """Sound without an end, of the pieces of a folder; it is read a little at a time.

    Pieces come in an order drawn anew each time round. One that cannot be read is left out, and said once.

    Args:
        folder: The folder; it is looked at again each time round.
        seed: Where chance begins.
    """

    def __init__(self, folder: Path, seed: int = 0) -> None:
        self._folder, self._chance = folder, random.Random(seed)
        self._told: set[str] = set()
        self._rest = np.zeros((2, 0), np.float32)
        self._parts = self._endless()
        #: The name of what is played, without its ending.
        self.playing = ""

    def take(self, samples: int) -> Sound:
        """The next samples, (2, samples) float32 within -1 and 1; silence where nothing can be played."""
        while self._rest.shape[1] < samples:
            self._rest = np.concatenate([self._rest, next(self._parts)], axis=1)
        found, self._rest = self._rest[:, :samples], self._rest[:, samples:].copy()
        return np.asarray(np.clip(found, -1, 1), np.float32)

    def _endless(self) -> Iterator[Sound]:
        fade = round(FADE * RATE)
        tail = np.zeros((2, 0), np.float32)
        while True:
            heard = False
            for path in self._round():
                for part in self._piece(path, fade, tail):
                    if isinstance(part, _Tail):
                        tail = part.sound
                    else:
                        heard = True
                        yield part
            if not heard:
                yield tail
                tail = np.zeros((2, 0), np.float32)
                yield np.zeros((2, RATE), np.float32)

    def _round(self) -> list[Path]:
        try:
            found = pieces(self._folder)
        except (BadInput, OSError) as error:
            self._tell(str(self._folder), error)
            return []
        self._chance.shuffle(found)
        return found

    def _piece(self, path: Path, fade: int, tail: Sound) -> Iterator[Sound | _Tail]:
        """A piece: over the end of the one before at first, and without its own end, which comes last."""
        held = np.zeros((2, 0), np.float32)
        begun = False
        try:
            for part in _levelled(_decoded(path)):
                held = np.concatenate([held, part], axis=1)
                if not begun:
                    if held.shape[1] < max(2 * fade, round(SHORTEST * RATE)):
                        continue
                    begun, self.playing = True, path.stem
                    held = _mixed(tail, held, fade)
                yield held[:, : -fade or None]
                held = held[:, -fade:]
        except (OSError, EOFError, ValueError) as error:  # PyAV's errors are one of these
            self._tell(os.fspath(path), error)
        if begun:
            yield _Tail(held)
        elif held.shape[1] >= SHORTEST * RATE:  # too short to fade: it is played after the one before
            self.playing = path.stem
            yield tail * _slope(tail.shape[1])[::-1]
            yield held
            yield _Tail(np.zeros((2, 0), np.float32))

    def _tell(self, name: str, error: Exception) -> None:
        if name not in self._told:
            self._told.add(name)
            warn(f"{name}: cannot be played ({type(error).__name__}); it is left out")


class _Tail:
    """The end of a piece, which the next one begins over."""

    def __init__(self, sound: Sound) -> None:
        self.sound = sound


def _slope(samples: int) -> Sound:
    """From 0 to 1, so that two sounds that have nothing in common stay as loud together."""
    return np.sin(np.linspace(0, np.pi / 2, samples, dtype=np.float32))


def _mixed(tail: Sound, head: Sound, fade: int) -> Sound:
    """A piece that comes up while the one before goes down."""
    mixed = head.copy()
    mixed[:, :fade] *= _slope(fade)
    over = tail.shape[1]
    if over:
        mixed[:, :over] += tail * _slope(over)[::-1]
    return mixed


def _levelled(parts: Iterator[Sound]) -> Iterator[Sound]:
    """A piece about as loud as all others: judged by what was heard of it, followed slowly."""
    power, weight, gain = 0.0, 0.0, None
    for part in parts:
        share = part.shape[1] / (HEARD * RATE)
        now = float(np.mean(np.square(part))) if part.size else 0.0
        power, weight = power + now * share, weight + share
        if weight > 1:
            power, weight = power / weight, 1.0
        level = (power / weight) ** 0.5 if weight else 0.0
        wanted = min(MOST_GAIN, LEVEL / level) if level > 1e-4 else 1.0
        before = wanted if gain is None else gain
        gain = before + (wanted - before) * min(1.0, share * 4)
        yield part * np.linspace(before, gain, part.shape[1], dtype=np.float32)


def _decoded(path: Path) -> Iterator[Sound]:
    """A file's sound, a second or so at a time, in two channels at ``RATE``."""
    import av

    with av.open(os.fspath(path)) as file:
        if not file.streams.audio:
            raise ValueError("there is no sound in it")
        shaped = av.AudioResampler("fltp", "stereo", RATE)
        waiting: list[Any] = []
        empty = True
        for frame in file.decode(audio=0):
            frame.pts, empty = None, False
            waiting += [one.to_ndarray() for one in shaped.resample(frame)]
            if sum(one.shape[1] for one in waiting) >= RATE:
                yield np.concatenate(waiting, axis=1).astype(np.float32)
                waiting = []
        if empty:
            raise ValueError("there is no sound in it")
        waiting += [one.to_ndarray() for one in shaped.resample(None)]
        if waiting:
            yield np.concatenate(waiting, axis=1).astype(np.float32)
