"""A folder of pictures, or a pattern of their names, as a film."""

from __future__ import annotations

import glob
import hashlib
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any, ClassVar

import numpy as np

from reverie.errors import BadInput, ResourceError
from reverie.media.local_file import open_regular, reason
from reverie.media.picture.picture import Picture
from reverie.media.picture.read import load_picture
from reverie.media.video.read.colour_convert import Upright
from reverie.media.video.read.decode import Say
from reverie.media.video.read.frame import Bytes, Colour, SoundInfo
from reverie.media.video.read.timing import Still
from reverie.process.notices import collect_warnings

_ENDINGS = re.compile(r"\.(png|jpe?g|webp|avif|tiff?|bmp|ppm|gif|hei[cf])", re.IGNORECASE | re.ASCII)
_NUMBER = re.compile(r"%(0?)(\d*)d")
RATE = Fraction(25)


@dataclass(frozen=True)
class ImageSequence:
    """Pictures in order, shown at a rate.

    Attributes:
        name: As it was given.
        paths: Of the pictures.
        rate: Frames a second.
        full_size: (width, height) of the first.
        alpha: Whether the first has an alpha channel.
        deep: Bits a channel of the first.
        codec: Format of the first.
    """

    name: str
    paths: tuple[str, ...]
    rate: Fraction
    max_pixels: int
    full_size: tuple[int, int]
    alpha: bool
    deep: int
    codec: str

    # What a film's file says of itself, and pictures in a row have all alike.
    kind: ClassVar = "sequence"
    colour: ClassVar = Colour("gbr", "pc", "bt709", "iec61966-2-1")
    upright: ClassVar = Upright()
    aspect: ClassVar = Fraction(1)
    first: ClassVar = Fraction(0)
    variable: ClassVar = False
    sound: ClassVar[tuple[SoundInfo, ...]] = ()

    @property
    def tick(self) -> Fraction:
        """Seconds that each is shown."""
        return 1 / self.rate

    last = tick

    @property
    def times(self) -> list[Fraction]:
        """When each is shown."""
        return [index / self.rate for index in range(len(self.paths))]

    def stills(self, say: Say, begin: Fraction | None = None) -> Iterator[Still[str]]:
        """The pictures' paths with their times."""
        return (Still(time, self.tick, path) for time, path in zip(self.times, self.paths, strict=True))

    def converter(self, size: tuple[int, int]) -> Callable[[str, Say], tuple[Bytes, Bytes | None]]:
        """What reads one of them as RGB and alpha of this size."""
        return partial(self._picture, size)

    def _picture(self, size: tuple[int, int], path: str, say: Say) -> tuple[Bytes, Bytes | None]:
        still_there(path)
        picture = _load(path, self.max_pixels, say)
        if picture.size != self.full_size:
            say(f"{path}: is {_by(picture.size)}; it is scaled to the first of them, {_by(self.full_size)}")
        if picture.alpha is not None and not self.alpha:
            say(f"{path}: its alpha is left out, as the first of them has none")
        picture = picture.resized(size)
        if not self.alpha:
            return _bytes(picture.pixels), None
        alpha = picture.alpha
        return _bytes(picture.pixels), np.full(size[::-1], 255, np.uint8) if alpha is None else _bytes(alpha)

    def fingerprint(self) -> str:
        """SHA-256 over the names and the bytes of all of them.

        Raises:
            BadInput: One of them is no file, or cannot be read.
            ResourceError: One of them has gone.
        """
        whole = hashlib.sha256()
        for path in self.paths:
            still_there(path)
            try:
                with open_regular(path) as file:
                    whole.update(os.fsencode(os.path.basename(path)) + b"\0")
                    whole.update(hashlib.file_digest(file, "sha256").digest())
            except OSError as error:
                raise BadInput(f"{path}: {reason(error)}; give pictures that can be read") from error
        return whole.hexdigest()


