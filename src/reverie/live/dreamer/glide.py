"""What is seen between keyframes: the last one from nearer and nearer, while the next one fades in.

A keyframe is dreamt over the picture as it is seen from where it comes in, so a cross-dissolve shows nothing
but the detail that is new. Every keyframe is looked at by one warp alone, from where it was dreamt to where
the view is by then: nothing grows soft by being warped again and again, and no frame is a jump.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from reverie.native import glide as native
from reverie.ops.warp import Similarity

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]
#: What rounding may add to a number of frames, or take off.
ROUNDING: Final = 1e-6


@dataclass(frozen=True)
class Keyframe:
    """A picture, and the frame from whose view it is seen as it is.

    Attributes:
        rgb: (H, W, 3) uint8.
        frame: The frame that would show it unchanged.
        begins: The frame at which it begins to come in, ``frame`` or later; it may lie between two.
        length: Frames in which it does, at least 1.
    """

    rgb: Bytes
    frame: int
    begins: float
    length: float

    def share(self, frame: int) -> float:
        """How much of it is there at a frame, 0 to 1."""
        share = (frame - self.begins) / self.length
        return 1.0 if share > 1 - ROUNDING else max(0.0, share)


class Glide:
    """The frames between keyframes.

    Args:
        first: The keyframe to begin with; it is there at once.
        between: The warp from one frame's view to that of a later one, over pictures of this size.
    """

    def __init__(self, first: Keyframe, between: Callable[[int, int], Similarity]) -> None:
        self._below = self._above = first
        self._between = between

    @property
    def free(self) -> int:
        """The first frame at which another keyframe may begin to come in."""
        return math.ceil(self._above.begins + self._above.length - ROUNDING)

    def hurry(self, frame: int, frames: int) -> None:
        """Let the last keyframe be there within so many frames of one, for another to come in; no jump."""
        last = self._above
        if self.free <= max(frame, last.begins) + frames:
            return
        share = last.share(frame)
        length = frames / (1 - share)
        begins = frame - share * length if share > 0 else max(frame, last.begins)
        self._above = replace(last, begins=begins, length=length)

    def enter(self, keyframe: Keyframe) -> None:
        """Let a keyframe come in; ValueError if it begins before the last one is there."""
        if keyframe.begins < self.free:
            raise ValueError(f"a keyframe at frame {keyframe.begins}; the last is there at {self.free}")
        self._below, self._above = self._above, keyframe

    def moment(self, frame: int) -> GlideMoment:
        """What a frame shows, to be drawn by whoever and whenever."""
        above, share = self._above, self._above.share(frame)
        parts = [(self._below, 1 - share)] if share < 1 else []
        parts += [(above, share)] if share > 0 else []
        return GlideMoment(tuple((one.rgb, self._between(one.frame, frame), share) for one, share in parts))


@dataclass(frozen=True)
class GlideMoment:
    """What one frame shows: one or two pictures (H, W, 3) uint8, how each is seen, and its share."""

    parts: tuple[tuple[Bytes, Similarity, float], ...]

    def same(self, other: GlideMoment) -> bool:
        """Whether another shows the same; pictures are compared as objects, not pixel by pixel."""
        pairs = zip(self.parts, other.parts, strict=False)
        alike = all(one[0] is two[0] and one[1:] == two[1:] for one, two in pairs)
        return alike and len(self.parts) == len(other.parts)

    def drawn(self) -> Bytes:
        """The frame, (H, W, 3) uint8: natively in one pass where that can be, else by OpenCV in several."""
        if all(native.serves(way.factor, way.offset) for _, way, _ in self.parts):
            shares = [round(share * native.WHOLE) for _, _, share in self.parts]
            shares[0] = native.WHOLE - sum(shares[1:])
            return native.draw(
                [
                    native.GlidePart(rgb, way.factor, way.offset, share)
                    for (rgb, way, _), share in zip(self.parts, shares, strict=True)
                ]
            )
        return self.drawn_by_opencv()

    def drawn_by_opencv(self) -> Bytes:
        """The same within a level or two."""
        looks = [np.asarray(seen(rgb, way), np.uint8) for rgb, way, _ in self.parts]
        if len(looks) == 1:
            return looks[0]
        (_, _, below), (_, _, above) = self.parts
        return np.asarray(cv2.addWeighted(looks[0], below, looks[1], above, 0.0), np.uint8)


def seen(picture: NDArray[Any], way: Similarity) -> NDArray[Any]:
    """A picture (H, W, 3) as it is seen after a warp; mirrored at its edges."""
    if way == Similarity():
        return picture
    height, width = picture.shape[:2]
    across, down = (width - 1) / 2, (height - 1) / 2
    a, b = way.factor, way.offset
    matrix = np.array(
        [
            [a.real, -a.imag, b.real + across - a.real * across + a.imag * down],
            [a.imag, a.real, b.imag + down - a.imag * across - a.real * down],
        ]
    )
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(picture, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REFLECT_101)


def scaled(way: Similarity, share: float) -> Similarity:
    """A warp over a picture whose sides are a share of those it was made for."""
    return Similarity(way.factor, way.offset * share)


def as_bytes(picture: Floats) -> Bytes:
    """A picture in [0, 1] as bytes, rounded."""
    return np.asarray(cv2.convertScaleAbs(picture, alpha=255.0), np.uint8)
