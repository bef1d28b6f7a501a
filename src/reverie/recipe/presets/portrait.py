"""Presets of portraits: the systems that drew what units want to see, with their numbers, and our own.

Each is a set of changes to the default recipe. Numbers are the originals'; lengths that they give on a scale
of 0 to 255 are shares of it here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from reverie.ops.transform.parse import LUCID, MACO
from reverie.recipe.portrait import Portrait

if TYPE_CHECKING:
    from reverie.recipe.recipe import Recipe

#: What all portraits have in common: from noise, one size, terms as weighted.
#: Settings that mean something else on another canvas: those of its values, and in whose units they move.
OF_CANVAS: Final = (
    "falloff",
    "colour_falloff",
    "window",
    "colour",
    "saturation",
    "contrast",
    "squash",
    "grey",
    "spread",
    "standardise",
    "optimiser",
    "rate",
    "betas",
)
#: Where a canvas asks for others than the defaults: MACO's as in its paper, networks as lucid trains them.
OWN: Final[dict[str, dict[str, Any]]] = {
    "pixels": {},
    "fourier": {},
    "laplacian": {},
    "maco": {"spread": 1.0, "standardise": True, "optimiser": "nadam", "rate": ((1.0, 1.0),)},
    "cppn": {"rate": ((0.005, 0.002),)},
}

_PORTRAIT: Final[dict[str, Any]] = {
    "start": "noise",
    "size": (256, 256),
    "balance": "none",
    "normalise": "none",
    "jitter": 0,
    "drift": 0.0,
}
_TWICE: Final[dict[str, Any]] = {**_PORTRAIT, "octaves": 2, "octave_scale": 4 / 3}
#: Our own: what a stranger recognises. Fourier's canvas with more in the low frequencies than nature has, the
#: feature statistics of the network's own training as the prior, and views that are noisy.
_OWN: Final[dict[str, Any]] = {
    "falloff": 1.7,
    "contrast": 16.0,
    "spread": 0.001,
    "rate": ((0.035, 0.00175),),
    "betas": (0.5, 0.99),
    "rise": 8,
    "ease": "cosine",
    "priors": ("-1.5*unnatural",),
    "transforms": (
        "pad(12, reflect)",
        "crop(0.87, 1) @1-2",
        "crop(0.5, 1) @3-",
        "rotate(-10, 10)",
        "flip(0.5)",
        "noise(0, 0.2)",
    ),
}
_FILLED: Final[dict[str, Any]] = {**_OWN, "views": 5, "view_size": (192, 224)}
#: One whole thing in the middle: finer waves keep away from the edges, colours are calmer.
WHOLE: Final[dict[str, Any]] = {"window": 0.85, "colour_falloff": 0.4, "priors": ("-2*unnatural",)}
#: Pixels about grey, as before Fourier's canvas.
_PIXELS: Final[dict[str, Any]] = {"canvas": "pixels", "squash": "clip", "optimiser": "ascent"}
#: Yosinski et al. 2015: the mean picture with noise of deviation 10.
_YOSINSKI: Final[dict[str, Any]] = {**_PIXELS, "spread": 10 / 255, "rate": ((4 / 255, 4 / 255),)}
#: Of inversions: as large as the photograph, and slower towards the end.
_INVERSION: Final[dict[str, Any]] = {**_PORTRAIT, "size": None}
_SLOWING: Final[dict[str, Any]] = {"falloff": 1.0, "ease": "cosine"}

PORTRAITS: Final[dict[str, dict[str, Any]]] = {
    "portrait": {**_TWICE, "steps": (120, 50), "portrait": {**_FILLED, **WHOLE}},
    # Without the window, as portraits were at first: what fills the picture.
    "filled": {**_TWICE, "steps": (120, 50), "portrait": _FILLED},
    # The same in a tenth of the time, for a thousand units at once.
    "sketch": {
        **_TWICE,
        "size": (160, 160),
        "steps": (50, 24),
        "portrait": {**_OWN, "rate": ((0.06, 0.003),), "rise": 4, "views": 4, "view_size": (96, 128)},
    },
    # For small networks of one's own, trained against worst-case changes of their pictures: the gradient has
    # the shape of things already (Santurkar et al. 2019), and steps of one length along it are enough.
    "small": {
        **_PORTRAIT,
        "size": (160, 160),
        "steps": (100,),
        "normalise": "std",
        "portrait": {
            **_PIXELS,
            "grey": 0.7,
            "spread": 0.0,
            "rate": ((0.007, 0.001),),
            "transforms": ("pad(16, reflect)", "jitter(32)", "rotate(-10, 10)", "scale(0.9, 1.1)"),
            "views": 2,
        },
    },
    # No prior at all: what a maximum is where nothing holds it back.
    "naive": {
        **_PORTRAIT,
        "size": (224, 224),
        "steps": (690,),
        "portrait": {"canvas": "pixels", "spread": 0.01, "ease": "cosine", "rate": ((0.05, 0.0025),)},
    },
    # Mahendran & Vedaldi 2015 in spirit: least distance of features, with a little total variation.
    "inversion": {
        **_INVERSION,
        "steps": (1000,),
        "portrait": {
            **_SLOWING,
            "rate": ((0.1, 0.001),),
            "betas": (0.9, 0.9),
            "priors": ("-0.001*unnatural",),
        },
    },
    # The same for layers near the picture: a step costs little there, and many are needed to get it back.
    "inversion-shallow": {
        **_INVERSION,
        "steps": (4000,),
        "portrait": {**_SLOWING, "rate": ((0.1, 0.0003),), "betas": (0.7, 0.8)},
    },
    # Erhan, Bengio, Courville & Vincent 2009: the picture of a given norm that excites a unit most.
    "erhan2009": {
        **_PORTRAIT,
        "size": (224, 224),
        "steps": (200,),
        "normalise": "mean",
        "portrait": {**_PIXELS, "spread": 0.1, "rate": ((2 / 255, 2 / 255),), "norm": 60.0},
    },
    # Simonyan, Vedaldi & Zisserman 2013: S_c(x) - lambda |x|^2 from zero.
    "simonyan2013": {
        **_PORTRAIT,
        "size": (224, 224),
        "steps": (200,),
        "normalise": "mean",
        "portrait": {**_PIXELS, "spread": 0.0, "rate": ((2 / 255, 2 / 255),), "priors": ("-100*l2",)},
    },
    # A. Oygard 2015, "Visualizing GoogLeNet classes": blurred after each step, in two octaves.
    "deepdraw2015": {
        **_PORTRAIT,
        "size": (269, 269),
        "octaves": 2,
        "octave_scale": 1.2,
        "steps": (190, 450),
        "normalise": "mean",
        "portrait": {
            **_PIXELS,
            "grey": 200 / 255,
            "spread": 8 / 255,
            "rate": ((11 / 255, 11 / 255), (6 / 255, 3 / 255)),
            "blur": ((2.5, 0.78), (0.936, 0.40)),
            "transforms": ("window(224, 0.3)",),
            "view_size": (224,),
        },
    },
    # Yosinski, Clune, Nguyen, Fuchs & Lipson 2015: four sets of priors found by random search.
    "yosinski2015-1": {
        **_PORTRAIT,
        "size": (224, 224),
        "steps": (500,),
        "normalise": "mean",
        "portrait": {**_YOSINSKI, "blur": ((0.5, 0.5),), "blur_every": 4, "small_norm": 50.0},
    },
    "yosinski2015-2": {
        **_PORTRAIT,
        "size": (224, 224),
        "steps": (750,),
        "portrait": {**_YOSINSKI, "rate": ((1.0, 1.0),), "decay": 0.3, "small_norm": 20.0},
    },
    "yosinski2015-3": {
        **_PORTRAIT,
        "size": (224, 224),
        "steps": (1000,),
        "normalise": "mean",
        "portrait": {**_YOSINSKI, "decay": 1e-4, "blur": ((1.0, 1.0),), "blur_every": 4},
    },
    "yosinski2015-4": {
        **_PORTRAIT,
        "size": (224, 224),
        "steps": (1000,),
        "normalise": "mean",
        "portrait": {
            **_YOSINSKI,
            "blur": ((0.5, 0.5),),
            "blur_every": 4,
            "small_contribution": 90.0,
        },
    },
    # Olah, Mordvintsev & Schubert 2017, as in lucid.
    "lucid2017": {
        **_PORTRAIT,
        "size": (224, 224),
        "steps": (512,),
        "portrait": {"transforms": LUCID, "warm_up": 16},
    },
    # Fel et al. 2023, MAgnitude Constrained Optimization.
    "maco2023": {
        **_PORTRAIT,
        "size": (512, 512),
        "steps": (256,),
        "portrait": {
            "canvas": "maco",
            **OWN["maco"],
            "transforms": MACO,
            "views": 32,
            "view_size": (224,),
            "transparency": True,
        },
    },
}

#: A channel's mean is climbed together with so much of its strongest place, where the layer's cells are at
#: least ``COARSE`` pixels apart: the mean alone is a pattern that fills the picture, and no place of it as
#: strong as the best of a photograph. Shallower channels look for nothing but patterns.
STRONGEST: Final = 0.5
COARSE: Final = 16
#: What a class's portrait climbs where that is not its score alone: text with a gap for the class.
OF_CLASS: Final[dict[str, str]] = {
    **dict.fromkeys(("portrait", "filled", "sketch"), "logprob({0}) + 0.4*class({0})"),
    "small": "logprob({0}) + 0.1*class({0})",
}
#: Layers whose cells are no further apart than so many pixels are near the picture.
SHALLOW: Final = 8
#: The preset of an inversion of any other layer.
INVERSION: Final = "inversion"


def filling(recipe: Recipe) -> Recipe:
    """The recipe of a pattern in place of a thing's: ``filled`` for ``portrait``; any other as it is."""
    settings = recipe.portrait
    if recipe.preset != "portrait" or settings is None:
        return recipe
    if any(getattr(settings, name) != value for name, value in WHOLE.items()):
        return recipe
    usual = {name: field.default for name, field in Portrait.model_fields.items()}
    filled = {name: _FILLED.get(name, usual[name]) for name in WHOLE}
    return recipe.but(preset="filled", portrait=settings.model_copy(update=filled))


def onto(settings: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A portrait's settings with some changed; another canvas brings its own for what belongs to it."""
    usual = Portrait.model_fields["canvas"].default
    before, now = settings.get("canvas", usual), changes.get("canvas")
    if not isinstance(now, str) or now == before or now not in OWN:
        return {**settings, **changes}
    kept = {name: value for name, value in settings.items() if name not in OF_CANVAS}
    return {**kept, **OWN[now], **changes}
