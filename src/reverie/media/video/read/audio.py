"""Sound in: a film's packets for copying, and any sound as samples for a pulse."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import chain
from os import PathLike
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reverie.errors import BadInput, ResourceError, UsageError
from reverie.media.video.read.clip import exactly
from reverie.media.video.read.probe import LocalFile, open_container, packets, read_head, sound_kind

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.packet import Packet

_LONGEST = Fraction(10**7)
_MOST_SAMPLES = 1 << 29  # 2 GB, three hours at 44.1 kHz

Floats = NDArray[np.float32]


class Sound:
    """A film's streams of sound, open for copying: a context manager.

    Attributes:
        streams: The input streams, to be handed to ``container.add_stream_from_template``.
        origin: Seconds on the file's clock at which the film's first frame stands: subtract it.
        end: Seconds on the file's clock at which the part that was asked for ends, or None for all.
        cut: Whether the part begins after the film does.
    """

    streams: tuple[AudioStream, ...]
    origin: Fraction
    end: Fraction | None
    cut: bool

    def __init__(
        self, file: LocalFile, kind: str, origin: Fraction, end: Fraction | None, cut: bool = False
    ) -> None:
        self._file = file
        self._container = open_container(file, kind)
        self.streams = tuple(s for s in self._container.streams.audio if s.codec_context is not None)
        self.origin, self.end, self.cut = origin, end, cut

    def packets(self) -> Iterator[tuple[int, Packet[AudioStream]]]:
        """(position in ``streams``, packet as it lies in the file) in the file's order, within the span.

        A packet is within when any of it sounds between ``origin`` and ``end``. Where the film is not cut,
        so are those before ``origin``: a decoder needs them to begin. Its pts and dts are the file's, in its
        stream's time base. May be asked for once.

        Raises:
            ResourceError: The file can no longer be read.
        """
        places = {stream.index: place for place, stream in enumerate(self.streams)}
        for packet in packets(self._container, list(self.streams), self._file):
            tick = packet.time_base
            if packet.pts is not None and tick:
                begin = packet.pts * tick
                if self.cut and begin + (packet.duration or 1) * tick <= self.origin:
                    continue
                if self.end is not None and begin >= self.end:
                    continue
            yield places[packet.stream.index], packet

    def close(self) -> None:
        """Close it."""
        self._container.close()

    def __enter__(self) -> Sound:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def samples(
    source: Sound | str | PathLike[str],
    rate: int = 44100,
    *,
    start: Fraction | float = 0,
    duration: Fraction | float | None = None,
) -> Floats:
    """The sound of a film or of a sound file as one channel, the mean of all it has.

    Sound files are MP3, WAV, FLAC, Ogg (Vorbis, Opus), M4A and AAC, besides the containers of films. Of
    several streams the first is taken. Silence stands where the sound begins later than the film.

    Args:
        source: What ``Movie.sound`` gave, which is closed then (0 is the film's first frame that was asked
            for, and duration is its part's), or a path (then 0 is the file's beginning).
        rate: Samples a second.
        start: Seconds after that beginning at which to begin.
        duration: Seconds to take, or None for all.

    Returns:
        (N,) float32, about -1 to 1.

    Raises:
        BadInput: There is no sound in it, or the file is none that is read.
        ResourceError: It cannot be read any more, or there is not enough memory.
        UsageError: A number is out of its range.
    """
    if not 100 <= rate <= 768_000:
        raise UsageError(f"rate: {rate} samples a second are out of range; give 100 to 768000")
    begin = exactly("start", start, Fraction(0), _LONGEST)
    length = None if duration is None else exactly("duration", duration, Fraction(1, 1000), _LONGEST)
    if isinstance(source, str | PathLike):
        file = LocalFile(source, what="sound file")
        try:
            kind = sound_kind(read_head(file), file.name)
            with open_container(file, kind) as container:
                origin = Fraction(0)
                if kind in ("mov", "matroska", "avi") and container.start_time is not None:
                    origin = Fraction(container.start_time, 1_000_000)
                return _mono(container, file, rate, origin + begin, length)
        finally:
            file.close()
    with source:
        if length is None and source.end is not None:
            length = max(Fraction(1, rate), source.end - source.origin - begin)
        return _mono(source._container, source._file, rate, source.origin + begin, length)


def _mono(
    container: InputContainer, file: LocalFile, rate: int, begin: Fraction, length: Fraction | None
) -> Floats:
    """The first stream of sound from begin on (seconds on the file's clock)."""
    streams = [s for s in container.streams.audio if s.codec_context is not None]
    if not streams:
        raise BadInput(f"{file.name}: no sound in it; give a music file instead")
    most = None if length is None else round(length * rate)
    pieces: list[Floats] = []
    have = 0
    try:
        for piece in _pieces(_frames(container, streams[0], file), rate, begin):
            have += len(piece)
            if have > _MOST_SAMPLES:
                raise BadInput(f"{file.name}: its sound is too long; give a shorter part of it")
            pieces.append(piece)
            if most is not None and have >= most:
                break
        whole = np.concatenate(pieces) if pieces else np.zeros(0, np.float32)
    except MemoryError as error:
        raise ResourceError(f"{file.name}: not enough memory for its sound; give a shorter one") from error
    if most is not None:
        whole = np.pad(whole[:most], (0, max(0, most - len(whole))))
    return np.ascontiguousarray(whole, np.float32)


def _pieces(frames: Iterator[AudioFrame], rate: int, begin: Fraction) -> Iterator[Floats]:
    """One channel at this rate, from begin on; silence first where the sound begins later."""
    from av.audio.resampler import AudioResampler

    resampler: AudioResampler | None = None
    kind: tuple[str, str, int] | None = None
    early = 0  # samples still to be left out
    for frame in frames:
        its = (frame.format.name, frame.layout.name, frame.sample_rate)
        if resampler is None:
            at = 0 if frame.pts is None or frame.time_base is None else frame.pts * frame.time_base
            early = round((begin - at) * rate)
            if early < 0:
                yield np.zeros(min(-early, _MOST_SAMPLES + 1), np.float32)
        if resampler is None or its != kind:  # it may change on the way, and a resampler may not
            rest = [] if resampler is None else resampler.resample(None)
            resampler, kind = AudioResampler(format="fltp", rate=rate), its
            yield from map(_flat, rest)
        for out in resampler.resample(frame):
            yield _flat(out)[max(0, early) :]
            early -= out.samples
    if resampler is not None:
        yield from (_flat(out)[max(0, early) :] for out in resampler.resample(None))


def _flat(frame: AudioFrame) -> Floats:
    """The mean of all channels."""
    mean: Floats = np.asarray(frame.to_ndarray(), np.float32).mean(0)
    return mean


def _frames(container: InputContainer, stream: AudioStream, file: LocalFile) -> Iterator[AudioFrame]:
    """Decoded pieces of sound; damaged ones are left out."""
    from av.error import FFmpegError

    heard = False
    for packet in chain(packets(container, [stream], file), [None]):  # None gives what is still inside
        try:
            frames = stream.codec_context.decode(packet)
        except FFmpegError:
            continue
        heard = heard or bool(frames)
        yield from frames
    if not heard:
        raise BadInput(f"{file.name}: no sound in it can be decoded; give another file")
