"""What two frames of one scene have in common."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from reverie.motion.film.cuts import is_blank, likeness
from support import known_motion

SIZE = (256, 144)


@pytest.mark.parametrize(
    ("change", "most"),
    [("same", 1.01), ("moved", 1.01), ("grown", 1.01), ("darker", 1.01), ("other", 0.72)],
)
def test_likeness(change, most):
    picture = known_motion.photo("astronaut")
    view = known_motion.camera(250, 200, 0.9)
    here = known_motion.seen_by(view, picture, SIZE)
    there = {
        "same": here,
        "moved": known_motion.seen_by(known_motion.camera(250 + 50, 200, 0.9), picture, SIZE),
        "grown": known_motion.seen_by(known_motion.camera(250, 200, 0.8), picture, SIZE),
        "darker": (here * 0.4).astype(np.uint8),
        "other": cv2.resize(known_motion.photo("coffee"), SIZE, interpolation=cv2.INTER_AREA),
    }[change]
    alike = likeness(here, there)
    assert alike <= most
    assert alike > 0.85 or change == "other"


def test_blank():
    assert is_blank(np.zeros((90, 160, 3), np.uint8))
    assert is_blank(np.full((90, 160, 3), 255, np.uint8))
    assert not is_blank(known_motion.pan(1).frames[0])
