"""Scene cuts: where a film shows something else from one frame to the next.

A cut is what no motion explains. Flow that fails is not enough, for it fails at a fast pan too: the frames
are then compared as small pictures, shifted and scaled against each other, by what is seen and not by how
bright it is.
"""

from __future__ import annotations

from typing import Any, Final

import cv2 as opencv
import numpy as np
from numpy.typing import NDArray

from reverie.motion.film.flow import Bytes, Floats, grey

cv2: Any = opencv  # its stubs leave out DIS, and the number formats of arrays

#: A frame of less contrast than this (deviation of its grey, 0..255) is blank: black, white, a flash.
BLANK: Final = 3.0
#: Less uncovered than this is no cut; nor, where the colours are other ones altogether, less than that.
SUSPECT: Final = (0.55, 0.35)
#: Two small pictures correlating less than this, however one is shifted or scaled, show different things;
#: where the colours are other ones altogether, also less than that.
ALIKE: Final = (0.72, 0.85)
#: Colours are other ones altogether if their histograms have no more than this in common.
TINTED: Final = 0.5
#: Longest side of the small pictures, and how much a frame may have grown or shrunk.
SMALL: Final = 96
SCALES: Final = (1.0, 0.8, 1.25, 0.9, 1.11)


def is_blank(frame: Bytes) -> bool:
    """Whether a frame (H, W, 3) uint8 shows nothing: all black, all white, a flash, the middle of a fade."""
    return float(_small(frame).std()) < BLANK


def is_cut(earlier: Bytes, later: Bytes, uncovered: float) -> bool:
    """Whether two frames (H, W, 3) uint8 are of different scenes.

    ``uncovered`` is the share of the later one that no motion explains, of ``flow.between``.
    """
    if uncovered < min(SUSPECT):
        return False
    other = int(common_tint(earlier, later) < TINTED)
    return uncovered >= SUSPECT[other] and likeness(earlier, later) < ALIKE[other]


def may_be_cut(earlier: Bytes, later: Bytes) -> bool:
    """Whether two frames look so different that they are of different scenes unless motion explains it."""
    other = int(common_tint(earlier, later) < TINTED)
    return likeness(earlier, later) < ALIKE[other]


def common_tint(earlier: Bytes, later: Bytes) -> float:
    """How much the colours of two frames have in common, without their brightness: 0..1."""
    one, other = _tints(earlier), _tints(later)
    return float(np.minimum(one, other).sum())


def _tints(frame: Bytes) -> Floats:
    """A histogram of the two colour axes, smoothed, of sum 1."""
    small = cv2.resize(frame, (64, 64), interpolation=cv2.INTER_AREA)
    axes = cv2.cvtColor(small, cv2.COLOR_RGB2YCrCb)
    counts = cv2.calcHist([axes], [1, 2], None, [32, 32], [0, 256, 0, 256])
    smooth = cv2.GaussianBlur(counts, (0, 0), 1.5)
    shares: Floats = smooth / smooth.sum()
    return shares


def likeness(earlier: Bytes, later: Bytes) -> float:
    """The best correlation, -1..1, of a part of one frame with a place in the other.

    Parts are half as wide and high as a frame, so a pan of a quarter of the frame is followed; both frames
    are looked at without slow changes of brightness.
    """
    here, there = _small(later), _small(earlier)
    best = -1.0
    for scale in SCALES:
        for one, other in ((here, there), (there, here)):
            best = max(best, _found(_fine(_scaled(one, scale)), _fine(other)))
        if best >= max(ALIKE):
            break
    return best


def _found(one: Floats, other: Floats) -> float:
    """The best correlation of the five half-size parts of a small picture with places in another."""
    height, width = one.shape
    rows, columns = min(height, other.shape[0]) // 2, min(width, other.shape[1]) // 2
    best = -1.0
    for down, across in ((0.5, 0.5), (0, 0), (0, 1), (1, 0), (1, 1)):
        top, left = int(down * (height - rows)), int(across * (width - columns))
        part = one[top : top + rows, left : left + columns]
        if float(part.std()) < 1.0:
            continue  # sky is like any sky
        best = max(best, float(cv2.matchTemplate(other, part, cv2.TM_CCOEFF_NORMED).max()))
    return best


def _small(frame: Bytes) -> Floats:
    factor = SMALL / max(frame.shape[:2])
    size = tuple(max(8, round(side * factor)) for side in frame.shape[1::-1])
    small: Floats = cv2.resize(grey(frame), size, interpolation=cv2.INTER_AREA).astype(np.float32)
    return small


def _scaled(small: Floats, factor: float) -> Floats:
    if factor == 1:
        return small
    size = tuple(round(side * factor) for side in small.shape[::-1])
    scaled: Floats = cv2.resize(small, size, interpolation=cv2.INTER_LINEAR)
    return scaled


def _fine(small: Floats) -> Floats:
    """Without what changes slowly over the picture: light, sky and fog."""
    fine: NDArray[np.float32] = cv2.GaussianBlur(small, (0, 0), 0.8) - cv2.GaussianBlur(small, (0, 0), 6)
    return fine
