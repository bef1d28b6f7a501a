"""Motion from one frame of a film to the next: where each pixel was, and what was not to be seen before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Final, Literal

import cv2 as opencv
import numpy as np
from numpy.typing import NDArray

from reverie.process.forks import lock

cv2: Any = opencv  # its stubs leave out DIS, and the number formats of arrays

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]
Quality = Literal["fast", "medium", "fine"]

#: A flow and the flow back disagree if their sum's square is over this share of the sum of their squares,
#: and this many square pixels (Sundaram, Brox & Keutzer 2010).
RELATIVE: Final = 0.01
ABSOLUTE: Final = 3.0
#: A pixel whose grey differs by this much from what the flow says it was (0..255, frames of one brightness,
#: averaged over 5 x 5 pixels) has not been seen before; and this share of the local contrast comes on top.
UNLIKE: Final = 14.0
UNLIKE_OF_CONTRAST: Final = 0.5
#: Where nothing moves, a flow is made up: a slight one (its square in pixels) that explains a place better
#: than rest does by less than this (0..255) is set to rest.
REST: Final = 0.15
SLIGHT: Final = 0.6

#: A frame is judged at half its size unless its short side is under this.
COARSE: Final = 240
#: Least structure (OpenCV's smallest eigenvalue) in which motion shows, and least weight when filling.
TEXTURE: Final = 1e-4
FILL: Final = 0.004

_threads = lock()


@dataclass(frozen=True)
class Motion:
    """From an earlier frame to a later one.

    Attributes:
        field: (H, W, 2) float32, for each pixel of the later frame the x and y that it had in the earlier.
        uncovered: (H, W) float32, 1 where the earlier frame does not show what is there now, else 0; soft at
            the rims.
    """

    field: Floats
    uncovered: Floats

    @property
    def share(self) -> float:
        """How much of the later frame was not to be seen in the earlier one, 0..1."""
        return float(self.uncovered.mean())


def between(earlier: Bytes, later: Bytes, quality: Quality = "medium") -> Motion:
    """The motion between two frames (H, W, 3) uint8, by dense inverse search (Kroeger et al. 2016).

    It is searched in both directions. What the two do not agree on is uncovered, and what comes from beyond
    the frame or looks unlike where it is said to come from. The same on every machine that has the same
    OpenCV, whatever its cores.
    """
    here, there = grey(later), grey(earlier)
    height, width = here.shape
    with _one_thread():
        back, ahead = _searches(quality)
        flows = back.calc(here, there, None), ahead.calc(there, here, None)
        part = 1 if min(height, width) < COARSE else 2
        if part > 1:  # judged at half the size: a flow is smooth
            small = (width + 1) // part, (height + 1) // part
            here, there = (cv2.resize(f, small, interpolation=cv2.INTER_AREA) for f in (here, there))
            flows = tuple(cv2.resize(f, small, interpolation=cv2.INTER_AREA) / part for f in flows)
        back, uncovered = _judged(here, there, *flows)
        if part > 1:
            back = cv2.resize(back * part, (width, height), interpolation=cv2.INTER_LINEAR)
            uncovered = cv2.resize(uncovered, (width, height), interpolation=cv2.INTER_LINEAR)
        return Motion(grid(height, width) + back, uncovered)


def grey(frame: Bytes) -> Bytes:
    """The luma of a frame (H, W, 3), (H, W) uint8."""
    luma: Bytes = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    return luma


@lru_cache(4)
def grid(height: int, width: int) -> Floats:
    """The place of each pixel, (H, W, 2) float32 of x and y: the field of no motion; not to be written to."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    places: Floats = np.stack([x, y], -1)
    places.setflags(write=False)
    return places


def beyond(field: Floats) -> Floats:
    """By how many pixels each place of a field (H, W, 2) lies beyond the frame, (H, W); under 0 within it."""
    height, width = field.shape[:2]
    x, y = field[..., 0], field[..., 1]
    far: Floats = np.maximum.reduce([-x, x - (width - 1), -y, y - (height - 1)])
    return far


def _judged(here: Bytes, there: Bytes, back: Floats, ahead: Floats) -> tuple[Floats, Floats]:
    """The flow back with what is unsure of it filled in, and what no flow explains."""
    height, width = here.shape
    evened = _evened(there, here)
    sure, sure_ahead = _agreed(back, ahead), _agreed(ahead, back)
    back = _rested(here, evened, filled(back, sure * _texture(here)))
    ahead = _rested(there, _evened(here, there), filled(ahead, sure_ahead * _texture(there)))
    field = grid(height, width) + back
    returned = _moved(ahead, field)
    astray = _square(back + returned) / (RELATIVE * (_square(back) + _square(returned)) + ABSOLUTE)
    unlike = _unlike(here, evened, field)
    outside = _step(beyond(field), 0.0, 0.7)
    worst = np.maximum.reduce([_step(astray, 0.7, 1.3), _step(unlike, 0.8, 1.4), outside])
    # A rim where the flow is not exact; soft, for there is no seam in a dream.
    rim = max(3, round(min(height, width) / 90) | 1)
    return back, cv2.blur(cv2.dilate(worst, np.ones((rim, rim), np.uint8)), (rim, rim))


