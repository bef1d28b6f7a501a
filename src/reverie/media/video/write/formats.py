"""What a film is written as: the container by the name's ending, the codec, and how finely."""

from __future__ import annotations

import math
import os
import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from reverie.errors import UsageError, did_you_mean

Container = Literal["mp4", "mov", "mkv", "webm", "gif", "apng", "png"]
Codec = Literal["h264", "h265", "av1", "vp9", "gif", "apng", "png"]

#: Which codecs a container holds, the one it takes by itself first.
CODECS: Final[dict[Container, tuple[Codec, ...]]] = {
    "mp4": ("h264", "h265", "av1"),
    "mov": ("h264", "h265"),
    "mkv": ("h264", "h265", "av1", "vp9"),
    "webm": ("vp9", "av1"),
    "gif": ("gif",),
    "apng": ("apng",),
    "png": ("png",),
}
#: Names that people give to codecs, besides those above.
ALIASES: Final[dict[str, Codec]] = {
    "avc": "h264",
    "x264": "h264",
    "hevc": "h265",
    "x265": "h265",
    "svt-av1": "av1",
}
#: Visually near lossless.
QUALITY: Final = 90
#: The constant rate factor at quality 0, what a point of quality takes off it, and the most there is.
_FACTORS: Final[dict[str, tuple[float, float, int]]] = {
    "h264": (52.0, 0.4, 51),
    "h265": (54.0, 0.4, 51),
    "av1": (65.0, 0.5, 63),
    "vp9": (65.0, 0.5, 63),
}
#: Sides in pixels, at least and at most.
_SIDES: Final[dict[str, tuple[int, int]]] = {
    "h264": (16, 16_384),
    "h265": (128, 16_384),  # smaller ones make x265 write past its memory
    "av1": (64, 16_384),
    "vp9": (16, 16_384),
    "gif": (1, 65_535),
    "apng": (1, 65_535),
    "png": (1, 65_535),
}
#: What a numbered file may be called: one whole number with or without leading noughts.
NUMBER: Final = re.compile(r"%(?:0(\d{1,2}))?d")


class VideoEncoding(BaseModel):
    """How frames become a file. All of it decides the bytes.

    Attributes:
        container: The kind of file; "png" is a folder of numbered pictures.
        codec: How pictures are packed in it.
        quality: 1 to 100, 90 for visually near lossless; None where nothing is lost (APNG, PNG) or colours
            are (GIF).
        threads: Of the encoder: a fixed number, because its bytes depend on it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    container: Container = "mp4"
    codec: Codec = "h264"
    quality: Annotated[int, Field(ge=1, le=100)] | None = QUALITY
    threads: Annotated[int, Field(ge=1, le=16)] = 2

    @property
    def lossy(self) -> bool:
        """Whether there is a quality to choose."""
        return self.codec in _FACTORS

    @property
    def factor(self) -> int:
        """The encoder's constant rate factor."""
        start, slope, most = _FACTORS[self.codec]
        return max(0, min(most, round(start - slope * (self.quality or QUALITY))))

    @property
    def keeps_alpha(self) -> bool:
        """Whether transparency can be written."""
        return not self.lossy

    @property
    def keeps_sound(self) -> bool:
        """Whether there is room for sound."""
        return self.lossy

    def fit(self, size: tuple[int, int]) -> tuple[int, int]:
        """The nearest (width, height) in pixels, no larger, that can be written: mostly even."""
        if not self.lossy:
            return size
        width, height = (max(2, side - side % 2) for side in size)
        return width, height

    def check_size(self, size: tuple[int, int]) -> None:
        """UsageError if frames of (width, height) pixels cannot be written."""
        least, most = _SIDES[self.codec]
        shown = f"{size[0]} x {size[1]}"
        if self.fit(size) != size:
            even = "{} x {}".format(*self.fit(size))
            raise UsageError(f"size: {self.codec} needs even sides, got {shown}; take {even}")
        if min(size) < least or max(size) > most:
            raise UsageError(
                f"size: {self.codec} holds sides of {least} to {most} pixels, got {shown}; "
                "choose another size or codec"
            )


def encoding_for(
    out: str | os.PathLike[str], *, codec: str | None = None, quality: int | None = None
) -> VideoEncoding:
    """How a film of this name is written.

    Args:
        out: Ends in .mp4, .mov, .mkv, .webm, .gif or .apng; or a folder (``frames/``) or a pattern
            (``frames/%04d.png``) for numbered pictures.
        codec: h264, h265 (or hevc), av1 or vp9 where the container holds it; its own first choice if None.
        quality: 1 to 100; 90 if None.

    Raises:
        UsageError: No such container or codec, they do not go together, or the quality has no meaning.
    """
    name = os.fspath(out)
    container = _container(name)
    chosen = _codec(name, container, codec)
    if chosen not in _FACTORS:
        if quality is not None:
            raise UsageError(f"quality: {chosen} has none to choose; leave it out, or write .mp4 or .webm")
        return VideoEncoding(container=container, codec=chosen, quality=None)
    if quality is not None and not 1 <= quality <= 100:
        raise UsageError(f"quality: 1 to 100, got {quality}")
    return VideoEncoding(container=container, codec=chosen, quality=QUALITY if quality is None else quality)


