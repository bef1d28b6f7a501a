"""``reverie zoom``: the picture that feeds on its own output."""

from __future__ import annotations

import os
from typing import Annotated, Any

import typer

from reverie.cli.groups import Without, all_given, takes_groups
from reverie.cli.moving import film_output, make_film, recipe_with, typed_options
from reverie.cli.moving_options import FilmCommon, ZoomAscent, ZoomBase, ZoomMotion, ZoomTarget
from reverie.cli.options import Appearance
from reverie.cli.recipe_options import longer_side, told_as_typed
from reverie.errors import UsageError
from reverie.network.class_names import imagenet
from reverie.recipe.recipe import Recipe
from reverie.recipe.typed import scenes_of, whole_numbers

Photo = Annotated[str | None, typer.Argument(metavar="PHOTO", help="What it begins with.")]


@takes_groups
def zoom(
    photo: Photo = None,
    *,
    target: ZoomTarget,
    base: ZoomBase,
    motion: ZoomMotion,
    ascent: ZoomAscent,
    appearance: Annotated[Appearance, Without("spare")],
    common: Annotated[FilmCommon, Without("depth")],
) -> None:
    """Make an endless zoom: a picture that dreams, is seen from nearer, and dreams again.

    Several layers, classes or objectives follow each other, cross-faded, in
    even shares or each from its moment on, as in --class 0s:pagoda --class 5s:cat.

    A CURVE is a number, or keys as in "0s:1.2, 4s:1.5 smooth, 8s:1.2", or in
    frames: "0:1.2, 100:1.5". The easings are linear, smooth, hold, in and out.

    The same command again goes on with a zoom that was stopped or killed.
    """
    targets, scenes = scenes_of(target.given())
    own = {**all_given(target, motion, ascent), "scenes": scenes}
    if own.get("steps") is not None:
        own["steps"] = whole_numbers("--steps", own["steps"])
    rest = {**targets, **all_given(base, appearance, common)}
    with told_as_typed(typed_options("zoom", own, rest, common)):
        recipe = recipe_with("zoom", own, rest)
        if common.size and not common.max_size:
            recipe = recipe.but(max_size=None)
        if photo is not None:
            if not os.path.lexists(photo) and imagenet().knows(photo):
                raise UsageError(f"{photo}: no such file; to zoom into the class, give --class {photo}")
            if common.start:
                raise UsageError("--from is for a zoom without a photograph; give one of them")
            shape = {} if common.size or base.recipe else _shape(recipe)
            recipe = longer_side(recipe.but(start="photo", **shape), common, photo)
        elif recipe.start == "photo" and not common.start:
            recipe = recipe.but(start="clouds")
        from reverie.jobs.moving.zoom import ZoomJob

        output = film_output(common, "zoom.mp4", photo)
        job = ZoomJob(recipe=recipe, photo=photo, output=output)
        make_film(job, common, base.recipe)


def _shape(recipe: Recipe) -> dict[str, Any]:
    """A photograph keeps its shape, at no more than the preset's length."""
    return {} if recipe.size is None else {"size": None, "max_size": recipe.max_size or max(recipe.size)}
