"""A loop's last frame comes home to its first."""

from __future__ import annotations

import itertools

import pytest

from reverie.motion.zoom.camera import Camera
from reverie.motion.zoom.loop_closing import LoopClosing
from reverie.recipe.zoom import Zoom


def test_the_first_frame_fills_the_last_and_grows_into_it():
    camera = Camera(Zoom.model_validate({"loop": True, "zoom": 1.5, "duration": 6}), 120, 80)
    home = LoopClosing(camera)
    shares = [float(home.shown(frame).mean()) for frame in range(151)]
    assert shares[:80] == [0.0] * 80
    assert shares[150] == pytest.approx(1, abs=1e-3)
    assert all(b >= a for a, b in itertools.pairwise(shares))
    assert max(b - a for a, b in itertools.pairwise(shares)) < 0.1
    melted = [home.melted(frame) for frame in range(151)]
    assert float(melted[82].max()) == 0
    assert float(melted[138].min()) == 1
    assert all(float((b - a).min()) >= 0 for a, b in itertools.pairwise(melted))
    # No edge is to be seen: from one pixel to the next little changes.
    assert max(float(one.diff(dim=side).abs().max()) for one in melted for side in (2, 3)) < 0.08
    field = home.field(150)
    assert field[0, 0].tolist() == pytest.approx([0, 0], abs=1e-3)
    # Half a second before the end the first frame is still smaller than the view, about its centre.
    assert home.field(137)[0, 0, 0] < -5
    assert home.field(137)[40, 60].tolist() == pytest.approx([60.6, 40.6], abs=1)
