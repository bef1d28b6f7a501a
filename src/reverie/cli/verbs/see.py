"""``reverie see``: portraits of units."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from reverie.cli import complete
from reverie.cli.fields import SIZE, other
from reverie.cli.groups import Only, Without, takes_groups
from reverie.cli.machines import Machines
from reverie.cli.options import Ascent, Common, PortraitBase, PortraitLook
from reverie.cli.recipe_options import console_of, output_of, recipe_of, workspace_of
from reverie.errors import Interrupted, UsageError
from reverie.recipe.portrait import MOST_FACETS
from reverie.recipe.typed import DEFAULTS

if TYPE_CHECKING:
    from reverie.jobs.portraits.portraits import ManyPortraits

#: Presets of which people are told that there is a quicker one.
SLOW = ("portrait", "filled")
Targets = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="TARGET",
        help="What to look for: a class (golden retriever), what several are (cat), a layer (block5c), a "
        "channel (block5c:17, block5c:0-15, block5c:*), a neuron (block5c:17@3,4), or an objective.",
        autocompletion=complete.targets,
    ),
]
From = Annotated[
    str | None,
    other("--from", help="Start from this picture and not from noise.", panel=SIZE, metavar="PHOTO"),
]


@dataclass(frozen=True)
class SeeCommon(Common):
    """How large portraits are and where they go, and all that is common."""

    size: str | None = other(
        "--size",
        help="Width and height, or one number for a square (default: the preset's).",
        panel=SIZE,
        metavar="WxH|N",
    )
    out: str | None = other(
        "-o", "--out", help="The file to write: of several targets the sheet; or a folder.", metavar="OUT"
    )
    variations: int | None = other(
        "--variations", help="So many seeds of each target.", panel=SIZE, metavar="N", min=1, max=1000
    )


@takes_groups
def see(
    targets: Targets = None,
    *,
    look: PortraitLook,
    base: PortraitBase,
    ascent: Annotated[Ascent, Only("steps")],
    photo: From = None,
    common: Annotated[SeeCommon, Without("start", "halo")],
    machines: Machines,
) -> None:
    """Show what a layer, a channel, a neuron or a class wants to see: its portrait, from nothing.

    Several targets become files beside a labelled sheet, or files alone if OUT is a folder.
    """
    if look.facets == 1:
        raise UsageError(f"--diversity 1: one picture has nothing to differ from; give 2 to {MOST_FACETS}")
    recipe = recipe_of(look, base, ascent, common, default=DEFAULTS[1])
    if recipe.portrait is None:
        what = base.recipe or f"--preset {recipe.preset}"
        raise UsageError(f"{what}: makes dreams and no portraits; use it with reverie dream")
    if not targets and not base.recipe:
        raise UsageError('what to look for? name a class, a layer or a channel: "tabby", block5c:17')
    for word in targets or ():
        if os.path.isfile(word):
            raise UsageError(
                f"{word}: is a file, and a portrait is of what a network knows, perhaps with --from {word}; "
                f"to dream on it: reverie dream {word}"
            )
    output = output_of(common, "portrait.png", photo)
    from reverie.jobs.portraits.portraits import PortraitsJob
    from reverie.jobs.sizes import portrait_in_shape

    shaped_by = None if base.recipe or common.size else photo or None
    most = None if common.size else common.max_size or None
    recipe = machines.recipe(portrait_in_shape(recipe, shaped_by, most, workspace_of(common)))
    job = PortraitsJob(
        recipe=recipe, targets=targets or (), variations=common.variations or 1, photo=photo, output=output
    )
    make_portraits(job, common, base.recipe, machines)


def make_portraits(
    job: ManyPortraits, common: Common, recipe: str | None = None, machines: Machines | None = None
) -> None:
    """Make the portraits of a job, or say what that would take; ``recipe`` is the file of its recipe."""
    from reverie.cli.progress import make_pictures
    from reverie.jobs.portraits.portraits import PortraitsJob

    result = make_pictures(job, common, job.output, recipe, machines)
    if result is None:
        if isinstance(job, PortraitsJob) and job.recipe.preset in SLOW:
            less = "--size 128 takes a third of that; --preset sketch takes about a tenth, for textures alone"
            console_of(common).must(less)
        return
    if result.sheet is not None:
        console_of(common).result(result.sheet, {"path": result.sheet, "sheet": list(result.files[1:])})
    if result.skipped and not common.quiet:
        console_of(common).must(f"{result.skipped} of {result.wanted} portraits were there already")
    if result.stopped:
        raise Interrupted(result.how_far)
