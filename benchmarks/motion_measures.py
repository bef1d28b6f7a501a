"""What zooms and films are measured by: steadiness, the motion that is seen, and flicker."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

#: A byte this near to either end is saturated.
NEAR = 2


@dataclass(frozen=True)
class Look:
    """One frame in four numbers, of values 0..1.

    ``saturated`` is the share of pixels with a channel at an end of its range, ``sharp`` the mean energy of
    the gradient.
    """

    mean: float
    deviation: float
    saturated: float
    sharp: float


def look(rgb: np.ndarray) -> Look:
    """A frame (H, W, 3) uint8 measured."""
    grey = rgb.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32) / 255
    energy = np.square(np.diff(grey, axis=0)).mean() + np.square(np.diff(grey, axis=1)).mean()
    ends = ((rgb <= NEAR) | (rgb >= 255 - NEAR)).any(-1).mean()
    return Look(float(rgb.mean() / 255), float(rgb.std() / 255), float(ends), float(energy))


@dataclass(frozen=True)
class Steadiness:
    """How far a zoom strays: of its mean and deviation from their medians, of the rest from its beginning.

    ``saturated`` is in points of 100, ``sharp`` the last second's gradient energy over the second second's.
    """

    mean: float
    deviation: float
    saturated: float
    sharp: float

    @property
    def holds(self) -> bool:
        """Within 10 % of the medians, 4 points more saturated at most, and as sharp within 15 %."""
        return (
            self.mean <= 0.1 and self.deviation <= 0.1 and self.saturated <= 4 and abs(self.sharp - 1) <= 0.15
        )


def steadiness(looks: Sequence[Look], rate: int, source: Look) -> Steadiness:
    """Of the frames of a zoom of two seconds or more, and what it began from."""
    means, deviations = (np.array([getattr(one, name) for one in looks]) for name in ("mean", "deviation"))
    strays = [float(np.abs(x / np.median(x) - 1).max()) for x in (means, deviations)]
    energy = np.array([one.sharp for one in looks])
    sharp = energy[-rate:].mean() / energy[rate : 2 * rate].mean()
    most = max(one.saturated for one in looks)
    return Steadiness(*strays, 100 * (most - source.saturated), float(sharp))


def similarity(earlier: np.ndarray, later: np.ndarray) -> np.ndarray:
    """The similarity (3, 3) that takes a place of the earlier frame to where it is in the later one.

    By enhanced correlation of an affine map (Evangelidis & Psarakis 2008), of which the nearest similarity is
    kept.
    """
    grey = [cv2.cvtColor(one, cv2.COLOR_RGB2GRAY).astype(np.float32) for one in (earlier, later)]
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 200, 1e-7)
    _, map_ = cv2.findTransformECC(
        grey[0], grey[1], np.eye(2, 3, dtype=np.float32), cv2.MOTION_AFFINE, criteria, None, 5
    )
    # Complex a: x + iy goes to a (x + iy) + b.
    a = complex(map_[0, 0] + map_[1, 1], map_[1, 0] - map_[0, 1]) / 2
    full = np.eye(3)
    full[:2] = [[a.real, -a.imag, map_[0, 2]], [a.imag, a.real, map_[1, 2]]]
    return full


class Seen:
    """The motion that is seen over frames that are handed in one after the other; one of them is kept."""

    def __init__(self) -> None:
        self.steps = -1
        self._whole = np.eye(3)
        self._last: np.ndarray | None = None

    def add(self, rgb: np.ndarray) -> None:
        if self._last is not None:
            self._whole = similarity(self._last, rgb) @ self._whole
        self._last, self.steps = rgb, self.steps + 1

    @property
    def grown(self) -> float:
        """How many times things grew from the first frame to the last."""
        return float(np.hypot(self._whole[0, 0], self._whole[1, 0]))

    @property
    def turned(self) -> float:
        """The degrees that they turned clockwise."""
        return float(np.degrees(np.arctan2(self._whole[1, 0], self._whole[0, 0])))


# -- flicker -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Path:
    """Where each pixel of a frame was in the one before, (H, W, 2), and (H, W) where that can be trusted."""

    field: np.ndarray
    sure: np.ndarray


def path(earlier: np.ndarray, later: np.ndarray) -> Path:
    """The flow between two frames of the source, checked forward and backward (Sundaram et al. 2010).

    At full resolution, more closely than films are made with: its own error would be most of what is found.
    """
    dis = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    dis.setFinestScale(0)
    dis.setPatchStride(2)
    dis.setGradientDescentIterations(50)
    dis.setVariationalRefinementIterations(10)
    before, now = (cv2.cvtColor(one, cv2.COLOR_RGB2GRAY) for one in (earlier, later))
    back, forth = dis.calc(now, before, None), dis.calc(before, now, None)
    height, width = now.shape
    field = np.stack(np.meshgrid(np.arange(width), np.arange(height)), -1).astype(np.float32) + back
    there = cv2.remap(forth, field, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=1e3)
    apart = np.square(back + there).sum(-1)
    allowed = 0.01 * (np.square(back).sum(-1) + np.square(there).sum(-1)) + 0.5
    inside = (field >= 0).all(-1) & (field[..., 0] <= width - 1) & (field[..., 1] <= height - 1)
    sure = cv2.erode((inside & (apart < allowed)).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    return Path(field, sure)


def warping_error(earlier: np.ndarray, later: np.ndarray, by: Path) -> float:
    """Mean difference, 0..1, of a frame and the one before moved onto it, where that can be trusted."""
    if not by.sure.any():
        return 0.0
    moved = cv2.remap(earlier.astype(np.float32), by.field, None, cv2.INTER_LANCZOS4)
    return float(np.abs(moved - later)[by.sure].mean() / 255)


def flicker(frames: Sequence[np.ndarray], paths: Iterable[Path]) -> np.ndarray:
    """The warping error of each frame but the first."""
    pairs = zip(pairwise(frames), paths, strict=False)
    return np.array([warping_error(*pair, by) for pair, by in pairs])
