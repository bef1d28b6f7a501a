"""Where the camera is."""

from __future__ import annotations

import numpy as np
import pytest

import reverie
from reverie.motion.zoom.camera import Camera
from reverie.recipe.zoom import Zoom


def test_the_camera_follows_its_curves():
    settings = Zoom.model_validate(
        {"zoom": "0:1, 50:1.5", "rotate": "0s:0, 2s:30", "pan_x": 0.25, "duration": 2, "fps": 25}
    )
    camera = Camera(settings, 400, 200)
    # The logarithm of the zoom, summed over the frames, is the integral of the curve's.
    times = np.linspace(0, 2, 20001)
    wanted = np.exp(np.trapezoid(np.log(1 + 0.25 * times), times))
    assert camera.between(0, 50).zoom == pytest.approx(wanted, rel=1e-4)
    assert camera.between(0, 50).turn == pytest.approx(30, rel=1e-3)
    still = Camera(Zoom.model_validate({"zoom": 1, "pan_x": 0.25, "pan_y": -0.5}), 400, 200)
    assert still.between(0, 25).offset == pytest.approx(100 - 100j)
    each = Camera(Zoom.model_validate({"zoom": 1.02, "rotate": 0.5, "per": "frame"}), 400, 200)
    assert each.between(3, 5).zoom == pytest.approx(1.02**2)
    assert each.between(3, 5).turn == pytest.approx(1)


def test_presets_hold_the_numbers_of_their_originals():
    google = reverie.preset("google2015-zoom")
    assert (google.octaves, google.octave_scale, google.steps) == (4, 1.4, (10,))
    assert google.zoom.frames == 100
    assert Camera(google.zoom, 640, 360).step(1).zoom == pytest.approx(1 / 0.95)
    lsdnn = reverie.preset("lsdnn2015")
    view = Camera(lsdnn.zoom, 1024, 576).step(1)
    assert lsdnn.size == (1024, 576)
    assert (view.zoom, view.turn) == pytest.approx((1.00195, 0.01), rel=1e-4)
