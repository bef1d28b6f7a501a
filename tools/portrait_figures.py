"""The figures of docs/portraits.md, made by ``make gallery`` with the library."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from reverie import preset
from reverie.ascent.session import Session
from reverie.media.picture import Picture
from reverie.network.zoo import load_net
from reverie.objective import logit, parse
from reverie.portrait.batch import portraits
from reverie.portrait.targets import of_unit
from reverie.recipe.recipe import Recipe

NET = load_net("lite0")
Cells = list[tuple[str, str, Picture]]


def made(recipes: Sequence[Recipe]) -> list[Picture]:
    """Portraits of several recipes for one network."""
    return portraits(recipes, Session(recipes[0]))


#: Two units of each depth.
DEPTHS = (
    *("stem:3", "stem:20", "block2a:3", "block2b:11", "block3a:5", "block3b:12", "block4a:30", "block4b:20"),
    *(
        "block5a:9",
        "block5c:17",
        "block5c:40",
        "block6b:30",
        "block6d:8",
        "block7a:100",
        "head:40",
        "head:712",
    ),
)


def depth() -> Cells:
    """What each depth sees."""
    pictures = made([preset("filled", objective=(of_unit(parse(unit), "filled", NET),)) for unit in DEPTHS])
    return [(unit, "", picture) for unit, picture in zip(DEPTHS, pictures, strict=True)]


SHOWN = ("golden retriever", "church", "snail")


def repairs() -> list[tuple[str, Recipe]]:
    """From no prior to all of them, each line one more."""
    own = preset("filled")
    assert own.portrait is not None
    plain: dict[str, Any] = {
        **own.portrait.model_dump(),
        "transforms": (),
        "priors": (),
        "views": 1,
        "view_size": None,
    }
    views = ("pad(12, reflect)", "crop(0.87, 1) @1-2", "crop(0.5, 1) @3-", "rotate(-10, 10)", "flip(0.5)")
    looked = {**plain, "transforms": views, "views": 5, "view_size": (192, 224)}
    noisy = {**looked, "transforms": (*views, "noise(0, 0.2)")}
    natural = {**noisy, "priors": own.portrait.priors}
    steps = (400, 150)
    return [
        ("nothing", preset("naive")),
        ("+ low frequencies", own.but(portrait={**plain, "falloff": 1.0, "contrast": 4.0}, steps=steps)),
        ("+ steeper", own.but(portrait=plain, steps=steps)),
        ("+ views", own.but(portrait=looked)),
        ("+ noise", own.but(portrait=noisy)),
        ("+ natural features", own.but(portrait=natural)),
        ("+ window", preset("portrait")),
    ]


def ablation() -> Cells:
    """Why a naive maximum is noise, and what each prior repairs."""
    cells: Cells = []
    for name in SHOWN:
        for words, recipe in repairs():
            wanted = of_unit(logit(name), "naive" if words == "nothing" else "portrait", NET)
            cells.append((words, name, made([recipe.but(objective=(wanted,))])[0]))
    return cells


def dumbbell() -> Cells:
    """The dumbbell that comes with an arm."""
    recipes = [
        preset("portrait", objective=(of_unit(logit("dumbbell"), "portrait", NET),), seed=seed)
        for seed in range(4)
    ]
    return [("dumbbell", f"seed {i}", picture) for i, picture in enumerate(made(recipes))]


def canvases() -> Cells:
    """The same unit on every canvas, with the same views."""
    cells: Cells = []
    kinds: dict[str, dict[str, Any]] = {
        "pixels": {"squash": "sigmoid", "rate": ((0.05, 0.005),)},
        "laplacian": {"falloff": 1.0, "contrast": 1.0, "rate": ((0.03, 0.003),)},
        "fourier": {"falloff": 1.0, "contrast": 1.0, "rate": ((0.05, 0.005),)},
        "maco": {"spread": 1.0, "standardise": True, "optimiser": "nadam", "rate": ((0.3, 0.03),)},
        # Few pixels are enough to train the network that is then drawn at any size.
        "cppn": {"rate": ((0.005, 0.002),), "view_size": (112,), "print_size": 256},
    }
    for kind, settings in kinds.items():
        portrait = {
            "canvas": kind,
            "transforms": ("crop(0.6, 1)", "rotate(-10, 10)"),
            "views": 4,
            "view_size": (192,),
            "ease": "cosine",
            **settings,
        }
        few = {"size": (128, 128), "steps": (500,)} if kind == "cppn" else {"steps": (200,)}
        recipe = preset("filled", octaves=1, objective=("block5c:17",), **few)
        recipe = Recipe(**{**recipe.model_dump(), "portrait": portrait})
        cells.append((kind, "block5c:17", made([recipe])[0]))
    return cells


#: File, who makes it, columns, and the side of a cell in pixels.
FIGURES: dict[str, tuple[Callable[[], Cells], int, int]] = {
    "portraits-depth.jpg": (depth, 8, 176),
    "portraits-ablation.jpg": (ablation, 7, 170),
    "portraits-dumbbell.jpg": (dumbbell, 4, 256),
    "portraits-canvases.jpg": (canvases, 5, 224),
}
