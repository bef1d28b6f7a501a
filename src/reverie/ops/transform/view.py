"""Drawn views, and what each kind of transform does to one when its random numbers are given.

What a view shows is a frame, first the picture itself. Geometric transforms move, turn and resize the
frame, one after another, and are composed into one affine map; the others then work on what it shows, in
their order.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Final

from reverie.errors import UsageError

#: Deviation of the centre of a ``normal`` crop, as a share of the frame's sides (Fel et al. 2023).
OFF_CENTRE = 0.15
#: The least side of a ``normal`` crop, as a share (Fel et al. 2023).
LEAST_CROP = 0.05
FILLS: Final = ("grey", "reflect", "noise")

#: ``picture point = (a x + b y + c, d x + e y + f)`` of a frame's point (x, y); pixel k spans k to k + 1.
Affine = tuple[float, float, float, float, float, float]
IDENTITY: Final[Affine] = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


@dataclass(frozen=True)
class Tint:
    """``contrast * (grey + saturation * (x - grey) - 0.5) + 0.5 + brightness``, grey the mean of a pixel."""

    brightness: float = 0.0
    contrast: float = 1.0
    saturation: float = 1.0


@dataclass(frozen=True)
class Noise:
    """Noise added to each value of a view, from a generator of its own."""

    spread: float  # standard deviation; half the width if uniform
    uniform: bool
    seed: int


@dataclass(frozen=True)
class Blur:
    """A Gaussian blur of a view, sigma in its pixels."""

    sigma: float


@dataclass(frozen=True)
class SampledView:
    """One view: where its frame lies on the picture, and what is done to what it shows.

    Attributes:
        size: Width and height of the frame, in its own pixels.
        affine: From the frame to the picture, in pixels.
        fill: What is beyond the picture's edge: "grey", "reflect" or "noise".
        seed: Of that noise.
        touches: What is done after the warp, in order.
    """

    size: tuple[float, float]
    affine: Affine = IDENTITY
    fill: str = "grey"
    seed: int = 0
    touches: tuple[Tint | Noise | Blur, ...] = ()

    def within(self, inner: Affine, size: tuple[float, float] | None = None) -> SampledView:
        """The view of another frame, of ``size``, that ``inner`` maps to this one."""
        a, b, c, d, e, f = self.affine
        p, q, r, s, t, u = inner
        both = (
            a * p + b * s,
            a * q + b * t,
            a * r + b * u + c,
            d * p + e * s,
            d * q + e * t,
            d * r + e * u + f,
        )
        return replace(self, affine=both, size=size or self.size)

    def moved(self, x: float, y: float, size: tuple[float, float]) -> SampledView:
        """The view of a frame of ``size`` whose corner lies at (x, y) of this one."""
        return self.within((1.0, 0.0, x, 0.0, 1.0, y), size)

    def turned(self, a: float, b: float, d: float, e: float) -> SampledView:
        """The view under a linear map about the middle of the frame."""
        x, y = self.size[0] / 2, self.size[1] / 2
        return self.within((a, b, x - a * x - b * y, d, e, y - d * x - e * y))

    def touched(self, touch: Tint | Noise | Blur) -> SampledView:
        """The view with one more thing done to it in the end."""
        return replace(self, touches=(*self.touches, touch))


Numbers = Sequence[float]


def _pad(view: SampledView, numbers: Numbers, word: str, chance: Numbers) -> SampledView:
    width, height = view.size
    (by,) = numbers
    view = replace(view, fill=word, seed=_seed(chance[0])) if word else view
    return view.moved(-by, -by, (width + 2 * by, height + 2 * by))


def _jitter(view: SampledView, numbers: Numbers, word: str, chance: Numbers) -> SampledView:
    width, height = view.size
    (by,) = numbers
    if by >= min(view.size):
        raise UsageError(
            f"transform jitter({plain(by)}): the picture is {width:.0f} x {height:.0f} there; use less"
        )
    x, y = (math.floor(c * (by + 1)) for c in chance)
    return view.moved(x, y, (width - by, height - by))


def _scale(view: SampledView, numbers: Numbers, word: str, chance: Numbers) -> SampledView:
    by = 1 / _between(numbers, chance[0])
    return view.turned(by, 0.0, 0.0, by)


def _rotate(view: SampledView, numbers: Numbers, word: str, chance: Numbers) -> SampledView:
    still = numbers[3] if len(numbers) == 4 else 0.0
    if chance[1] < still / (still + numbers[2] if still else 1.0):
        return view
    angle = math.radians(_between(numbers, chance[0]))
    cosine, sine = math.cos(angle), math.sin(angle)
    return view.turned(cosine, -sine, sine, cosine)


def _crop(view: SampledView, numbers: Numbers, word: str, chance: Numbers) -> SampledView:
    width, height = view.size
    if word:
        mean, deviation = numbers
        share = min(1.0, max(LEAST_CROP, mean + deviation * _normal(chance[0])))
        x, y = (0.5 + OFF_CENTRE * _normal(c) - share / 2 for c in chance[1:])
    else:
        share = _between(numbers, chance[0])
        x, y = (c * (1 - share) for c in chance[1:])
    return view.moved(x * width, y * height, (share * width, share * height))


def _window(view: SampledView, numbers: Numbers, word: str, chance: Numbers) -> SampledView:
    sides = [min(numbers[0], side) for side in view.size]
    room = [side - own for side, own in zip(view.size, sides, strict=True)]
    if len(numbers) == 1:
        x, y = (math.floor(c * (math.floor(r) + 1)) for c, r in zip(chance, room, strict=True))
    else:
        drawn = [r / 2 + numbers[1] * r * _normal(c) for c, r in zip(chance, room, strict=True)]
        x, y = (math.floor(min(r, max(0.0, d))) for d, r in zip(drawn, room, strict=True))
    return view.moved(x, y, (sides[0], sides[1]))


def _flip(view: SampledView, numbers: Numbers, word: str, chance: Numbers) -> SampledView:
    return view.turned(-1.0, 0.0, 0.0, 1.0) if chance[0] < numbers[0] else view


def _noise(view: SampledView, numbers: Numbers, word: str, chance: Numbers) -> SampledView:
    return view.touched(Noise(_between(numbers, chance[1]), word == "uniform", _seed(chance[0])))


def _blur(view: SampledView, numbers: Numbers, word: str, chance: Numbers) -> SampledView:
    return view.touched(Blur(_between(numbers, chance[0])))


def _brightness(view: SampledView, numbers: Numbers, word: str, chance: Numbers) -> SampledView:
    return view.touched(Tint(brightness=(2 * chance[0] - 1) * numbers[0]))


def _contrast(view: SampledView, numbers: Numbers, word: str, chance: Numbers) -> SampledView:
    return view.touched(Tint(contrast=_between(numbers, chance[0])))


def _saturation(view: SampledView, numbers: Numbers, word: str, chance: Numbers) -> SampledView:
    return view.touched(Tint(saturation=_between(numbers, chance[0])))


@dataclass(frozen=True)
class TransformKind:
    """What a transform's arguments may be, and what it does.

    Attributes:
        look: Takes a view, the numbers, the word and its chances, uniform in (0, 1), to the next view.
        chances: How many.
        counts: How many numbers there may be.
        limits: The least and the greatest of each.
        words: What the word may be.
        whole: Which numbers are whole.
        between: The first two are the ends of a range.
        idle: What stands for it, if it is a touch, in a view that it is not for.
    """

    look: Callable[[SampledView, Numbers, str, Numbers], SampledView]
    chances: int
    counts: tuple[int, ...]
    limits: tuple[tuple[float, float], ...]
    words: tuple[str, ...] = ()
    whole: tuple[int, ...] = ()
    between: bool = False
    idle: Tint | Noise | Blur | None = None


UNIT = (0.0, 1.0)
GAIN = (0.0, 10.0)
SIGMA = (0.0, 64.0)
PIXELS = (0.0, 4096.0)
ENLARGED = (0.05, 20.0)
TURN = (-360.0, 360.0)
COUNT = (1.0, 1000.0)
KINDS: Final[dict[str, TransformKind]] = {
    "pad": TransformKind(_pad, chances=1, counts=(1,), limits=(PIXELS,), words=FILLS, whole=(0,)),
    "jitter": TransformKind(_jitter, chances=2, counts=(1,), limits=(PIXELS,), whole=(0,)),
    "scale": TransformKind(
        _scale, chances=1, counts=(1, 2, 3), limits=(ENLARGED, ENLARGED, COUNT), whole=(2,), between=True
    ),
    "rotate": TransformKind(
        _rotate, chances=2, counts=(1, 2, 3, 4), limits=(TURN, TURN, COUNT, COUNT), whole=(2, 3), between=True
    ),
    "crop": TransformKind(
        _crop, chances=3, counts=(1, 2), limits=((0.01, 1.0), UNIT), words=("normal",), between=True
    ),
    "window": TransformKind(_window, chances=2, counts=(1, 2), limits=((1.0, 16384.0), GAIN), whole=(0,)),
    "flip": TransformKind(_flip, chances=1, counts=(1,), limits=(UNIT,)),
    "noise": TransformKind(
        _noise,
        chances=2,
        counts=(1, 2),
        limits=(GAIN, GAIN),
        words=("uniform",),
        between=True,
        idle=Noise(0.0, False, 0),
    ),
    "blur": TransformKind(
        _blur, chances=1, counts=(1, 2), limits=(SIGMA, SIGMA), between=True, idle=Blur(0.0)
    ),
    "brightness": TransformKind(_brightness, chances=1, counts=(1,), limits=(UNIT,), idle=Tint()),
    "contrast": TransformKind(
        _contrast, chances=1, counts=(1, 2), limits=(GAIN, GAIN), between=True, idle=Tint()
    ),
    "saturation": TransformKind(
        _saturation, chances=1, counts=(1, 2), limits=(GAIN, GAIN), between=True, idle=Tint()
    ),
}


def _between(numbers: Numbers, chance: float) -> float:
    """A value from low to high; with a count, one of so many evenly spaced; a number alone is itself."""
    low, high = numbers[0], numbers[1] if len(numbers) > 1 else numbers[0]
    if len(numbers) > 2:
        count = int(numbers[2])
        return low + (high - low) * math.floor(chance * count) / max(1, count - 1)
    return low + (high - low) * chance


def _normal(chance: float) -> float:
    """A normally distributed number from a uniform one."""
    return NormalDist().inv_cdf(min(1 - 2.0**-53, max(2.0**-54, chance)))


def _seed(chance: float) -> int:
    """A generator's seed from a uniform number."""
    return int(chance * 2**53)


def plain(value: float) -> str:
    """A number as short as reads back the same."""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