def _container(name: str) -> Container:
    """By the name's ending; a folder or a pattern is a sequence of pictures."""
    if name.endswith(("/", os.sep)):
        return "png"
    ending = Path(name).suffix.lower().removeprefix(".")
    if ending == "png":
        if len(NUMBER.findall(Path(name).name)) != 1:
            raise UsageError(f"{name}: one picture; give a folder (frames/) or a pattern (frames/%04d.png)")
        folder, _ = sequence_of(name)
        if folder in (Path("."), Path("/")):
            raise UsageError(f"{name}: a sequence needs a folder of its own; give frames/{Path(name).name}")
        return "png"
    if ending in CODECS:
        return ending
    known = ", ".join(f".{kind}" for kind in CODECS if kind != "png")
    raise UsageError(f"{name}: no film that can be written; use {known} or a folder (frames/)")


def _codec(name: str, container: Container, codec: str | None) -> Codec:
    """The one that was asked for, or the container's own."""
    held = CODECS[container]
    if codec is None:
        return held[0]
    known = {each: each for some in CODECS.values() for each in some} | ALIASES
    chosen = known.get(codec.lower())
    if chosen is None:
        raise UsageError(f'codec "{codec}" is not known; {did_you_mean(codec, sorted(known))}')
    if chosen not in held:
        raise UsageError(f"{name}: .{container} holds {' or '.join(held)}, not {codec}")
    return chosen


def sequence_of(out: str | os.PathLike[str]) -> tuple[Path, str]:
    """The folder of a sequence of pictures, and the pattern of their names."""
    name = os.fspath(out)
    if name.endswith(("/", os.sep)):
        return Path(name), "%06d.png"
    return Path(name).parent, Path(name).name


@dataclass(frozen=True)
class Reel:
    """What is the same of all frames of a film.

    Attributes:
        encoding: How they are packed.
        size: (width, height) in pixels.
        rate: Nominal frames a second.
        aspect: Width of a pixel over its height.
        alpha: Whether they have a fourth channel.
    """

    encoding: VideoEncoding
    size: tuple[int, int]
    rate: Fraction
    aspect: Fraction = Fraction(1)
    alpha: bool = False

    def check(self) -> None:
        """UsageError if there can be no such film."""
        self.encoding.check_size(self.size)
        self.encoding.check_size(self.stored)
        if not Fraction(1, 100) <= self.rate <= 1000:
            raise UsageError(f"rate: 0.01 to 1000 frames a second, got {float(self.rate):g}")
        if not Fraction(1, 100) <= self.aspect <= 100:
            raise UsageError(f"aspect of a pixel: 0.01 to 100, got {float(self.aspect):g}")
        if self.alpha and not self.encoding.keeps_alpha:
            raise UsageError(f"transparency: {self.encoding.container} has none; use .apng, .gif or a folder")

    @property
    def oblong(self) -> bool:
        """Whether the file says that pixels are not square; where it cannot, pictures are scaled."""
        kept = self.encoding.container in ("mp4", "mov") or self.encoding.codec in ("h264", "h265")
        return kept and self.aspect != 1

    @property
    def stored(self) -> tuple[int, int]:
        """(width, height) of the pictures in the file, in pixels."""
        width, height = self.size
        if self.aspect == 1 or self.oblong:
            return self.size
        step = 2 if self.encoding.lossy else 1
        if self.aspect > 1:
            return step * round(width * self.aspect / step), height
        return width, step * round(height / self.aspect / step)

    @property
    def clock(self) -> int:
        """Ticks a second: 90000 or more, and a frame at the nominal rate is a whole number of them."""
        whole = self.rate.limit_denominator(1001).numerator
        return whole * math.ceil(90_000 / whole)

    def ticks(self, seconds: Fraction) -> int:
        """The nearest tick."""
        return round(seconds * self.clock)

    @property
    def frame(self) -> int:
        """Ticks of a frame at the nominal rate, at least 1."""
        return max(1, self.ticks(1 / self.rate))

    @property
    def together(self) -> int:
        """Frames a segment: about a second of them, fewer where they would take much memory."""
        width, height = self.size
        room = (1 << 28) // (width * height * (4 if self.alpha else 3))
        return max(1, min(round(self.rate), room))

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "encoding": self.encoding.model_dump(),
            "size": list(self.size),
            "rate": str(self.rate),
            "aspect": str(self.aspect),
            "alpha": self.alpha,
        }
