"""The nouns: what a film is, one frame of it, and its sound."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class VideoFrame:
    """One frame of a film, as it is shown.

    Attributes:
        index: 0 for the first that was asked for, then 1, 2, 3 (also with ``every``).
        time: Seconds from the first that was asked for, exactly.
        duration: Seconds until the next, exactly, over 0.
        rgb: (H, W, 3), upright, full range, by the stream's own matrix and range.
        alpha: (H, W), 255 opaque; an array in every frame of a film where ``info.has_alpha``, else None.
    """

    index: int
    time: Fraction
    duration: Fraction
    rgb: Bytes
    alpha: Bytes | None = None


@dataclass(frozen=True)
class Colour:
    """What the stream says of its colours, by the names of ffprobe ("bt709", "tv"); "unknown" where nothing.

    Attributes:
        matrix: Of luma and chroma ("bt709", "smpte170m", "bt470bg", "bt2020nc", "gbr").
        range: "tv" (16 to 235) or "pc" (0 to 255).
        primaries: "bt709", "bt2020" ...
        transfer: "bt709", "smpte2084" (PQ), "arib-std-b67" (HLG) ...
    """

    matrix: str = "unknown"
    range: str = "unknown"
    primaries: str = "unknown"
    transfer: str = "unknown"


@dataclass(frozen=True)
class SoundInfo:
    """One stream of sound.

    Attributes:
        codec: "aac", "mp3", "opus", "pcm_s16le" ...
        rate: Samples a second.
        channels: How many.
        language: Of three letters, or None.
    """

    codec: str
    rate: int
    channels: int
    language: str | None = None


@dataclass(frozen=True)
class VideoInfo:
    """What is known of a film before it is read.

    Attributes:
        size: (width, height) in pixels of the frames that `Movie.frames` gives: upright and scaled.
        full_size: (width, height) upright, before scaling.
        rate: Nominal frames a second of what is given (with ``every=2`` half the film's).
        variable: Whether its frames are not evenly spaced.
        time_base: Seconds a tick of the file's clock.
        aspect: Shape of a pixel, width over height (sample aspect ratio), upright; 1 for square.
        colour: What the stream says of its colours.
        rotation: Degrees clockwise that the frames were turned by to stand upright: 0, 90, 180 or 270.
        duration: Seconds of the part that was asked for.
        frames: How many there will be, or None where nobody knows.
        exact: Whether ``duration`` and ``frames`` were counted; else they are the header's word.
        has_alpha: Whether the frames have an alpha channel.
        deep: Bits a channel in the file.
        codec: "h264", "vp9", "gif" ...; "png" ... for a sequence of pictures.
        container: "mov", "matroska", "avi", "gif", "apng", "webp", "avif" or "sequence".
        sound: The streams of sound there are.
    """

    size: tuple[int, int]
    full_size: tuple[int, int]
    rate: Fraction
    variable: bool
    time_base: Fraction
    aspect: Fraction
    colour: Colour
    rotation: int
    duration: Fraction
    frames: int | None
    exact: bool
    has_alpha: bool
    deep: int
    codec: str
    container: str
    sound: tuple[SoundInfo, ...] = ()
