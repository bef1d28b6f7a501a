"""Sound in: a film's packets for copying, and any sound as samples for a pulse."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import chain
from os import PathLike
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from reverie.errors import BadInput, ResourceError, UsageError
from reverie.media.video.read.channels import InOrder, channels_of
from reverie.media.video.read.clip import exactly
from reverie.media.video.read.placement import without_gaps
from reverie.media.video.read.probe import LocalFile, open_container, packets, read_head, sound_kind

if TYPE_CHECKING:
    from av.audio.codeccontext import AudioCodecContext
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.packet import Packet

    from reverie.media.video.read.channels import Channels

_LONGEST = Fraction(10**7)
#: Codecs whose packets are of any length.
_UNEVEN = {"flac", "alac", "tta", "wavpack", "vorbis", "opus"}
_MOST_SAMPLES = 1 << 29  # 2 GB, three hours at 44.1 kHz

Floats = NDArray[np.float32]


class Sound:
    """A film's streams of sound, open for copying: a context manager.

    Attributes:
        streams: The input streams, to be handed to ``container.add_stream_from_template``.
        channels: Of each of them.
        kind: The film's container, as "mov", "matroska" or "avi".
        origin: Seconds on the file's clock at which the film's first frame stands: subtract it.
        end: Seconds on the file's clock at which the part that was asked for ends, or None for all.
        cut: Whether the part begins after the film does.
    """

    streams: tuple[AudioStream, ...]
    channels: tuple[Channels, ...]
    kind: str
    origin: Fraction
    end: Fraction | None
    cut: bool

    def __init__(
        self, file: LocalFile, kind: str, origin: Fraction, end: Fraction | None, cut: bool = False
    ) -> None:
        self._file, self.kind = file, kind
        self._container = open_container(file, kind)
        self.streams = tuple(s for s in self._container.streams.audio if s.codec_context is not None)
        self.channels = tuple(channels_of(s.codec_context) for s in self.streams)
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
        clocks = {
            stream.index: _Counted(stream)
            for stream in self.streams
            if self.kind == "avi" and stream.codec_context.codec.canonical_name in _UNEVEN
        }
        for packet in packets(self._container, list(self.streams), self._file):
            if (clock := clocks.get(packet.stream.index)) is not None:
                clock.put_right(packet)
            tick = packet.time_base
            if packet.pts is not None and tick:
                begin = packet.pts * tick
                if self.cut and begin + (packet.duration or 1) * tick <= self.origin:
                    continue
                if self.end is not None and begin >= self.end:
                    continue
            yield places[packet.stream.index], packet

    @property
    def name(self) -> str:
        """The film's, as it was given."""
        return self._file.name

    def again(self) -> Sound:
        """The same sound from its beginning, to be closed on its own."""
        return Sound(self._file, self.kind, self.origin, self.end, self.cut)

    def close(self) -> None:
        """Close it."""
        self._container.close()

    def __enter__(self) -> Sound:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Counted:
    """The time of packets that say none, by the samples in those before; so it is in an AVI.

    An AVI has times only of packets that are all as long, in samples or in bytes.
    """

    def __init__(self, stream: AudioStream) -> None:
        from av import CodecContext

        known = stream.codec_context
        self._decoder = cast("AudioCodecContext", CodecContext.create(known.codec.name, "r"))
        self._decoder.extradata = known.extradata
        self._rate = max(1, known.sample_rate)
        self._at = 0

    def put_right(self, packet: Packet[AudioStream]) -> None:
        """Give it its time in samples."""
        from av.error import FFmpegError

        try:
            count = sum(frame.samples for frame in self._decoder.decode(packet))
        except FFmpegError:
            count = 0
        packet.time_base = Fraction(1, self._rate)
        packet.pts = packet.dts = self._at
        packet.duration = count
        self._at += count


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
        channels = source.channels[0] if source.channels else None
        return _mono(source._container, source._file, rate, source.origin + begin, length, channels)


def _mono(
    container: InputContainer,
    file: LocalFile,
    rate: int,
    begin: Fraction,
    length: Fraction | None,
    channels: Channels | None = None,
) -> Floats:
    """The first stream of sound from begin on (seconds on the file's clock); channels if they are known."""
    streams = [s for s in container.streams.audio if s.codec_context is not None]
    if not streams:
        raise BadInput(f"{file.name}: no sound in it; give a music file instead")
    order = InOrder(channels_of(streams[0].codec_context) if channels is None else channels)
    most = None if length is None else round(length * rate)
    pieces: list[Floats] = []
    have = 0
    from av.error import FFmpegError

    heard = order.put(_frames(container, streams[0], file))
    if container.format.name != "avi":  # whose times are no better than a piece
        heard = without_gaps(heard)
    try:
        for piece in _pieces(heard, rate, begin):
            have += len(piece)
            if have > _MOST_SAMPLES:
                raise BadInput(f"{file.name}: its sound is too long; give a shorter part of it")
            pieces.append(piece)
            if most is not None and have >= most:
                break
        whole = np.concatenate(pieces) if pieces else np.zeros(0, np.float32)
    except MemoryError as error:
        raise ResourceError(f"{file.name}: not enough memory for its sound; give a shorter one") from error
    except FFmpegError as error:
        raise BadInput(f"{file.name}: no sound in it can be decoded ({error}); give another file") from error
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
            if frame.layout.nb_channels > 7:  # PyAV finds no end of more planes
                resampler = AudioResampler(format="flt", rate=rate)
            yield from map(_flat, rest)
        for out in resampler.resample(frame):
            yield _flat(out)[max(0, early) :]
            early -= out.samples
    if resampler is not None:
        yield from (_flat(out)[max(0, early) :] for out in resampler.resample(None))


def _flat(frame: AudioFrame) -> Floats:
    """The mean of all channels."""
    data = np.asarray(frame.to_ndarray(), np.float32)
    mean: Floats = data.mean(0) if frame.format.is_planar else data.reshape(frame.samples, -1).mean(1)
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
