"""Sound out: packets as they are where the container takes them, and packed again where it does not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, cast

from reverie.media.video.read.channels import InOrder
from reverie.process.notices import warn

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import OutputContainer
    from av.packet import Packet

    from reverie.media.video.read.audio import Sound
    from reverie.media.video.read.channels import Channels
    from reverie.media.video.read.placement import Placement

#: Bits a second for each channel of sound that is packed again.
BITS: Final = 96_000


@dataclass(frozen=True)
class Packing:
    """How sound is packed again.

    Attributes:
        codec: "aac" or "libopus".
        rate: Samples a second.
        layout: FFmpeg's name of the channels, at most 5.1.
    """

    codec: str
    rate: int
    layout: str

    @property
    def name(self) -> str:
        """The codec's name for people."""
        return "Opus" if self.codec == "libopus" else "AAC"


class Copied:
    """A stream of sound whose packets stay as they are."""

    def __init__(
        self, file: OutputContainer, template: AudioStream, origin: Fraction, *, after: bool
    ) -> None:
        """``after`` leaves out what begins before the film does."""
        self._after = after
        # Packets of TrueHD are shorter than Matroska's millisecond; others want each later than the last.
        self._apart = 0 if file.format.name in ("matroska", "webm") else 1
        self._tick = template.time_base or Fraction(1, template.codec_context.sample_rate)
        self._origin = origin
        self._next: int | None = None
        self._before: int | None = None
        self.stream = file.add_stream_from_template(template)

    def take(self, packet: Packet[AudioStream]) -> Iterator[Packet[AudioStream]]:
        """A packet on the film's own clock, none before the last one."""
        begin = round(self._origin / (packet.time_base or self._tick))
        pts = self._next if packet.pts is None else packet.pts - begin
        if pts is None:
            return  # nobody knows where it belongs
        self._next = pts + (packet.duration or 0)
        if self._after and pts < 0:
            return
        dts = pts if packet.dts is None else packet.dts - begin
        if self._before is not None:
            dts = max(dts, self._before + self._apart)
        self._before = dts
        packet.pts, packet.dts = max(pts, dts), dts
        packet.stream = self.stream
        yield packet

    def end(self) -> Iterator[Packet[AudioStream]]:
        """Nothing is left."""
        yield from ()


class Packed:
    """A stream of sound that is decoded and packed again."""

    def __init__(
        self,
        file: OutputContainer,
        template: AudioStream,
        channels: Channels,
        placement: Placement,
        packing: Packing,
    ) -> None:
        """``placement`` is where its frames belong.

        Raises:
            FFmpegError, ValueError: The encoder does not take this packing.
        """
        import av

        self._decoder, self._order, self._placement = template.codec_context, InOrder(channels), placement
        self.stream = cast("AudioStream", file.add_stream(packing.codec, rate=packing.rate))
        encoder = self.stream.codec_context
        encoder.layout = packing.layout
        encoder.bit_rate = BITS * av.AudioLayout(packing.layout).nb_channels
        encoder.open(strict=False)
        self._wanted = (encoder.format, packing.layout, packing.rate)
        self._resampler: Any = None
        self._kind: tuple[str, str, int] | None = None
        self.broken = 0

    def take(self, packet: Packet[AudioStream]) -> Iterator[Packet[AudioStream]]:
        """What a packet becomes; nothing of one that cannot be decoded."""
        yield from self.pack(self._decoded(packet))

    def end(self) -> Iterator[Packet[AudioStream]]:
        """What was held back."""
        yield from self.pack(self._decoded(None))
        yield from self._encode(self._rest())
        yield from self.stream.encode(None)

    def pack(self, frames: Iterable[AudioFrame]) -> Iterator[Packet[AudioStream]]:
        """What decoded frames become."""
        for frame in self._order.put(frames):
            for placed in self._placement.put(frame):
                its = (placed.format.name, placed.layout.name, placed.sample_rate)
                if self._kind != its:  # it may change on the way, and a resampler may not
                    yield from self._encode(self._rest())
                    self._resampler, self._kind = self._new_resampler(), its
                yield from self._encode(self._resampler.resample(placed))

    def _decoded(self, packet: Packet[AudioStream] | None) -> list[AudioFrame]:
        from av.error import FFmpegError

        try:
            return self._decoder.decode(packet)
        except MemoryError:
            raise
        except FFmpegError:
            self.broken += packet is not None
            return []

    def _new_resampler(self) -> Any:
        import av

        return av.AudioResampler(*self._wanted)

    def _rest(self) -> list[AudioFrame]:
        return [] if self._resampler is None else self._resampler.resample(None)

    def _encode(self, frames: Iterable[AudioFrame]) -> Iterator[Packet[AudioStream]]:
        """The encoder cuts them into pieces of its own length itself."""
        for frame in frames:
            yield from self.stream.encode(frame)


def heard(sound: Sound, found: Sequence[Copied | Packed | None], out: str) -> Iterator[Packet[AudioStream]]:
    """All packets of a sound, ready to be written; what is damaged is left out, and said.

    Args:
        sound: Its packets are taken.
        found: What is made of each of its streams, None where that is left out.
        out: What to call the film in a warning.
    """
    for place, packet in sound.packets():
        voice = found[place]
        if voice is not None:
            yield from voice.take(packet)
    for voice in found:
        if voice is not None:
            yield from voice.end()
        if isinstance(voice, Packed) and voice.broken:
            warn(f"{out}: its sound is damaged; {voice.broken} packets of it are left out", stacklevel=5)