def filled(flow: Floats, sure: Floats, *, levels: int = 7) -> Floats:
    """A flow (H, W, 2) with what is unsure replaced by what is around it, from coarse to fine.

    ``sure`` is (H, W), 0..1. As in Gortler et al. 1996, "The Lumigraph": pulled down a pyramid as weighted
    means, and pushed up again where there is too little weight.
    """
    tops = [(flow * sure[..., None], sure)]
    while len(tops) < levels and min(tops[-1][1].shape) >= 8:
        tops.append((cv2.pyrDown(tops[-1][0]), cv2.pyrDown(tops[-1][1])))
    whole: Any = tops[-1][0] / np.maximum(tops[-1][1], 1e-6)[..., None]
    for sums, weights in reversed(tops[:-1]):
        height, width = weights.shape
        coarse = cv2.pyrUp(whole, dstsize=(width, height))
        whole = (sums + FILL * coarse) / (weights + FILL)[..., None]
    result: Floats = whole
    return result


def _agreed(flow: Floats, other: Floats) -> Floats:
    """How well a flow and the one back agree, 1 to 0."""
    returned = _moved(other, grid(*flow.shape[:2]) + flow)
    astray = _square(flow + returned) / (RELATIVE * (_square(flow) + _square(returned)) + ABSOLUTE)
    return np.exp(-astray)


def _texture(frame: Bytes) -> Floats:
    """How well motion can be seen at each place, 0..1: structure in both directions."""
    least = cv2.cornerMinEigenVal(frame, 7, ksize=3)
    texture: Floats = np.maximum(least / (least + TEXTURE), 0.002)
    return texture


def _moved(plane: Any, field: Floats) -> Any:
    """A plane as its field's places see it; bilinear is good enough to judge by."""
    return cv2.remap(plane, field, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _evened(frame: Bytes, like: Bytes) -> Floats:
    """A grey frame with the mean and the deviation of another: a lamp or a flash is no motion."""
    mean, deviation = (float(v.item()) for v in cv2.meanStdDev(frame))
    wanted, spread = (float(v.item()) for v in cv2.meanStdDev(like))
    gain = min(4.0, max(0.25, spread / max(deviation, 1e-3)))
    return (frame.astype(np.float32) - mean) * gain + wanted


def _rested(here: Bytes, there: Floats, back: Floats) -> Floats:
    """The flow with made-up motion of still places taken away."""
    now = here.astype(np.float32)
    moved = _moved(there, grid(*here.shape) + back)
    gain = cv2.blur(np.abs(now - there) - np.abs(now - moved), (9, 9))
    real = np.maximum(_step(gain, 0.0, REST), _step(_square(back), 0.1, SLIGHT))
    return back * real[..., None]


def _unlike(here: Bytes, there: Floats, field: Floats) -> Floats:
    """How unlike each place is to where the field says it was; 1 is the limit."""
    moved = _moved(there, field)
    now = here.astype(np.float32)
    mean = cv2.blur(now, (9, 9))
    contrast = np.sqrt(np.maximum(cv2.blur(now * now, (9, 9)) - mean * mean, 0))
    unlike: Floats = cv2.blur(np.abs(now - moved), (5, 5)) / (UNLIKE + UNLIKE_OF_CONTRAST * contrast)
    return unlike


def _square(field: Floats) -> Floats:
    return field[..., 0] ** 2 + field[..., 1] ** 2


def _step(values: Any, low: float, high: float) -> Floats:
    """0 up to ``low``, 1 from ``high``, linear between."""
    share: Floats = np.clip((values - low) / (high - low), 0, 1)
    return share


@cache
def _searches(quality: Quality) -> tuple[Any, Any]:
    """The search for the flow that carries the dream, and the one the other way, which only checks it.

    At the frame's own resolution a flow is three times as exact as at half of it, and the dream moves as it
    says; large strides make up for the time.
    """
    fast = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    medium = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    if quality == "fast":
        return medium, fast
    fine = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    fine.setFinestScale(0)
    if quality == "medium":
        fine.setPatchStride(6)
        fine.setGradientDescentIterations(12)
        medium.setPatchStride(4)
        medium.setGradientDescentIterations(16)
    return fine, medium


@contextmanager
def _one_thread() -> Iterator[None]:
    """OpenCV with one thread: the search cuts a frame into a stripe for each, and stripes differ at cuts.

    Its number is the whole process's and nothing says it for one call, so one thread at a time searches. What
    OpenCV does meanwhile elsewhere takes longer and gives the same.
    """
    with _threads:
        before = cv2.getNumThreads()
        cv2.setNumThreads(1)
        try:
            yield
        finally:
            cv2.setNumThreads(before)
