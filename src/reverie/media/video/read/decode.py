"""A film file as a row of frames with their times, and what its headers and its packets say of it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import chain
from typing import TYPE_CHECKING

import av
from av.error import FFmpegError

from reverie.errors import BadInput, ResourceError
from reverie.media.picture.detect_format import check_size
from reverie.media.video.read.channels import channels_of
from reverie.media.video.read.colour_convert import HDR, Converter, Upright, colour_of, has_alpha, upright_of
from reverie.media.video.read.frame import Bytes, Colour, SoundInfo
from reverie.media.video.read.probe import LocalFile, decoding, open_container, packets
from reverie.media.video.read.timing import Still, even_pace, on_pace

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.codeccontext import VideoCodecContext
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

Say = Callable[[str], None]

# A film of more packets or bytes than these is not counted before it is read: its header is believed.
_MOST_PACKETS = 100_000
_MOST_BYTES = 1 << 30
_LONGEST_LAST = 10  # seconds
# A GIF or APNG of more pixels than these is not looked through for alpha: it is taken to have some.
_MOST_LOOKED_AT = 1 << 29


@dataclass
class VideoFile:
    """A film file, looked at but not yet read.

    Attributes:
        file: The file, open.
        kind: Its container, a key of `probe.FILMS`.
        max_pixels: The most pixels a frame may have.
        codec: Of the pictures.
        full_size: (width, height) upright.
        upright: How frames are stood up.
        colour: What the first frame says of its colours.
        aspect: Of a pixel, upright.
        tick: Seconds of the file's clock.
        rate: Nominal frames a second.
        variable: Whether the pace is uneven.
        first: Seconds on the file's clock of its first frame.
        length: Seconds of the whole film, 0 where unknown.
        times: Of each frame by its packets, or None where there are too many to count.
        last: Seconds that the last of them lasts.
        end: Seconds on the file's clock at which its header says that the pictures end, or None.
        alpha: Whether any of it is not opaque.
        lost_alpha: Whether its header says that it has alpha.
        deep: Bits a channel.
        sound: Its streams of sound.
    """

    file: LocalFile
    kind: str
    max_pixels: int
    codec: str = ""
    full_size: tuple[int, int] = (0, 0)
    upright: Upright = field(default_factory=Upright)
    colour: Colour = field(default_factory=Colour)
    aspect: Fraction = Fraction(1)
    tick: Fraction = Fraction(1, 1000)
    rate: Fraction = Fraction(25)
    variable: bool = False
    first: Fraction = Fraction(0)
    length: Fraction = Fraction(0)
    times: list[Fraction] | None = None
    last: Fraction = Fraction(0)
    end: Fraction | None = None
    alpha: bool = False
    lost_alpha: bool = False
    deep: int = 8
    sound: tuple[SoundInfo, ...] = ()

    @property
    def name(self) -> str:
        """As it was given."""
        return self.file.name

    def fingerprint(self) -> str:
        """SHA-256 of all its bytes. ResourceError: it cannot be read any more."""
        whole = hashlib.sha256()
        with decoding(self.file):
            for place in range(0, self.file.size, 1 << 22):
                whole.update(self.file.read_at(place, 1 << 22))
        return whole.hexdigest()

    def stills(self, say: Say, begin: Fraction | None = None) -> Generator[Still[VideoFrame], None, None]:
        """Its decoded frames in order of time.

        Args:
            say: Told what should be known.
            begin: Seconds on the file's clock; frames well before it may be left out.
        """
        if begin is not None and begin > self.first + 1 and self.kind in ("mov", "matroska"):
            sought = self._stills(say, begin)
            still = next(sought, None)
            if still is not None and still.time <= begin:
                yield still
                yield from sought
                return
            sought.close()
        yield from self._stills(say, None)

    def _stills(self, say: Say, begin: Fraction | None) -> Generator[Still[VideoFrame], None, None]:
        pace = 1 / self.rate
        before: Fraction | None = None
        for count, frame in enumerate(self.decoded(say, begin)):
            time = self._time(frame, count)
            if time is None:
                time = self.first if before is None else before + pace
            elif before is not None and time <= before:
                say(f"{self.name}: some of its times run backwards; they are put right")
                time = before + self.tick
            before = time
            lasts = frame.duration * self.tick or pace
            if self.times is not None and time >= self.times[-1]:
                lasts = self.last
            yield Still(time, lasts, frame)

    def decoded(self, say: Say, begin: Fraction | None) -> Iterator[VideoFrame]:
        """Its decoded frames in order, with the times they have in the file; arguments are those of `stills`.

        Nothing comes where a place in the middle cannot be found.
        """
        with open_container(self.file, self.kind, max_pixels=self.max_pixels) as container:
            stream = video_stream(container, self.file.name)
            if begin is not None:
                try:
                    container.seek(int(begin / self.tick), stream=stream)
                except FFmpegError:
                    return
            yield from _decode(container, stream, self, say)

    @property
    def _even(self) -> bool:
        """Whether its frames were counted and are evenly spaced."""
        return self.times is not None and not self.variable

    def _time(self, frame: VideoFrame, count: int) -> Fraction | None:
        """Seconds on the file's clock: at an even pace the pace's own, whatever its clock was rounded to."""
        if self._even and self.kind == "avi":  # its clock is of packets, not of what is shown
            return self.first + count / self.rate
        if frame.pts is None:
            return None
        time = frame.pts * self.tick
        return self.first + on_pace(time - self.first, self.rate, self.tick) if self._even else time

    def converter(self, size: tuple[int, int]) -> Callable[[VideoFrame, Say], tuple[Bytes, Bytes | None]]:
        """Its frames as RGB and alpha of this (width, height)."""
        convert = Converter(size, self.colour, self.upright, self.alpha)
        stored = self.upright.size(self.full_size)

        def converted(frame: VideoFrame, say: Say) -> tuple[Bytes, Bytes | None]:
            if (frame.width, frame.height) != stored:
                say(
                    f"{self.name}: its size changes on the way (to {frame.width} x {frame.height}); "
                    f"those frames are scaled to the first, {stored[0]} x {stored[1]}"
                )
            with decoding(self.file):
                return convert(frame)

        return converted


def look(file: LocalFile, kind: str, max_pixels: int, say: Say) -> VideoFile:
    """All that is known of a film before it is read; its first frame is decoded.

    Raises:
        BadInput: No pictures are in it, it is damaged, or its size is out of bounds.
    """
    film = VideoFile(file, kind, max_pixels)
    with open_container(file, kind, max_pixels=max_pixels) as container:
        stream = video_stream(container, file.name)
        context = stream.codec_context
        if context.width and context.height:
            check_size(context.width, context.height, file.name, max_pixels)
        _headers(container, stream, film)
        if any(s.codec_context is None for s in container.streams.audio):
            lost = "a track of its sound is of a kind that cannot be decoded and is left out"
            say(f"{file.name}: {lost}; convert it to AAC first to keep it")
    first = look_at_first(film, say)
    _count(film, say)
    if first.format.name == "pal8":
        film.alpha = any_alpha(film)
    return film


def look_at_first(film: VideoFile, say: Say) -> VideoFrame:
    """Decode a film's first frame, and take from it what it says of all.

    Raises:
        BadInput: There is none, or its size is out of bounds.
    """
    stills = film._stills(lambda text: None, None)  # the very way it will be read
    first = next(stills, None)
    if first is None:
        raise BadInput(f"{film.name}: no frame of it can be decoded; give a film with pictures in it")
    film.first = first.time
    _first_frame(first.what, film, say)
    stills.close()
    return first.what


def video_stream(container: InputContainer, name: str) -> VideoStream:
    """The stream of pictures, never the cover of a record.

    Raises:
        BadInput: There is none, or none that can be decoded.
    """
    cover = av.stream.Disposition.attached_pic
    streams = [s for s in container.streams.video if not s.disposition & cover]
    if not streams:
        what = "sound only" if container.streams.audio else "no pictures"
        raise BadInput(f"{name}: {what} in it; give a film with pictures")
    default = av.stream.Disposition.default
    stream = next((s for s in streams if s.disposition & default), streams[0])
    if stream.codec_context is None:
        raise BadInput(
            f"{name}: its pictures are of a kind that cannot be decoded; convert it to H.264 first"
        )
    return stream


def _headers(container: InputContainer, stream: VideoStream, film: VideoFile) -> None:
    film.codec = stream.codec_context.codec.canonical_name
    film.tick = stream.time_base or Fraction(1, 1000)
    film.aspect = stream.sample_aspect_ratio or Fraction(1)
    rates = _rates(stream)
    film.rate = rates[0] if rates else Fraction(25)
    film.variable = len(rates) > 1 and abs(rates[1] - rates[0]) * 1000 > rates[0]
    if stream.duration:
        film.length = stream.duration * film.tick
    elif container.duration:
        film.length = Fraction(container.duration, av.time_base)
    if film.kind == "mov" and stream.duration:
        film.end = ((stream.start_time or 0) + stream.duration) * film.tick
    elif film.kind == "matroska":
        film.end = _clock(stream.metadata.get("DURATION", ""))
    film.lost_alpha = stream.metadata.get("alpha_mode") == "1"
    film.sound = tuple(
        SoundInfo(s.codec_context.name, s.rate or 0, channels_of(s.codec_context).count, s.language)
        for s in container.streams.audio
        if s.codec_context is not None
    )


def _clock(text: str) -> Fraction | None:
    """Seconds of "hours:minutes:seconds", as a Matroska says how long one of its streams is."""
    parts = re.fullmatch(r"(\d{1,4}):(\d\d):(\d\d(?:\.\d{1,9})?)", text)
    return None if parts is None else 3600 * int(parts[1]) + 60 * int(parts[2]) + Fraction(parts[3])


def _rates(stream: VideoStream) -> list[Fraction]:
    said = (stream.average_rate, stream.base_rate, stream.guessed_rate)
    return [rate for rate in said if rate is not None and 0 < rate <= 1000]


def _first_frame(frame: VideoFrame, film: VideoFile, say: Say) -> None:
    name = film.name
    film.upright = upright_of(frame)
    film.colour = colour_of(frame)
    film.full_size = film.upright.size((frame.width, frame.height))
    check_size(*film.full_size, name, film.max_pixels)
    film.alpha = has_alpha(frame)
    film.deep = max((part.bits for part in frame.format.components), default=8)
    if film.upright.skewed:
        say(f"{name}: its display matrix is no plain turn; the nearest quarter turn is taken")
    if film.upright.turns % 2:
        film.aspect = 1 / film.aspect
    if frame.interlaced_frame:
        say(f"{name}: interlaced; its combs are dreamt over as well, deinterlace it first for a cleaner film")
    if film.lost_alpha and not film.alpha:
        say(f"{name}: its transparency cannot be decoded and is left out")
    if film.colour.transfer in HDR:
        say(f"{name}: of high dynamic range; what is brighter than paper white becomes white")


def _count(film: VideoFile, say: Say) -> None:
    """Every packet's time, where there are not too many: how many frames, how long, and how even."""
    found: list[tuple[int, int]] = []
    size = there = 0
    with open_container(film.file, film.kind, max_pixels=film.max_pixels) as container:
        stream = video_stream(container, film.name)
        rates, listed = _rates(stream), stream.frames
        for packet in packets(container, [stream], film.file):
            size += packet.size
            if len(found) > _MOST_PACKETS or size > _MOST_BYTES:
                return
            there += 1
            if packet.is_discard:
                continue
            shown = packet.dts if packet.pts is None else packet.pts
            if shown is None:
                return
            found.append((shown, packet.duration or 0))
    if not found:
        return
    if film.kind == "mov" and there < listed:
        say(f"{film.name}: the file is cut short; {there} of its {listed} frames are there")
    if film.kind == "avi":
        film.first = min(found)[0] * film.tick
    set_pace(film, found, rates)


