"""Films in: any accepted container to upright RGB frames with exact times, with nothing trusted."""

from __future__ import annotations

import math
import os
import weakref
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from os import PathLike
from typing import Any

from reverie.errors import UsageError
from reverie.media.picture.picture import Source
from reverie.media.picture.read import MAX_PIXELS
from reverie.media.video.read.animation.file import look_at_animation
from reverie.media.video.read.audio import Sound
from reverie.media.video.read.clip import (
    Part,
    check_sizes,
    even_size,
    exactly,
    measured,
    pixel_aspect,
    scaled,
)
from reverie.media.video.read.decode import Say, VideoFile, look
from reverie.media.video.read.frame import Bytes, VideoFrame, VideoInfo
from reverie.media.video.read.image_sequence import (
    RATE,
    ImageSequence,
    is_sequence,
    look_at_sequence,
)
from reverie.media.video.read.prefetch import Ahead, Said
from reverie.media.video.read.probe import ANIMATIONS, LocalFile, film_kind, read_head
from reverie.media.video.read.timing import Still, take
from reverie.process.notices import warn

__all__ = ["Video", "even_size", "open_video"]

# Frames waiting to be dreamt over: a few, and never more than this many bytes of them.
_DEPTH = 16
_WAITING_BYTES = 96_000_000


def open_video(
    path: str | PathLike[str],
    *,
    start: Fraction | float | None = None,
    duration: Fraction | float | None = None,
    every: int = 1,
    max_size: int | None = None,
    size: tuple[int, int] | None = None,
    rate: Fraction | float | None = None,
    max_pixels: int = MAX_PIXELS,
) -> Video:
    """Open a film, an animated picture or a sequence of pictures for reading.

    Films are MP4, MOV, MKV, WebM and AVI, animated pictures GIF, APNG, WebP and AVIF, told apart by their
    bytes. An animation is taken once, however often it says that it is shown. A sequence is a folder of
    pictures (in natural order) or a pattern of names: ``frames/%04d.png`` or ``frames/*.png``. The file is
    opened here, once; no other file is, whatever it says.

    Args:
        path: A local file, folder or pattern.
        start: Seconds into the film at which to begin.
        duration: Seconds of it to take.
        every: Take each Nth frame; each then lasts until the next one taken.
        max_size: The longer side in pixels at most; what is scaled down gets even sides.
        size: (width, height) in pixels, exactly.
        rate: Frames a second of a sequence of pictures (25 when left out); films have their own.
        max_pixels: The most pixels a frame may have.

    Raises:
        BadInput: It is missing, no film, damaged, without frames, or its size is out of bounds.
        UsageError: start, duration, every, size, max_size or rate are out of range, or there is nothing
            in the part that was asked for.
        ResourceError: There is not enough memory to decode it.
    """
    part = Part.of(start, duration, every)
    check_sizes(size, max_size, max_pixels)
    name = os.fspath(path)
    if is_sequence(name):
        pace = RATE if rate is None else exactly("rate", rate, Fraction(1, 1000), Fraction(1000))
        return Video(look_at_sequence(name, pace, max_pixels, _warn), part, size, max_size)
    file = LocalFile(name)
    try:
        head = read_head(file)
        kind = film_kind(head, name)
        if rate is not None:
            raise UsageError(f"rate: {name} has its own; a rate is for folders and patterns of pictures")
        looked = look_at_animation if kind in ANIMATIONS else look
        return Video(looked(file, kind, max_pixels, _warn), part, size, max_size)
    except BaseException:
        file.close()
        raise


