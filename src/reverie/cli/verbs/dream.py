"""``reverie dream``."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reverie.cli.console import Console
from reverie.cli.fields import SIZE, other, setting
from reverie.cli.groups import takes_groups
from reverie.cli.help_page import HelpAll
from reverie.cli.machines import Machines
from reverie.cli.options import Appearance, Ascent, Base, Common, Target, Whereabouts
from reverie.cli.recipe_options import console_of, longer_side, output_of, recipe_of
from reverie.errors import BatchError, Interrupted, UsageError

if TYPE_CHECKING:
    from reverie.jobs.dreaming.batch import BatchResult

Photos = Annotated[list[str] | None, typer.Argument(metavar="PHOTO", help="Photographs, or folders of them.")]


@dataclass(frozen=True)
class DreamCommon(Common):
    """Where dreams go, and all that is common."""

    chance: float | None = setting("chance", panel=SIZE)
    variations: int | None = other(
        "--variations",
        help="So many seeds, each with a taste of its own (--chance), as files OUT-seedN and a labelled "
        "sheet at OUT (at most 1000).",
        metavar="N",
    )


@takes_groups
def dream(
    photos: Photos = None,
    *,
    target: Target,
    base: Base,
    ascent: Ascent,
    appearance: Appearance,
    whereabouts: Whereabouts,
    common: DreamCommon,
    machines: Machines,
    help_all: HelpAll = False,
) -> None:
    """Let a network dream over a photograph, or from nothing."""
    check_names(photos or [], common.out)
    usual = usual_look(photos, target.class_, whereabouts.sites)
    recipe = recipe_of(target, base, ascent, appearance, whereabouts, common, default=usual)
    for part, verb in (("portrait", "see"), ("zoom", "zoom"), ("film", "film")):
        if getattr(recipe, part) is not None:
            what = base.recipe or f"--preset {recipe.preset}"
            raise UsageError(f"{what}: makes {part}s and no dreams; use it with reverie {verb}")
    from reverie.cli.progress import make_pictures
    from reverie.jobs.dreaming.dreams_of import job_of, photographs, usual_output
    from reverie.jobs.dreaming.tastes import with_tastes

    found, batch = photographs(photos or [], common.out or "", dry_run=common.dry_run)
    if found:
        if common.start:
            raise UsageError("--from is for a dream without a photograph; give one of them")
        recipe = longer_side(recipe.but(start="photo"), common, None if batch else found[0])
    elif recipe.start == "photo":
        raise UsageError("nothing to dream on: give a photograph, or --from noise or clouds")
    if common.variations is not None and common.chance is None:
        recipe = with_tastes(recipe)

    output = output_of(common, *usual_output(photos or [], batch=batch))
    job = job_of(machines.recipe(recipe), found, output, common.variations, batch=batch)
    if machines.cluster is not None and job.kind == "dream":
        raise UsageError(
            "--cluster: one dream is made on one machine; give several photographs, or --variations"
        )
    result = make_pictures(job, common, output, base.recipe, machines)
    if result is None:
        return
    if job.kind != "dream":
        tell_batch(console_of(common), result, output.path)
    elif result.stopped:
        raise Interrupted(f"stopped after {result.stopped}; {result.path} holds what there is")


def usual_look(photos: list[str] | None, classes: list[str] | None, sites: int | None) -> str:
    """The preset if none is named: a class over a photograph is dreamt at sites."""
    return "apparition" if (photos and classes) or sites is not None else "reverie"


def check_names(photos: list[str], out: str | None) -> None:
    """UsageError where words that are no photographs mean something else; it says what to type.

    They are where to write, a photograph and where to write in each other's place, or a class.
    """
    from reverie.media.picture.write import EXTENSIONS
    from reverie.network.class_names import imagenet

    swapped = len(photos) == 1 and out is not None and os.path.isfile(out)
    names = [*photos, *([out] if swapped and out is not None else [])]
    source, target = (names[1], names[0]) if swapped else (names[0], names[-1]) if names else ("", "")
    writes = Path(target).suffix.lower() in EXTENSIONS and not os.path.lexists(target)
    if len(names) == 2 and writes and (swapped or out is None):
        typed = shlex.join(["reverie", "dream", source, "-o", target])
        raise UsageError(f"{target}: no such photograph; to write the dream of {source} there, type: {typed}")
    for word in photos:
        if not os.path.lexists(word) and not Path(word).suffix and imagenet().knows(word):
            raise UsageError(
                f"{word}: no such file; to dream of the class, give a photograph and --class {word}"
            )


def tell_batch(console: Console, result: BatchResult, out: str) -> None:
    """Say what came of many pictures; the error that they end with, if they do."""
    if result.stopped:
        path = result.files[-1] if result.files else out
        raise Interrupted(f"stopped after {result.stopped}; {path} holds what there is")
    if result.sheet is not None:
        console.result(result.sheet, {"path": result.sheet, "sheet": list(result.files[1:])})
        return
    failed = len(result.failed)
    console.info(f"{len(result.made)} made, {result.skipped} skipped, {failed} failed")
    if failed:
        total = len(result.made) + result.skipped + failed
        rest = f"; the others are in {out}" if failed < total else ""
        raise BatchError(f"{failed} of {total} photographs failed{rest}")
