"""A folder of pictures, or a pattern of their names, as a film."""

from __future__ import annotations

import glob
import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from reverie.errors import BadInput, ResourceError
from reverie.media.local_file import open_regular, reason
from reverie.media.picture.picture import Picture
from reverie.media.picture.read import load_picture
from reverie.media.video.read.decode import Say
from reverie.media.video.read.frame import Bytes
from reverie.media.video.read.timing import Still
from reverie.notices import collect_warnings

_ENDINGS = {
    ".png",
    ".jpg",
    ".jpeg",
    ".webp",
    ".avif",
    ".tif",
    ".tiff",
    ".bmp",
    ".ppm",
    ".gif",
    ".heic",
    ".heif",
}
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

    def stills(self) -> Iterator[Still[str]]:
        """The pictures' paths with their times."""
        for index, path in enumerate(self.paths):
            yield Still(index / self.rate, 1 / self.rate, path)

    def picture(self, path: str, size: tuple[int, int], say: Say) -> tuple[Bytes, Bytes | None]:
        """One of them as RGB and alpha of this size."""
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
                    whole.update(f"{os.path.basename(path)}\0".encode("utf-8", "surrogateescape"))
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
        if not name.startswith(".") and os.path.splitext(name)[1].lower() in _ENDINGS
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
