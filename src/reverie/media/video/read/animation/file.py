"""An animated picture as a film: the frames it has, their times, and each as it is shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Protocol

from reverie.errors import BadInput, ReverieError
from reverie.media.picture.detect_format import check_large, check_size
from reverie.media.video.read.animation import apng, gif, webp
from reverie.media.video.read.animation.stage import Bytes, Stage
from reverie.media.video.read.decode import Say, VideoFile, any_alpha, look_at_first, set_pace
from reverie.media.video.read.probe import LocalFile, decoding, still_picture

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

#: The most frames that are taken.
_MOST = 1_000_000
#: The most bytes of a file, which is held in memory while it is looked at.
_MOST_BYTES = 1 << 30


class _Frames(Protocol):
    """The frames of an animation, one by one."""

    @property
    def lasting(self) -> list[int]:
        """How long each is shown, in ticks."""

    @property
    def whole(self) -> bool:
        """Whether nothing is missing."""

    def shown(self, file: LocalFile) -> Iterator[Bytes]:
        """(H, W, 4), RGB and alpha; raises what a decoder does on one that is damaged."""


@dataclass
class AnimationFile(VideoFile):
    """An animated picture, looked at but not yet read."""

    frames: _Frames = field(kw_only=True)

    def decoded(self, say: Say, begin: Fraction | None) -> Iterator[VideoFrame]:
        from av import VideoFrame

        name, lasting = self.file.name, self.frames.lasting
        if not self.frames.whole:
            say(f"{name}: cut short or damaged; the {len(lasting)} frames that are whole are taken")
        at, pictures = 0, self.frames.shown(self.file)
        for count, lasts in enumerate(lasting):
            try:
                picture = next(pictures, None)
            except (ReverieError, MemoryError):
                raise
            except Exception:  # a decoder of foreign bytes raises anything
                picture = None
            if picture is None:
                say(f"{name}: damaged; the first {count} of its {len(lasting)} frames are taken")
                return
            frame = VideoFrame.from_ndarray(picture, "rgba")
            frame.pts, frame.time_base, frame.duration = at, self.tick, lasts
            at += lasts
            yield frame


def look_at_animation(file: LocalFile, kind: str, max_pixels: int, say: Say) -> AnimationFile:
    """All that is known of an animated picture before it is read; its first frame is decoded.

    Raises:
        BadInput: It does not move, it is damaged, or its size is out of bounds.
    """
    if file.size > _MOST_BYTES:
        raise BadInput(f"{file.name}: {file.size} bytes are too many for a picture; convert it to MP4 first")
    with decoding(file):
        data = file.read_at(0, file.size)
    film, rates = _film(file, kind, data, max_pixels)
    if not film.frames.lasting and film.frames.whole:
        raise still_picture(file.name)
    if not film.frames.lasting:
        raise _damaged(file, "no frame is whole")
    look_at_first(film, say)
    times, at = [], 0
    for lasts in film.frames.lasting:
        times.append((at, lasts))
        at += lasts
    set_pace(film, times, rates)
    if len(times) == 1 and film.frames.whole:
        raise still_picture(file.name)
    if len(times) == 1:
        raise _damaged(file, "only its first frame is whole")
    film.alpha = any_alpha(film)
    return film


@dataclass
class _Pieces:
    """Of a GIF or an APNG, whose frames are put together here."""

    found: gif.Gif | apng.Apng

    @property
    def lasting(self) -> list[int]:
        return [piece.lasts for piece in self.found.pieces]

    @property
    def whole(self) -> bool:
        return self.found.whole

    def shown(self, file: LocalFile) -> Iterator[Bytes]:
        stage = Stage(self.found.size, self.found.clear)
        for number, piece in enumerate(self.found.pieces):
            with decoding(file):
                parts = [file.read_at(place, length) for place, length in piece.parts]
            yield stage.show(piece, self.found.picture(number, parts))


@dataclass
class _Whole:
    """Of a WebP or an AVIF, which Pillow puts together."""

    kind: str
    lasting: list[int]
    whole: bool

    def shown(self, file: LocalFile) -> Iterator[Bytes]:
        with decoding(file):
            data = file.read_at(0, file.size)
        data = webp.read_chunks(data)[0] if self.kind == "webp" else data
        yield from webp.frames(webp.opened(data, self.kind))


def _film(file: LocalFile, kind: str, data: bytes, max_pixels: int) -> tuple[AnimationFile, list[Fraction]]:
    """A film whose pace is not known yet, and frames a second where they are plainly told."""
    if kind in ("webp", "avif"):
        return _film_by_pillow(file, kind, data, max_pixels), []
    found: gif.Gif | apng.Apng
    found = gif.read_blocks(data, _MOST) if kind == "gif" else apng.read_chunks(data, _MOST)
    check_size(*found.size, file.name, max_pixels)
    for piece in found.pieces:
        check_large(*piece.box[2:], file.name, max_pixels)
    film = AnimationFile(file, kind, max_pixels, frames=_Pieces(found))
    film.codec, film.aspect, film.deep = kind, found.aspect, found.depth
    film.tick = Fraction(1, found.clock)
    return film, [found.rate] if found.rate else []


def _film_by_pillow(file: LocalFile, kind: str, data: bytes, max_pixels: int) -> AnimationFile:
    lasting: list[int] = []
    whole = True
    try:
        if kind == "webp":
            data, lasting, whole = webp.read_chunks(data)
        image = webp.opened(data, kind)
        check_size(*image.size, file.name, max_pixels)
        if kind == "avif":
            lasting = webp.lasting_in(image)
    except (ReverieError, MemoryError):
        raise
    except Exception as error:  # a decoder of foreign bytes raises anything
        raise _damaged(file, "no frame of it can be decoded") from error
    film = AnimationFile(file, kind, max_pixels, frames=_Whole(kind, lasting[:_MOST], whole))
    film.codec, film.tick = kind, Fraction(1, webp.CLOCK)
    return film


def _damaged(file: LocalFile, what: str) -> BadInput:
    return BadInput(f"{file.name}: the file is cut short or damaged ({what}); get it again")
