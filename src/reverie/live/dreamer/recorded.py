"""A show without a dream: ``python -m reverie.live.dreamer.recorded``, to try out all that comes after it.

It talks as the process that dreams does, and puts the frames of a film, forth and back, or of a picture of
noise that the camera of the show moves over. It needs neither a network nor torch.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from reverie.errors import BadInput, ReverieError
from reverie.live.dreamer.protocol import GoOn, Order, PauseDream, ShowCount, ShowError, ShowReady
from reverie.live.dreamer.talk import ChildOptions, Talk
from reverie.live.frames import FrameRing, Shown

Bytes = NDArray[np.uint8]
#: The most frames of a film that are kept.
MOST: Final = 250


class RecordedShow:
    """What is recorded, shown in time."""

    def __init__(self, options: ChildOptions) -> None:
        self._options = options
        self._talk = Talk(self._obey)
        self._paused = threading.Event()

    def run(self) -> int:
        """Show until the server says ``end`` or is gone; the exit status."""
        options, talk = self._options, self._talk
        talk.listen()
        try:
            frames = drawn(options.size, options.seed) if options.film is None else played(options)
            with FrameRing.create(options.ring, options.size) as ring:
                self._show(ring, frames)
        except ReverieError as error:
            talk.voice.say(ShowError(words=str(error)))
            return error.exit_code
        return 0

    def _show(self, ring: FrameRing, frames: Iterator[Bytes]) -> None:
        fps, voice = self._options.fps, self._talk.voice
        start, number, rgb = time.monotonic(), 0, next(frames)
        late = 0.0
        while True:
            due = start + number / fps
            if self._talk.over.wait(max(0.0, due - time.monotonic())):
                return
            ring.put(rgb, number, Shown.PLAIN, due)
            late = max(late, time.monotonic() - due)
            number += 1
            if number == 1:
                voice.say(ShowReady(size=self._options.size, fps=fps, ring=self._options.ring))
            if number % round(fps) == 0:
                voice.say(
                    ShowCount(
                        shown=number, dreamt=0, repeated=0, late_ms=round(late * 1e3, 1), look=1.0, ms={}
                    )
                )
                late = 0.0
            if not self._paused.is_set():
                rgb = next(frames)

    def _obey(self, order: Order) -> None:
        if isinstance(order, PauseDream):
            self._paused.set()
        elif isinstance(order, GoOn):
            self._paused.clear()


def drawn(size: tuple[int, int], seed: int = 0) -> Iterator[Bytes]:
    """Frames (H, W, 3) uint8 without end: noise of natural proportions that grows, turns and comes back."""
    width, height = size
    chance = np.random.default_rng(seed)
    picture = np.zeros((height, width, 3), np.float32)
    for side in (4, 8, 16, 32, 64, 128):
        coarse = chance.normal(0, 1, (side * 9 // 16 + 2, side, 3)).astype(np.float32)
        picture += cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC) * side**-0.6
    picture = np.clip((picture - picture.mean()) / picture.std() * 0.2 + 0.45, 0, 1)
    rgb = cv2.convertScaleAbs(picture, alpha=255.0)
    number = 0
    while True:
        swing = np.sin(number / 60)
        matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), 10 * swing, 1.4 + 0.3 * swing)
        yield np.asarray(cv2.warpAffine(rgb, matrix, size, borderMode=cv2.BORDER_REFLECT_101), np.uint8)
        number += 1


def played(options: ChildOptions) -> Iterator[Bytes]:
    """Frames (H, W, 3) uint8 of a film without end, forth and back. BadInput: it cannot be read."""
    import av

    film = Path(options.film or "")
    try:
        with av.open(str(film)) as container:
            shots = [
                shot.to_ndarray(format="rgb24")
                for _, shot in zip(range(MOST), container.decode(video=0), strict=False)
            ]
    except (OSError, av.error.FFmpegError) as error:
        raise BadInput(f"{film}: is no film that can be played ({error}); give another") from error
    if not shots:
        raise BadInput(f"{film}: has no frames; give another film")
    frames = [cv2.resize(shot, options.size, interpolation=cv2.INTER_AREA) for shot in shots]

    def forth_and_back() -> Iterator[Bytes]:
        while True:
            yield from (np.asarray(frame, np.uint8) for frame in frames + frames[-2:0:-1])

    return forth_and_back()


def main() -> None:
    """Begin."""
    os._exit(RecordedShow(ChildOptions.of()).run())


if __name__ == "__main__":
    main()