def is_sequence(name: str) -> bool:
    """Whether this names a folder or a pattern rather than a file."""
    return os.path.isdir(name) or (not os.path.exists(name) and bool(_pattern(name)))


def look_at_sequence(name: str, rate: Fraction, max_pixels: int, say: Say) -> ImageSequence:
    """What is known of a sequence before it is read; its first picture is decoded.

    Raises:
        BadInput: There are no pictures in it, or the first cannot be read.
    """
    paths = _in_folder(name) if os.path.isdir(name) else _matching(name, say)
    first = _load(paths[0], max_pixels, say)
    kind = first.source.format if first.source else "png"
    return ImageSequence(
        name, tuple(paths), rate, max_pixels, first.size, first.alpha is not None, first.depth, kind
    )


def _pattern(name: str) -> bool:
    base = os.path.basename(name)
    return bool(_NUMBER.search(base)) or any(sign in base for sign in "*?[")


def _in_folder(folder: str) -> list[str]:
    try:
        names = os.listdir(folder)
    except OSError as error:
        raise BadInput(f"{folder}: cannot be read ({error.strerror}); give a folder of pictures") from error
    found = [
        os.path.join(folder, name)
        for name in names
        if not name.startswith(".") and _ENDINGS.fullmatch(os.path.splitext(name)[1])
    ]
    if not found:
        raise BadInput(f"{folder}: no pictures in this folder; give a film, or a folder with its frames")
    return sorted(found, key=_natural)


def _matching(name: str, say: Say) -> list[str]:
    folder, base = os.path.split(name)
    number = _NUMBER.search(base)
    if number is None:
        found = [path for path in glob.glob(os.path.join(glob.escape(folder), base)) if os.path.isfile(path)]
        if not found:
            raise BadInput(
                f"{name}: no file has a name like this; give the pattern of pictures that are there"
            )
        return sorted(found, key=_natural)
    width = int(number[2] or 1)
    digits = rf"(\d{{{width},}})" if number[1] else r"([1-9]\d*|0)"
    shape = re.compile(re.escape(base[: number.start()]) + digits + re.escape(base[number.end() :]))
    numbered: dict[int, str] = {}
    try:
        names = sorted(os.listdir(folder or "."))
    except OSError as error:
        raise BadInput(
            f"{name}: {folder} cannot be read ({error.strerror}); give a pattern that fits"
        ) from error
    for candidate in names:
        match = shape.fullmatch(candidate)
        if match:
            numbered[int(match[1])] = os.path.join(folder, candidate)
    if not numbered:
        raise BadInput(f"{name}: no file has a name like this; give the pattern of pictures that are there")
    order = sorted(numbered)
    missing = order[-1] - order[0] + 1 - len(order)
    if missing:
        say(f"{name}: {missing} numbers from {order[0]} to {order[-1]} are missing; the others are joined up")
    return [numbered[n] for n in order]


def _natural(path: str) -> list[Any]:
    """A key by which frame 9 comes before frame 10."""
    parts = re.split(r"(\d+)", os.path.basename(path))
    return [(int(part), part) if i % 2 else part.casefold() for i, part in enumerate(parts)]


def _load(path: str, max_pixels: int, say: Say) -> Picture:
    with collect_warnings(lambda text: None) as said:
        picture = load_picture(path, max_pixels=max_pixels)
    for text in said:
        say(text)
    return picture


def still_there(path: str) -> None:
    """Raise ResourceError where a picture that was there at the beginning has gone."""
    if not os.path.exists(path):
        raise ResourceError(f"{path}: is no longer there; bring it back and run the same command again")


def _bytes(unit: Any) -> Bytes:
    """float32 in [0, 1] -> 8 bits, rounded."""
    out: Bytes = np.rint(unit * np.float32(255)).astype(np.uint8)
    return out


def _by(size: tuple[int, int]) -> str:
    return f"{size[0]} x {size[1]}"
