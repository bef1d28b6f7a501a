"""Where decoded sound belongs in a film: on the film's own clock, to the sample, without gaps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame

#: Seconds that a time may be off before sound is put back into its place.
_OFF: Final = Fraction(3, 100)
#: Seconds at the end of a part that sound may go on for, as a packet is not cut where it is copied.
_MORE: Final = Fraction(1, 10)
#: Seconds of a gap that is filled; where times are this far off, they are taken as they are.
_LONGEST: Final = 600
#: Samples are from -1 to 1; what is far from that is no sound.
_LOUDEST: Final = 1000
#: A silence in one piece is at most this many samples.
_PIECE: Final = 1 << 16


class Placement:
    """Frames of one stream of sound, put where they belong: silence in gaps, and nothing from outside.

    Args:
        origin: Seconds on the file's clock at which the film begins.
        end: Seconds at which it ends, or None to take all there is.
        rough: Whether the file's times are no better than a piece of sound, as in an AVI.
    """

    def __init__(self, origin: Fraction, end: Fraction | None, *, rough: bool = False) -> None:
        self._origin, self._rough = origin, rough
        self._end = None if end is None else end - origin + _MORE
        self._due: Fraction | None = None  # where the next sample belongs
        self._told: Fraction | None = None  # and where the file says that it does

    def put(self, frame: AudioFrame) -> Iterator[AudioFrame]:
        """The frame with its time in samples from the film's beginning, after the silence before it."""
        rate = frame.sample_rate
        due = None if self._due is None else round(self._due * rate)
        begin = self._begin(frame, due)
        first, last = 0, None if self._end is None else round(self._end * rate)
        if last is not None and begin >= last:
            return
        if due is not None and abs(begin - due) > _OFF * rate:
            if 0 < begin - due <= _LONGEST * rate:
                yield from silence(frame, due, begin - due)
            first = due
        head = max(0, first - begin)
        tail = 0 if last is None else max(0, begin + frame.samples - last)
        if head + tail >= frame.samples:
            return
        if head or tail:
            frame, begin = _cut(frame, head, tail), begin + head
        frame = _sane(frame)
        frame.time_base, frame.pts = Fraction(1, rate), begin
        self._due = Fraction(begin + frame.samples, rate)
        yield frame

    def _begin(self, frame: AudioFrame, due: int | None) -> int:
        """The sample of the film's at which a frame begins."""
        rate = frame.sample_rate
        if frame.pts is None or not frame.time_base:
            return due or 0
        said = frame.pts * frame.time_base - self._origin
        begin = round(said * rate)  # a container's clock may be coarser than a sample
        told, self._told = self._told, said + Fraction(frame.samples, rate)
        if self._rough and told is not None and due is not None:
            off = round((said - told) * rate)
            return due if abs(off) <= max(_OFF * rate, Fraction(3, 2) * frame.samples) else due + off
        return begin


def _sane(frame: AudioFrame) -> AudioFrame:
    """The frame, silent where its samples are no numbers or could be none: encoders refuse those."""
    if not frame.format.name.startswith(("flt", "dbl")):
        return frame
    data = frame.to_ndarray()
    fit = np.abs(data) <= _LOUDEST
    return frame if fit.all() else _frame(frame, np.where(fit, data, 0).astype(data.dtype))


def _cut(frame: AudioFrame, head: int, tail: int) -> AudioFrame:
    """Without so many samples at its beginning and its end."""
    each = 1 if frame.format.is_planar else frame.layout.nb_channels
    data = frame.to_ndarray()
    return _frame(frame, data[:, head * each : data.shape[1] - tail * each])


def without_gaps(frames: Iterable[AudioFrame]) -> Iterator[AudioFrame]:
    """The same frames, with silence where their times leave a gap."""
    due: Fraction | None = None
    for frame in frames:
        if frame.pts is not None and frame.time_base:
            begin = frame.pts * frame.time_base
            if due is not None and _OFF < begin - due <= _LONGEST:
                count = round((begin - due) * frame.sample_rate)
                yield from silence(frame, round(due * frame.sample_rate), count)
            due = begin
        if due is not None:
            due += Fraction(frame.samples, frame.sample_rate)
        yield frame


def silence(like: AudioFrame, begin: int, count: int) -> Iterator[AudioFrame]:
    """So many samples of silence from this one on."""
    planes, each = (like.layout.nb_channels, 1) if like.format.is_planar else (1, like.layout.nb_channels)
    still = like.to_ndarray()[:, :1] * 0 + (128 if like.format.name.startswith("u8") else 0)
    for place in range(0, count, _PIECE):
        length = min(_PIECE, count - place)
        piece = _frame(like, np.broadcast_to(still[:1], (planes, length * each)))
        piece.time_base, piece.pts = Fraction(1, like.sample_rate), begin + place
        yield piece


def _frame(like: AudioFrame, data: Any) -> AudioFrame:
    frame = type(like).from_ndarray(np.ascontiguousarray(data), like.format.name, like.layout.name)
    frame.sample_rate = like.sample_rate
    return frame
