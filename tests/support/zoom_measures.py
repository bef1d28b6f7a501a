"""What is measured of zooms, with OpenCV and NumPy: none of it shares code with what makes them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np


@dataclass(frozen=True)
class Look:
    """How a frame (H, W, 3) of bytes looks."""

    mean: float
    deviation: float
    saturated: float  # share of values that are black or white
    sharpness: float  # mean energy of the gradient of brightness

    @classmethod
    def of(cls, rgb: np.ndarray) -> Look:
        values = rgb.astype(np.float64) / 255
        bright = values @ np.array([0.299, 0.587, 0.114])
        down, across = np.gradient(bright)
        return cls(
            values.mean(),
            values.std(),
            float(((rgb == 0) | (rgb == 255)).mean()),
            float((down**2 + across**2).mean()),
        )


def one_step(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """The similarity that takes places in one frame to those in the next, 2 x 3, by tracked corners."""
    one, other = (cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in (before, after))
    corners = cv2.goodFeaturesToTrack(one, 600, 0.01, 7)
    found, status, _ = cv2.calcOpticalFlowPyrLK(
        one,
        other,
        corners,
        None,
        winSize=(21, 21),
        maxLevel=2,
        criteria=(cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 50, 1e-4),
    )
    good = status[:, 0] == 1
    view, _ = cv2.estimateAffinePartial2D(
        corners[good], found[good], method=cv2.RANSAC, ransacReprojThreshold=0.5, confidence=0.999
    )
    return view


def registered(frames: Sequence[np.ndarray]) -> tuple[float, float]:
    """Zoom and clockwise degrees from the first to the last of some frames, step by step."""
    total = np.eye(3)
    for before, after in pairwise(frames):
        total = np.vstack([one_step(before, after), [0, 0, 1]]) @ total
    a, b = total[0, 0], total[1, 0]
    return math.hypot(a, b), math.degrees(math.atan2(b, a))
