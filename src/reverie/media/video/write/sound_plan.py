"""How each track of sound gets into a film: tried out on its beginning, before anything depends on it."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Final

from reverie.errors import ReverieError
from reverie.media.video.read.channels import USUAL, InOrder
from reverie.media.video.read.placement import Placement
from reverie.media.video.write.audio import Copied, Packed, Packing
from reverie.process.notices import warn

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
#: Rates that AAC has and every player takes.
_AAC_RATES: Final = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 88200, 96000)
#: Packets of each track that are tried, and those that are looked through for them.
_TRIED, _LOOKED_AT = 48, 50_000
#: Channels that are kept; more are mixed down.
_MOST = 6


@dataclass(frozen=True)
class Track:
    """How a stream of sound gets into a film: as it is, packed again, or not at all.

    Attributes:
        copied: Whether its packets stay as they are.
        packing: How it is packed again, or None.
        words: What should be known of it, with {} for what the sound is called.
    """

    copied: bool = False
    packing: Packing | None = None
    words: tuple[str, ...] = ()

    @property
    def kept(self) -> bool:
        """Whether it gets in at all."""
        return self.copied or self.packing is not None


def plan_sound(sound: Sound, kind: str, out: str) -> tuple[Track, ...]:
    """What becomes of each stream of a sound in a container, and it is said where that is not all of it.

    The beginning of each is decoded, packed and put into a container of this kind in memory. The same sound
    gives the same plan.

    Args:
        sound: Used up by this.
        kind: "mp4", "mov", "mkv" or "webm".
        out: What to call the film in a warning.

    Raises:
        ResourceError: The file can no longer be read.
    """
    heads = _heads(sound)
    tracks = tuple(_Trial(sound, place, heads[place], kind).track() for place in range(len(sound.streams)))
    for number, track in enumerate(tracks, 1):
        which = "the sound" if len(tracks) == 1 else f"track {number} of the sound"
        for words in track.words:
            warn(f"{out}: {words.format(which)}", stacklevel=3)
    return tracks


def voice_for(file: OutputContainer, sound: Sound, place: int, track: Track, kind: str) -> Copied | Packed:
    """A stream in a file for a stream of sound that is not left out.

    Raises:
        FFmpegError, ValueError: It does not go this way.
    """
    template = sound.streams[place]
    if track.packing is not None:
        placement = Placement(sound.origin, sound.end, rough=sound.kind == "avi")
        voice: Copied | Packed = Packed(file, template, sound.channels[place], placement, track.packing)
    else:
        # Matroska has no time before 0 but in Opus, all the film would begin later for one packet.
        codec = template.codec_context.codec.canonical_name
        after = sound.cut and kind in ("mkv", "webm") and codec != "opus"
        voice = Copied(file, template, sound.origin, after=after)
    if language := template.metadata.get("language"):
        voice.stream.metadata["language"] = language
    return voice


def _heads(sound: Sound) -> list[list[Packet[AudioStream]]]:
    """The first packets of each stream."""
    heads: list[list[Packet[AudioStream]]] = [[] for _ in sound.streams]
    for count, (place, packet) in enumerate(sound.packets()):
        if len(heads[place]) < _TRIED:
            heads[place].append(packet)
        if count >= _LOOKED_AT or all(len(head) == _TRIED for head in heads):
            break
    return heads


class _Trial:
    """One stream of sound and its beginning, to be tried in a container."""

    def __init__(self, sound: Sound, place: int, head: Sequence[Packet[AudioStream]], kind: str) -> None:
        self.sound, self.place, self.head, self.kind = sound, place, head, kind
        self.template = sound.streams[place]
        self.codec = self.template.codec_context.codec.canonical_name

    def track(self) -> Track:
        """The best that goes."""
        if not self.head:
            return Track()
        frames = self._decoded()
        if not frames:
            return Track(words=(self._lost("cannot be decoded"),))
        if self._may_copy() and self._goes(Track(copied=True), frames):
            return Track(copied=True)
        for packing in _packings(frames[0], self.kind):
            track = Track(packing=packing, words=self._words(packing, frames[0].layout.nb_channels))
            if self._goes(track, frames):
                return track
        return Track(words=(self._lost(f"does not go into .{self.kind}"),))

    def _lost(self, why: str) -> str:
        """What is said of sound that is left out."""
        return f"{{}} ({self.codec}) {why} and is left out; convert it to AAC first to keep it"

    def _decoded(self) -> list[AudioFrame]:
        """The beginning as samples; nothing where most of it makes no sense."""
        from av.error import FFmpegError

        frames: list[AudioFrame] = []
        broken = 0
        for packet in self.head:
            try:
                frames += self.template.codec_context.decode(packet)
            except FFmpegError:
                broken += 1
        if 2 * broken > len(self.head):
            return []  # noise, as of what is encrypted, is taken for sound now and then
        try:
            return list(InOrder(self.sound.channels[self.place]).put(frames))
        except FFmpegError:
            return []

    def _may_copy(self) -> bool:
        if self.codec == "aac" and not self.template.codec_context.extradata:
            return False  # framed for a stream; a file wants it bare
        return self.kind not in COPIED or self.codec in COPIED[self.kind]

    def _words(self, packing: Packing, count: int) -> tuple[str, ...]:
        """What is said of sound that is packed again."""
        fault = "does not take this" if self._may_copy() else "holds no"
        again = f".{self.kind} {fault} {self.codec}, {{}} is packed again as {packing.name}"
        before = max(count, self.sound.channels[self.place].count)
        if before <= _channels(packing.layout):
            return (again,)
        return again, f"{before} channels of {{}} are mixed down to {packing.layout}"

    def _goes(self, track: Track, frames: Sequence[AudioFrame]) -> bool:
        """Whether the beginning gets into such a container this way."""
        import av

        name = {"mkv": "matroska"}.get(self.kind, self.kind)
        try:
            with av.open(io.BytesIO(), "w", format=name) as file:
                voice = voice_for(file, self.sound, self.place, track, self.kind)
                ready = (
                    voice.pack(frames)
                    if isinstance(voice, Packed)
                    else chain.from_iterable(map(voice.take, self.head))
                )
                for packet in chain(ready, voice.end()):
                    file.mux(packet)
        except (ReverieError, MemoryError):
            raise
        except Exception:  # FFmpeg's, and PyAV's own on what it does not know
            return False
        return True


def _packings(frame: AudioFrame, kind: str) -> Iterator[Packing]:
    """How sound like this may be packed for a container, the best way first."""
    layout, count = frame.layout.name, min(_MOST, frame.layout.nb_channels)
    usual = USUAL[count - 1]
    if kind == "webm":  # Opus knows these layouts only
        codec, rate, layouts = "libopus", 48_000, (usual, "stereo", "mono")
    else:
        rate = frame.sample_rate if frame.sample_rate in _AAC_RATES else 48_000
        own = (layout,) if frame.layout.nb_channels <= _MOST else ()
        codec, layouts = "aac", (*own, usual, "stereo", "mono")
    yield from (Packing(codec, rate, each) for each in dict.fromkeys(layouts))


def _channels(layout: str) -> int:
    from av import AudioLayout

    return AudioLayout(layout).nb_channels
