"""What was encoded: the partial film, read again to be made the final one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from reverie.media.video.read.probe import LocalFile, open_container
from reverie.media.video.write.encode import HELD
from reverie.media.video.write.formats import Reel
from reverie.media.video.write.work_folder import Bytes

if TYPE_CHECKING:
    from av.container.input import InputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream


@dataclass(frozen=True)
class PartialFilm:
    """All frames of a film, encoded.

    Attributes:
        path: The partial film, which is all of it.
        reel: What it is made of.
        frames: How many there are.
        end: Where the last one ends, in ticks.
    """

    path: Path
    reel: Reel
    frames: int
    end: int

    @contextmanager
    def opened(self) -> Iterator[InputContainer]:
        """The file, open for reading; nothing in it can make another file open."""
        file = LocalFile(self.path)
        try:
            with open_container(file, "mov") as container:
                yield container
        finally:
            file.close()

    def packets(self, source: InputContainer) -> Iterator[Packet[VideoStream]]:
        """Its packets as they are decoded, in ticks: the first is shown at 0, each lasts until the next."""
        begins = self.begins
        lasts = dict(zip(begins, [*begins[1:], self.end], strict=True))
        before = -self._late - 1
        for place, packet in enumerate(source.demux(source.streams.video[0]), 1):
            if packet.pts is None or packet.dts is None:
                continue  # the end
            packet.pts -= self._late
            packet.dts -= self._late
            packet.duration = lasts[packet.pts] - packet.pts
            if place == self.frames:
                # An MP4 lasts from the first frame decoded to the end of the last, which so is the film's.
                packet.dts = max(before + 1, packet.pts - self._late)
                packet.duration = max(1, self.end - self._late - packet.dts)
            before = packet.dts
            yield packet

    @cached_property
    def begins(self) -> list[int]:
        """Where its frames begin, in ticks, in order."""
        with self.opened() as source:
            shown = [packet.pts for packet in source.demux(source.streams.video[0])]
        return sorted(pts - self._late for pts in shown if pts is not None)

    @property
    def even(self) -> bool:
        """Whether all frames last as long as the nominal rate says."""
        begins = [*self.begins, self.end]
        return all(abs(at - self.reel.ticks(place / self.reel.rate)) <= 1 for place, at in enumerate(begins))

    @property
    def _late(self) -> int:
        """What the partial film begins with, in ticks, so that no frame is decoded before it begins."""
        return HELD * self.reel.frame

    def pictures(self) -> Iterator[tuple[int, int, Bytes]]:
        """Its frames, where nothing was lost: where each begins and ends in ticks, and (H, W, 3 or 4)."""
        begins = self.begins
        kind = "rgba" if self.reel.alpha else "rgb24"
        with self.opened() as source:
            stream = source.streams.video[0]
            stream.thread_type = "SLICE"
            frames = source.decode(stream)
            for frame, begin, end in zip(frames, begins, [*begins[1:], self.end], strict=True):
                yield begin, end, np.ascontiguousarray(frame.to_ndarray(format=kind))
