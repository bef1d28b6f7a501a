"""The noun: a still picture in memory."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from os import PathLike
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from reverie.media.picture.write import encode, save_picture

Floats = NDArray[np.float32]
#: Of a side of a picture, in pixels; more than any format but TIFF can hold.
LONGEST_SIDE = 1_000_000


@dataclass(frozen=True)
class Source:
    """Where a picture came from.

    Attributes:
        name: The file's name, never its path.
        sha256: Of the whole file, in hexadecimal.
        format: "png", "jpeg", "webp", "avif", "tiff", "gif", "bmp", "ppm", "heic" or "svg".
        pixels: The ``fingerprint`` of what was read, which tells whether a picture was changed since.
    """

    name: str
    sha256: str
    format: str
    pixels: int = field(default=0, repr=False, compare=False)


@dataclass(frozen=True)
class Made:
    """What made a picture, for the file that it is saved to.

    Attributes:
        pixels: The ``fingerprint`` of the picture that was made.
        document: What is written into a file of this depth and quality.
    """

    pixels: int
    document: Callable[[int, int | None], dict[str, Any]]


@dataclass(frozen=True, eq=False)
class Picture:
    """A still picture.

    Attributes:
        pixels: (H, W, C) float32 in [0, 1], sRGB; C is 3 for everything read from a file.
        alpha: (H, W) float32 in [0, 1], or None for an opaque picture.
        depth: Bits a channel of the file it came from, 8 or 16.
        source: The file it came from, if any.
        provenance: reverie's own metadata found in that file, if any.
        made: What made it, if reverie did, in this process.

    Raises:
        ValueError: The arrays have another shape or type.
    """

    pixels: Floats
    alpha: Floats | None = None
    depth: int = 8
    source: Source | None = None
    provenance: dict[str, Any] | None = None
    made: Made | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.pixels.ndim != 3 or self.pixels.dtype != np.float32 or not self.pixels.size:
            raise ValueError(
                f"pixels must be a float32 array (H, W, C), not {self.pixels.dtype} of {self.pixels.shape}"
            )
        alpha = self.alpha
        if alpha is not None and (alpha.shape != self.pixels.shape[:2] or alpha.dtype != np.float32):
            raise ValueError(
                f"alpha must be a float32 array {self.pixels.shape[:2]}, not {alpha.dtype} of {alpha.shape}"
            )

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        height, width = self.pixels.shape[:2]
        return width, height

    def resized(self, size: tuple[int, int]) -> Picture:
        """The picture at another (width, height): area average down, Lanczos up, clipped to [0, 1].

        Raises:
            ValueError: A side is under one pixel or over ``LONGEST_SIDE``.
            MemoryError: There is not enough memory for it.
        """
        if min(size) < 1 or max(size) > LONGEST_SIDE:
            raise ValueError(
                f"a picture cannot be {size[0]} x {size[1]} pixels; sides are 1 to {LONGEST_SIDE}"
            )
        if tuple(size) == self.size:
            return self
        try:
            alpha = None if self.alpha is None else _resize(self.alpha[..., None], size)[..., 0]
            return replace(self, pixels=_resize(self.pixels, size), alpha=alpha)
        except cv2.error as error:
            if error.code != cv2.Error.StsNoMem:
                raise
            raise MemoryError(f"no memory for a picture of {size[0]} x {size[1]} pixels") from error

    def visible(self) -> Picture:
        """The picture as files and screens have it: of one or three channels as it is.

        Of any other number each stands as grey beside the others, from left to right: (H, C * W, 1).
        """
        height, width, channels = self.pixels.shape
        if channels in (1, 3):
            return self
        pixels = self.pixels.transpose(0, 2, 1).reshape(height, channels * width, 1)
        alpha = None if self.alpha is None else np.tile(self.alpha, (1, channels))
        shown = replace(self, pixels=np.ascontiguousarray(pixels), alpha=alpha)
        if self.made is None or self.made.pixels != fingerprint(self):
            return shown
        return replace(shown, made=replace(self.made, pixels=fingerprint(shown)))

    def of_channels(self, channels: int) -> Picture:
        """The picture of so many channels that ``visible`` made this of.

        Raises:
            ValueError: Its width is no multiple of them.
        """
        if channels in (1, 3):
            return self
        height, width, _ = self.pixels.shape
        if width % channels:
            raise ValueError(f"{channels} channels cannot stand beside each other in {width} pixels")
        grey = self.pixels.mean(2).reshape(height, channels, width // channels)
        return replace(self, pixels=np.ascontiguousarray(grey.transpose(0, 2, 1)))

    def in_colours(self) -> Picture:
        """What is visible of it, of three channels."""
        picture = self.visible()
        return (
            picture if picture.pixels.shape[2] == 3 else replace(picture, pixels=picture.pixels.repeat(3, 2))
        )

    def save(
        self,
        path: str | PathLike[str],
        *,
        depth: int = 8,
        quality: int | None = None,
        provenance: dict[str, Any] | None = None,
        metadata: bool = True,
        overwrite: bool = False,
    ) -> None:
        """Write what is visible of the picture to a file: `save_picture` with that.

        What ``reverie.render`` made carries its recipe, unless it was changed since; ``metadata=False``
        leaves it out.
        """
        if provenance is None and metadata and self.made and self.made.pixels == fingerprint(self):
            provenance = self.made.document(depth, quality)
        save_picture(
            self.visible(),
            path,
            depth=depth,
            quality=quality,
            provenance=provenance,
            overwrite=overwrite,
        )

    def _repr_png_(self) -> bytes:
        """What a notebook shows."""
        return encode(self, "png")


def fingerprint(picture: Picture) -> int:
    """A number that is another one when anything of the picture was changed."""
    planes = [picture.pixels] if picture.alpha is None else [picture.pixels, picture.alpha]
    found = 0
    for plane in planes:
        found = zlib.crc32(np.ascontiguousarray(plane).data, zlib.crc32(repr(plane.shape).encode(), found))
    return found


def no_larger(picture: Picture, side: int) -> Picture:
    """A picture with its longer side no longer than that."""
    factor = side / max(picture.size)
    if factor >= 1:
        return picture
    return picture.resized((max(1, round(picture.size[0] * factor)), max(1, round(picture.size[1] * factor))))


def _resize(pixels: Floats, size: tuple[int, int]) -> Floats:
    """(H, W, C) -> (height, width, C); each axis is shrunk before the other is enlarged."""
    height, width, channels = pixels.shape
    if channels > 4:  # more than OpenCV takes at once
        return np.concatenate([_resize(pixels[..., c : c + 4], size) for c in range(0, channels, 4)], axis=2)
    small = min(width, size[0]), min(height, size[1])
    out: Any = np.ascontiguousarray(pixels)
    if small != (width, height):
        out = cv2.resize(out, small, interpolation=cv2.INTER_AREA)
    if small != tuple(size):
        out = cv2.resize(out, size, interpolation=cv2.INTER_LANCZOS4)
    out = np.clip(out, 0.0, 1.0, dtype=np.float32)
    return np.ascontiguousarray(out.reshape(size[1], size[0], channels))
