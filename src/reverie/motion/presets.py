"""Presets of moving pictures: our own zoom, and those that made such zooms known. See ``reverie.presets``."""

from __future__ import annotations

from typing import Any

#: As ``PRESETS`` of ``reverie.presets``.
MOTIONS: dict[str, dict[str, Any]] = {
    "zoom": {
        "start": "clouds",
        "size": (960, 540),
        "octave_scale": 1.6,
        "zoom": {},
    },
    # Mordvintsev, Olah & Tyka 2015, dream.ipynb: the whole frame is dreamt (4 octaves of 1.4, 10 steps of
    # 1.5), then cropped by 5 % and scaled up again, 100 times.
    "google2015-zoom": {
        "balance": "none",
        "smoothing": "none",
        "centre": False,
        "strength": None,
        "drift": 0.0,
        "clip": "step",
        "resampling": "bilinear",
        "objective": ("block5c",),
        "octaves": 4,
        "octave_scale": 1.4,
        "steps": (10,),
        "step_size": 1.5 / 255,
        "jitter": 32,
        "normalise": "mean",
        "start": "clouds",
        "size": (640, 360),
        "zoom": {
            "duration": 4.0,
            "zoom": 1 / 0.95,
            "per": "frame",
            "steps": 10,
            "octaves": 4,
            "steady": False,
            "even": 0.0,
            "warm_up": 0,
        },
    },
    # LSD-NN (317070, 2015): two classes in two halves, ten steps, 1024 x 576 at 25 frames a second, 1.05 a
    # second and 0.01 degree a frame. For its natural-patch prior the bands are held here, and in place of
    # keyframes with a dissolve between them every frame dreams.
    "lsdnn2015": {
        "start": "noise",
        "size": (1024, 576),
        "balance": "terms",
        "octave_scale": 1.6,
        "zoom": {
            "duration": 20.0,
            "fps": 25.0,
            "zoom": 1.05,
            "rotate": 0.25,
            "octaves": 1,
            "steps": 10,
            "strength": 0.08,
            "halves": True,
            "undertone": 0.0,
            "scenes": ('class("peacock")', 'class("coral reef")'),
        },
    },
}
