"""What a film brings into view at its edges: dreamt afresh, over several frames.

A flow says of such places that they come from beyond the frame. Nothing of the dream was there: to mirror
what lies at the edge would bring in the same columns again and again, and grow a pattern of twice the motion.
"""

from __future__ import annotations

from typing import Any, Final

import cv2 as opencv
import numpy as np

from reverie.motion.film.flow import Floats, Motion, beyond, grid

cv2: Any = opencv  # its stubs leave out arrays' number formats

#: By so many pixels beyond the frame a place is wholly from outside.
WHOLLY: Final = 0.7
#: How much longer what has come in stays new, a frame: the network sees wider than one frame's strip.
STAYS: Final = 0.8
#: How new it is: this much for each pixel of motion a frame, and no less than the second.
FOR_A_PIXEL, LEAST = 0.12, 0.2
#: So far inside of it, in pixels, what was dreamt long ago gives way, by so much in the frame in which they
#: meet; ``OLD`` is the power by which what came in lately is spared.
BESIDE, GIVES_WAY, OLD = 16.0, 0.7, 4
#: What is uncovered beside such a place is so for its sake alone: how wide that is, and how softly it ends.
RIM, RIM_BLUR = 9, 5


def outside(motion: Motion) -> Floats:
    """Where the later frame shows what lay beyond the earlier one, (H, W) in [0, 1]; and one pixel more."""
    share = np.clip(beyond(motion.field) / WHOLLY, 0, 1).astype(np.float32)
    grown: Floats = cv2.dilate(share, np.ones((3, 3), np.uint8))
    return grown


def uncovered_within(motion: Motion, out: Floats) -> Floats:
    """What the frame uncovers but for the rim along what comes from ``outside``, (H, W) in [0, 1]."""
    near = cv2.blur(cv2.dilate(out, np.ones((RIM, RIM), np.uint8)), (RIM_BLUR, RIM_BLUR))
    within: Floats = motion.uncovered * (1 - near)
    return within


def entered(before: Floats | None, out: Floats) -> tuple[Floats, Floats]:
    """What has come into view, (H, W) in [0, 1]: 1 where it just did, less with each frame since.

    Beside it the dream of long ago ended at a straight edge of the frame. It gives way there and is dreamt on
    with what comes in, or a seam would stay.

    Args:
        before: The same a frame earlier, moved along with the film.
        out: ``outside``.

    Returns:
        What has come into view, and the share of the dream that is kept at each place.
    """
    since = np.zeros_like(out) if before is None else STAYS * before * (1 - out)
    if not out.any():
        return since, np.ones_like(out)
    far = cv2.distanceTransform((out < 0.5).astype(np.uint8), cv2.DIST_L2, 5)
    beside = np.clip(1 - far / BESIDE, 0, 1) * (1 - since) ** OLD
    kept = (1 - GIVES_WAY * beside) * (1 - out)
    return np.maximum.reduce([since, out, beside]).astype(np.float32), kept.astype(np.float32)


def newness(came: Floats, motion: Motion) -> Floats:
    """How new the dream is where something ``entered``, (H, W) in [0, 1].

    Little a frame where the motion is slow, for there it is new for many frames while little comes in.
    """
    speed = np.sqrt(np.square(motion.field - grid(*came.shape)).sum(-1))
    gain: Floats = came * np.clip(FOR_A_PIXEL * speed, LEAST, 1)
    return gain
