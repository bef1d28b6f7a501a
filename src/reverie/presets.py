"""Presets: the systems that made this field, with their numbers, beside our own default.

Each is a set of changes to the default recipe. Numbers are kept and layers are those of like depth in
EfficientNet-Lite0 (``docs/presets.md`` tells which stands for which). Step lengths are the originals' as a
share of the range from black to white: 1.5 on 0..255 is 1.5 / 255, 0.01 on -1..1 is 0.01 / 2.
"""

from __future__ import annotations

from typing import Any

from reverie.errors import UsageError, did_you_mean
from reverie.motion.presets import MOTIONS
from reverie.portrait.presets import PORTRAITS
from reverie.portrait.storage import onto
from reverie.recipe import Recipe, make

#: What every early system has in common: no budget, plain pixels, nothing given back.
_RAW: dict[str, Any] = {
    "balance": "none",
    "smoothing": "none",
    "centre": False,
    "strength": None,
    "drift": 0.0,
    "clip": "step",
    "resampling": "bilinear",
}

#: Standard deviation of ImageNet pixels, the unit of pytorch-deepdream's steps (mean of three channels).
_IMAGENET_STD = 0.226

PRESETS: dict[str, dict[str, Any]] = {
    "reverie": {},
    # Mordvintsev, Olah & Tyka 2015, dream.ipynb: inception_4c/output.
    "google2015": {
        **_RAW,
        "objective": ("block5c",),
        "octaves": 4,
        "octave_scale": 1.4,
        "steps": (10,),
        "step_size": 1.5 / 255,
        "jitter": 32,
        "normalise": "mean",
    },
    # F. Chollet's Keras example: mixed4..7 with weights 1, 1.5, 2, 2.5, a border of 2 cells left out, stops
    # at a loss of 15. Lite0's blocks end in a plain sum and not in a ReLU, their mean squares are some 250
    # times those of InceptionV3: all weights are multiplied by 0.004 so that the loss starts where it does
    # there.
    "keras": {
        **_RAW,
        "objective": (
            "0.004*layer(block5a, border=2) + 0.006*layer(block5b, border=2)"
            " + 0.008*layer(block5c, border=2) + 0.01*layer(block6a, border=2)",
        ),
        "octaves": 3,
        "octave_scale": 1.4,
        "steps": (20,),
        "step_size": 0.01 / 2,
        "jitter": 0,
        "normalise": "mean",
        "carry": "lost",
        "clip": "end",
        "max_score": 15.0,
    },
    # The TensorFlow tutorial: mixed3 and mixed5, sizes 1.3 ** -2..2, a random roll as large as a tile.
    "tensorflow": {
        **_RAW,
        "objective": ("mean(block4c) + mean(block5b)",),
        "octaves": 5,
        "octave_scale": 1.3,
        "octave_top": 2,
        "steps": (100,),
        "step_size": 0.01 / 2,
        "jitter": 512,
        "normalise": "std",
        "carry": "picture",
    },
    # A. Gordic's pytorch-deepdream, 2020: VGG16 relu4_3, three Gaussians, 4 octaves of 1.8.
    "smooth2020": {
        **_RAW,
        "objective": ("block5b",),
        "octaves": 4,
        "octave_scale": 1.8,
        "steps": (10,),
        "step_size": 0.09 * _IMAGENET_STD,
        "jitter": 32,
        "smoothing": "gaussians",
        "centre": True,
        "normalise": "std",
        "carry": "picture",
    },
    # K. Crowson's deep_dream: each layer's gradient over its norm, two octaves a doubling down to 128 px.
    "crowsonkb": {
        **_RAW,
        "objective": ("block4a + block4c + block5a + block5c",),
        "balance": "layers",
        "octaves": None,
        "octave_scale": 2**0.5,
        "smallest": 128,
        "steps": (10,),
        "step_size": 1 / 255,
        "jitter": 32,
        "normalise": "mean",
        "clip": "end",
        "resampling": "antialiased",
    },
}


def preset(name: str, **changes: Any) -> Recipe:
    """The recipe of a preset, with some settings changed.

    A changed ``steps`` means exactly that many, so it lifts a preset's ``max_score``.

    Raises:
        UsageError: No such preset (the message lists the nearest), or a setting that cannot be.
    """
    known = {**PRESETS, **PORTRAITS, **MOTIONS}
    if name not in known:
        near = did_you_mean(name, known) or "presets are " + ", ".join(known)
        raise UsageError(f'preset "{name}": there is none of that name; {near}')
    settings = {**known[name], "preset": name}
    if "steps" in changes:
        settings.pop("max_score", None)
    if "portrait" in changes and settings.get("portrait"):
        changes["portrait"] = onto(settings["portrait"], changes["portrait"])
    for way in ("zoom", "film"):
        if changes.get(way) and settings.get(way):
            changes[way] = {**settings[way], **changes[way]}
    return make(**{**settings, **changes})
