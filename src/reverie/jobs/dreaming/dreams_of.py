"""From photographs and folders of them to the job that makes their dreams."""

from __future__ import annotations

import os
from glob import glob
from pathlib import Path
from typing import Any

from reverie.errors import BadInput, UsageError
from reverie.jobs.dreaming.batch import MOST_VARIATIONS, BatchJob, VariationsJob
from reverie.jobs.dreaming.dream import DreamJob
from reverie.jobs.job import Job
from reverie.jobs.output import Output
from reverie.media.picture.folder import DREAMS, pictures_in
from reverie.recipe.recipe import Recipe


def job_of(
    recipe: Recipe, photos: list[str], output: Output, variations: int | None, *, batch: bool
) -> Job[Any]:
    """One dream, several photographs into a folder, or one with several seeds."""
    photo = photos[0] if photos else None
    if variations is not None:
        if batch:
            raise UsageError("--variations: give one photograph, and a file after -o")
        if not 1 <= variations <= MOST_VARIATIONS:
            raise UsageError(f"--variations {variations}: 1 to {MOST_VARIATIONS} are possible")
        return VariationsJob(recipe=recipe, photo=photo, count=variations, output=output)
    if batch:
        return BatchJob(recipe=recipe, photos=photos, output=output)
    return DreamJob(recipe=recipe, photo=photo, output=output)


def photographs(given: list[str], out: str, *, dry_run: bool) -> tuple[list[str], bool]:
    """Every photograph, those of folders too, and whether the output is a folder."""
    photos: list[str] = []
    folders = [p for p in given if os.path.isdir(p)]
    if folders and not dry_run and Path(out).suffix and not os.path.isdir(out):
        raise BadInput(f"{folders[0]}: is a folder; give a picture, or a folder after -o as well")
    for photo in given:
        photos += pictures_in(photo) if photo in folders else matching(photo)
    return photos, bool(folders) or len(photos) > 1 or (bool(photos) and os.path.isdir(out))


def matching(name: str) -> list[str]:
    """The files that a name with ``*`` or ``?`` in it stands for, if no shell has seen to it; or the name."""
    return [name] if os.path.lexists(name) else sorted(glob(name)) or [name]


def usual_output(given: list[str], *, batch: bool) -> tuple[str, str | None]:
    """What the result is called if nothing says so, and beside what it lies."""
    if not batch:
        return "dream.png", given[0] if given else None
    folder = len(given) == 1 and os.path.isdir(given[0])
    return (DREAMS, given[0]) if folder else (os.path.join(os.path.dirname(given[0]), DREAMS), None)
