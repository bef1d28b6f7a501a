"""Sound out: packets as they are where the container takes them, and packed again where it does not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from reverie.notices import warn

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import OutputContainer
    from av.packet import Packet

    from reverie.media.video.read.audio import Sound

#: Sound that players expect in a container; what is not here is packed again. Matroska takes nearly all.
COPIED: Final = {
    "mp4": {"aac", "mp3", "ac3", "eac3", "alac", "opus", "flac"},
    "mov": {"aac", "mp3", "ac3", "eac3", "alac", "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be"},
    "webm": {"opus", "vorbis"},
}
#: Bits a second for each channel of sound that is packed again.
BITS: Final = 96_000


class Copied:
    """A stream of sound whose packets stay as they are."""

    def __init__(
        self, file: OutputContainer, template: AudioStream, origin: Fraction, *, after: bool
    ) -> None:
        """``after`` leaves out what begins before the film does."""
        self._after = after
        self._tick = template.time_base or Fraction(1, template.rate)
        self._begin = round(origin / self._tick)
        self.stream = file.add_stream_from_template(template)

    def take(self, packet: Packet[AudioStream]) -> Iterator[Packet[AudioStream]]:
        """A packet on the film's own clock."""
        if packet.pts is not None:
            packet.pts -= self._begin
            if self._after and packet.pts < 0:
                return
        if packet.dts is not None:
            packet.dts -= self._begin
        packet.stream = self.stream
        yield packet

    def end(self) -> Iterator[Packet[AudioStream]]:
        """Nothing is left."""
        yield from ()


class Packed:
    """A stream of sound that is decoded and packed again, as AAC or Opus."""

    def __init__(self, file: OutputContainer, template: AudioStream, origin: Fraction, kind: str) -> None:
        import av

        context = template.codec_context
        codec, rate = ("libopus", 48_000) if kind == "webm" else ("aac", _aac_rate(context.sample_rate))
        layout = context.layout.name if context.channels <= 8 else "stereo"
        self._decoder, self._origin = context, origin
        self.stream = cast("AudioStream", file.add_stream(codec, rate=rate))
        encoder = self.stream.codec_context
        encoder.layout, encoder.bit_rate = layout, BITS * context.channels
        encoder.open(strict=False)
        self._resampler = av.AudioResampler(encoder.format, encoder.layout, rate, encoder.frame_size or None)

    def take(self, packet: Packet[AudioStream]) -> Iterator[Packet[AudioStream]]:
        """What a packet becomes."""
        yield from self._pack(self._decoder.decode(packet))

    def end(self) -> Iterator[Packet[AudioStream]]:
        """What was held back."""
        yield from self._pack(self._decoder.decode(None))
        yield from self._pack([None])
        yield from self.stream.encode(None)

    def _pack(self, frames: Iterable[AudioFrame | None]) -> Iterator[Packet[AudioStream]]:
        for frame in frames:
            placed = frame if frame is None else self._placed(frame)
            for ready in self._resampler.resample(placed):
                yield from self.stream.encode(ready)

    def _placed(self, frame: AudioFrame) -> AudioFrame:
        """On the film's own clock, to the sample, without what is before the film."""
        if frame.pts is None or not frame.time_base:
            return frame
        rate = frame.sample_rate  # a container's clock may be coarser than this
        begin = round((frame.pts * frame.time_base - self._origin) * rate)
        if -frame.samples < begin < 0:
            each = 1 if frame.format.is_planar else frame.layout.nb_channels
            samples: Any = np.ascontiguousarray(frame.to_ndarray()[:, -begin * each :])
            frame = type(frame).from_ndarray(samples, frame.format.name, frame.layout.name)
            frame.sample_rate, begin = rate, 0
        frame.time_base, frame.pts = Fraction(1, rate), begin
        return frame


def _aac_rate(rate: int) -> int:
    """One that AAC has: the same, or the highest below 96 kHz."""
    return (
        rate
        if rate in (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 88200, 96000)
        else 48_000
    )


def voices(file: OutputContainer, sound: Sound, kind: str, out: str) -> list[Copied | Packed]:
    """Streams in a file for all streams of a sound; said where one is packed again."""
    found: list[Copied | Packed] = []
    for template in sound.streams:
        codec = template.codec_context.codec.canonical_name
        held = COPIED.get(kind)
        copied = codec in held if held is not None else codec in file.supported_codecs
        if codec == "aac" and not template.codec_context.extradata:
            copied = False  # framed for a stream; a file wants it bare
        if copied:
            # Matroska has no time before 0 but in Opus, all the film would begin later for one packet.
            after = sound.cut and kind in ("mkv", "webm") and codec != "opus"
            found.append(Copied(file, template, sound.origin, after=after))
        else:
            packed = Packed(file, template, sound.origin, kind)
            new = "Opus" if kind == "webm" else "AAC"
            warn(f"{out}: .{kind} holds no {codec}, the sound is packed again as {new}", stacklevel=5)
            found.append(packed)
        if language := template.metadata.get("language"):
            found[-1].stream.metadata["language"] = language
    return found


def heard(sound: Sound, found: list[Copied | Packed]) -> Iterator[Packet[AudioStream]]:
    """All packets of a sound, ready to be written."""
    for place, packet in sound.packets():
        yield from found[place].take(packet)
    for voice in found:
        yield from voice.end()