class Video:
    """A film that is open for reading: a context manager; `frames` may be asked for several times.

    Attributes:
        path: As it was given.
        info: What is known of it.
        origin: Seconds on the file's clock of the first frame that was asked for (sound begins there).
        span: (begin, end) on the same clock of what was asked for; end is None when it is the film's own end.
    """

    path: str
    info: VideoInfo
    origin: Fraction
    span: tuple[Fraction, Fraction | None]

    def __init__(
        self,
        film: VideoFile | ImageSequence,
        part: Part,
        size: tuple[int, int] | None,
        max_size: int | None,
    ) -> None:
        self._every = part.every
        self._film = film
        self.path = film.name
        begin = film.first + part.start
        self.span = (begin, None if part.duration is None else begin + part.duration)
        self._open: weakref.WeakSet[Ahead[VideoFrame]] = weakref.WeakSet()
        self._source: Source | None = None
        try:
            self.origin = self._first_time(part.start)
            shown = scaled(film.full_size, size, max_size)
            self.info = _info(film, self.span, self._every, self.origin, shown)
        except BaseException:
            self.close()
            raise

    @property
    def source(self) -> Source:
        """Name, SHA-256 of all its bytes (read when first asked for) and container: what a recipe keeps.

        Raises:
            ResourceError: It cannot be read any more.
        """
        if self._source is None:
            self._source = Source(
                os.path.basename(os.path.normpath(self.path)), self._film.fingerprint(), self.info.container
            )
        return self._source

    def frames(self, skip: int = 0) -> Ahead[VideoFrame]:
        """The frames in order, decoded ahead in a thread; leaving the loop or closing ends it.

        Args:
            skip: How many to leave out at the beginning; the others keep their index, time and bytes.

        Raises:
            BadInput: The file turns out to be damaged beyond reading.
            ResourceError: It can no longer be read (its disk is gone), or memory ran out.
        """
        if skip < 0:
            raise UsageError(f"skip: {skip} is below 0; give the number of frames to leave out")
        width, height = self.info.size
        depth = max(2, min(_DEPTH, _WAITING_BYTES // (width * height * 4)))
        work = _Work(self._film, self.span, self._every, self.origin, self.info.size, skip)
        ahead: Ahead[VideoFrame] = Ahead(work.shots, depth, "reverie-film")
        self._open.add(ahead)
        return ahead

    def sound(self) -> Sound | None:
        """The film's sound streams, for copying, within what was asked for; None where it has none."""
        if not isinstance(self._film, VideoFile) or not self._film.sound:
            return None
        end = None if self.span[1] is None else self.origin + self.info.duration
        return Sound(self._film.file, self._film.kind, self.origin, end, self.span[0] > self._film.first)

    def close(self) -> None:
        """Stop every decoder and close the file."""
        for ahead in list(self._open):
            ahead.close()
        if isinstance(self._film, VideoFile):
            self._film.file.close()

    def __enter__(self) -> Video:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _first_time(self, start: Fraction) -> Fraction:
        work = _Work(self._film, self.span, self._every, Fraction(0), self._film.full_size, 0)
        for still in work.taken(lambda text: None):
            return still.time
        raise UsageError(
            f"{self.path}: nothing is left of it from {float(start):g} s on; begin before its end"
        )


def _info(
    film: VideoFile | ImageSequence,
    span: tuple[Fraction, Fraction | None],
    every: int,
    origin: Fraction,
    size: tuple[int, int],
) -> VideoInfo:
    length, count = (
        _promised(film, span[1], every, origin)
        if film.times is None
        else measured(film.times, film.last, film.rate, span, every)
    )
    return VideoInfo(
        size=size,
        full_size=film.full_size,
        rate=film.rate / every,
        variable=film.variable,
        time_base=film.tick,
        aspect=pixel_aspect(film.aspect, film.full_size, size),
        colour=film.colour,
        rotation=90 * film.upright.turns,
        duration=length,
        frames=count,
        exact=film.times is not None,
        has_alpha=film.alpha,
        deep=film.deep,
        codec=film.codec,
        container=film.kind,
        sound=film.sound,
    )


def _promised(
    film: VideoFile, end: Fraction | None, every: int, origin: Fraction
) -> tuple[Fraction, int | None]:
    """(seconds, frames) of a part by the film's header; (0, None) where it does not say."""
    stops = [film.first + film.length] if film.length else []
    stop = min((*stops, *([] if end is None else [end])), default=origin)
    length = max(Fraction(0), stop - origin)
    return length, math.ceil(length * film.rate / every) or None


@dataclass(frozen=True)
class _Work:
    """What the decoding thread does; it knows the film and not the Video, which may be forgotten."""

    film: VideoFile | ImageSequence
    span: tuple[Fraction, Fraction | None]
    every: int
    origin: Fraction
    size: tuple[int, int]
    skip: int

    def taken(self, say: Say) -> Iterator[Still[Any]]:
        stills: Iterable[Still[Any]] = self.film.stills(say, self.span[0])
        return take(stills, *self.span, self.every, 1 / self.film.rate)

    def shots(self) -> Iterator[VideoFrame | Said]:
        said: list[str] = []
        new: list[Said] = []

        def say(text: str) -> None:
            if text not in said:
                said.append(text)
                new.append(Said(text))

        picture: Callable[[Any, Say], tuple[Bytes, Bytes | None]] = self.film.converter(self.size)
        for index, still in enumerate(self.taken(say)):
            if index >= self.skip:
                rgb, alpha = picture(still.what, say)
                yield VideoFrame(index, still.time - self.origin, still.duration, rgb, alpha)
            yield from new
            new.clear()
        yield from new


def _warn(text: str) -> None:
    warn(text, stacklevel=3)