def set_pace(film: VideoFile, found: list[tuple[int, int]], rates: list[Fraction]) -> None:
    """What the times of all frames say of a film.

    Args:
        film: Its first frame is known.
        found: (time, how long) of each in ticks, at least one.
        rates: Frames a second as its headers have it, most trusted first.
    """
    found = _rising(found)
    origin = found[0][0]
    film.rate, film.variable = even_pace([pts for pts, _ in found], film.tick, rates)
    film.last = found[-1][1] * film.tick or 1 / film.rate
    if film.variable or 2 * film.tick >= 1 / film.rate:
        film.times = [film.first + (pts - origin) * film.tick for pts, _ in found]
        if film.end is not None and 0 < film.end - film.times[-1] <= _LONGEST_LAST:
            film.last = film.end - film.times[-1]  # packets know it only in some containers
    else:
        film.times = [film.first + i / film.rate for i in range(len(found))]
        film.last = on_pace(film.last, film.rate, film.tick)
    film.length = film.times[-1] + film.last - film.first


def _rising(found: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """(time, duration) in order of time, no two at the same; as `VideoFile.stills` puts them."""
    out: list[tuple[int, int]] = []
    for at, lasts in sorted(found):
        out.append((max(at, out[-1][0] + 1) if out else at, lasts))
    return out


def any_alpha(film: VideoFile) -> bool:
    """Whether a pixel of any frame is not opaque; the decoder of a GIF always gives an alpha channel."""
    convert = Converter(film.full_size, film.colour, film.upright, True)
    looked = 0
    for still in film._stills(lambda text: None, None):
        alpha = convert(still.what)[1]
        looked += film.full_size[0] * film.full_size[1]
        if alpha is None or alpha.min() < 255 or looked > _MOST_LOOKED_AT:
            return True
    return False


def _decode(
    container: InputContainer, stream: VideoStream, film: VideoFile, say: Say
) -> Iterator[VideoFrame]:
    """Decoded frames; damaged packets are left out, and said."""
    context = _decoder(stream, film)
    bad = 0
    for packet in chain(packets(container, [stream], film.file), [None]):  # None gives what is still inside
        try:
            frames = context.decode(packet)
        except MemoryError as error:
            raise ResourceError(f"{film.name}: not enough memory to decode it; give a smaller one") from error
        except FFmpegError:
            bad += 1
            continue
        yield from frames
    if bad:
        say(f"{film.name}: damaged; what cannot be decoded is left out ({bad} of its packets)")


def _decoder(stream: VideoStream, film: VideoFile) -> VideoCodecContext:
    context = stream.codec_context
    if film.lost_alpha and context.name == "vp9" and "libvpx-vp9" in av.codecs_available:
        # FFmpeg's own decoder drops the alpha of WebM.
        other = av.CodecContext.create("libvpx-vp9", "r")
        if context.extradata:
            other.extradata = context.extradata
        context = other
    context.thread_type = "SLICE"
    context.options = {**context.options, "max_pixels": str(film.max_pixels)}
    return context
