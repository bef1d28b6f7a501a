"""Presets: the systems that made this field, with their numbers, beside our own default.

Each is a set of changes to the default recipe. Numbers are kept and layers are those of like depth in
EfficientNet-Lite0 (``docs/presets.md`` tells which stands for which). Step lengths are the originals' as a
share of the range from black to white: 1.5 on 0..255 is 1.5 / 255, 0.01 on -1..1 is 0.01 / 2.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reverie.errors import UsageError, did_you_mean
from reverie.recipe.presets.portrait import PORTRAITS, onto
from reverie.recipe.presets.sites import SITES
from reverie.recipe.recipe import Recipe, make

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

#: Our own: what stands out of four layers, calm where there is nothing, along axes of colour.
_OURS: dict[str, Any] = {
    "objective": (
        "standard(block5c, dogs=-1, animals=1) + 0.35*standard(block6d, dogs=-1, animals=1)"
        " + 0.35*standard(block6b, dogs=-1, animals=1) + 0.35*standard(block7a, dogs=-1, animals=1)",
    ),
    "balance": "octave",
    "variety": 0.4,
    "calm": 1.0,
    "scenery": "deep",
    "smallest": 128,
    "steps": (28,),
    "mirror": True,
    "smoothing": "opponent",
    "tilt": 0.4,
    "bend": 1.0,
    "drift_size": 1 / 12,
    "soften": 0.5,
    "room": 0.7,
    "clean": 0.06,
}

PRESETS: dict[str, dict[str, Any]] = {
    # A little less far, and without forms as large as the photograph: so judges would rather hang it.
    "reverie": {**_OURS, "strength": 0.42, "smallest": 192},
    # For a portrait of somebody: faces stay, all else is lace and embroidery, less far, cleaner and nearer
    # to its own colours; no beast with hollow eyes looks over a shoulder.
    "gentle": {
        **_OURS,
        "objective": ("standard(block5a, dogs=-2, animals=-2) + standard(block4c, animals=-1)",),
        "variety": 0.3,
        "strength": 0.4,
        "tilt": 0.8,
        "soften": 1.0,
        "room": 0.45,
        "clean": 0.09,
        "keep_colour": 0.4,
        "spare": "faces",
    },
    # The same by two networks: whole animals, and twice the time.
    "menagerie": {**_OURS, "partners": ("lite1",)},
    # Fruit, beads, domes and carnival light: what is deepest in two networks.
    "cathedral": {
        **_OURS,
        "objective": ("standard(block6b, dogs=-1, animals=-1)",),
        "partners": ("lite1",),
        "smallest": 160,
        "calm": 0.6,
    },
    # Brightness alone, as an etcher has it: the colours are the photograph's.
    "etching": {**_OURS, "keep_colour": 1.0, "clean": 0.03},
    # Our first look: furry, an even grain of creatures.
    "classic": {},
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

#: Presets that leave out the largest forms of their own objective over a photograph, and the short side of
#: the smallest octave elsewhere: from nothing there is nothing to keep, and who asks for a layer wants all.
GIANTS: dict[str, int] = {"reverie": _OURS["smallest"]}

#: What our own zooms have in common.
_OUR_ZOOM: dict[str, Any] = {"start": "clouds", "size": (960, 540), "octave_scale": 1.6, "zoom": {}}

#: Presets of what moves: our own zooms, and those that made such zooms known.
MOTIONS: dict[str, dict[str, Any]] = {
    # Ground that nothing grows on would fill the picture in a while: not as calm as a still picture. And what
    # feeds on itself goes over to striped tins by block7a and more variety: animals are asked for.
    "zoom": {
        **_OURS,
        **_OUR_ZOOM,
        "objective": (
            "standard(block5c, dogs=-1, animals=1.5) + 0.35*standard(block6d, dogs=-1, animals=1.5)"
            " + 0.35*standard(block6b, dogs=-1, animals=1.5)",
        ),
        "variety": 0.3,
        "calm": 0.7,
        "scenery": "flat",  # so were the thousand frames that were looked at
        "zoom": {"vivid": 1.5},
    },
    "classic-zoom": {**_OUR_ZOOM, "zoom": {"steps": 2}},
    # Mordvintsev, Olah & Tyka 2015, dream.ipynb: the whole frame is dreamt (4 octaves of 1.4, 10 steps of
    # 1.5), then cropped by 5 % and scaled up again, 100 times.
    "google2015-zoom": {
        **PRESETS["google2015"],
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

#: The preset of films: a frame is seen for a moment alone, so it goes further than a still picture, and has
#: the largest forms.
FILMS: dict[str, dict[str, Any]] = {"film": {**_OURS, "film": {}}}


def preset(name: str, /, **changes: Any) -> Recipe:
    """The recipe of a preset, with some settings changed.

    A changed ``steps`` means exactly that many, so it lifts a preset's ``max_score``; with another
    objective, or a ``start`` that is no photograph, the default has larger forms.

    Raises:
        UsageError: No such preset (the message lists the nearest), or a setting that cannot be.
    """
    known = {**PRESETS, **SITES, **PORTRAITS, **MOTIONS, **FILMS}
    if name not in known:
        near = did_you_mean(name, known) or "presets are " + ", ".join(known)
        raise UsageError(f'preset "{name}": there is none of that name; {near}')
    settings = {**known[name], "preset": name}
    if "steps" in changes:
        settings.pop("max_score", None)
    if isinstance(changes.get("portrait"), Mapping) and settings.get("portrait"):
        changes["portrait"] = onto(settings["portrait"], changes["portrait"])
    for way in ("sites", "zoom", "film"):
        if isinstance(changes.get(way), Mapping) and settings.get(way) is not None:
            changes[way] = {**settings[way], **changes[way]}
    recipe = make(**{**settings, **changes})
    return recipe if "smallest" in changes else _with_giants(recipe, make(**settings))


def of_layer(recipe: Recipe, objective: str) -> Recipe:
    """A recipe that climbs one layer in place of what it climbs, with the forms that its preset has then."""
    return _with_giants(recipe.but(objective=(objective,)), recipe)


def _with_giants(recipe: Recipe, usual: Recipe) -> Recipe:
    """A recipe with the largest forms, if it is of another objective than usual or begins from nothing."""
    known = recipe.preset in GIANTS and recipe.smallest == PRESETS[recipe.preset]["smallest"]
    if not known or (recipe.start == "photo" and recipe.objective == usual.objective):
        return recipe
    return recipe.model_copy(update={"smallest": GIANTS[recipe.preset]})
