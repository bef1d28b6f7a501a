"""Dreams that are written to d.png, and made again from it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from reverie.jobs.dreaming.dream import PictureResult, make_dream
from reverie.jobs.job import Listener
from reverie.jobs.open_recipe import OpenRecipe, Watch
from reverie.jobs.output import Output
from reverie.jobs.provenance.note import EngineNote, of_picture
from reverie.jobs.rerun import RerunJob
from reverie.jobs.workspace import Reference
from reverie.media.picture import load_picture, save_picture
from reverie.recipe.presets.preset import preset
from reverie.recipe.recipe import Recipe

QUICK: dict[str, Any] = {"steps": (2,), "octaves": 2, "jitter": 8}


def made(
    here: Path, out: str = "d.png", *, photo: str | None = "chelsea.png", **changes: Any
) -> PictureResult:
    return dreamt(preset("classic", **{**QUICK, **changes}), photo, out)


def dreamt(
    recipe: Recipe | OpenRecipe,
    photo: str | None = "chelsea.png",
    out: str = "d.png",
    *,
    engine: EngineNote | None = None,
    listener: Listener | None = None,
    **output: Any,
) -> PictureResult:
    """A dream, written; ``engine`` says exactly what runs."""
    opened = OpenRecipe(recipe, engine=engine) if isinstance(recipe, Recipe) else recipe
    found = None if photo is None else Reference(path=photo)
    to = Output(path=out, **output)
    to.check()
    return make_dream(opened, found, to, Watch(listener or Listener(), "dream"))


def blackened(path: str) -> None:
    """Keep a picture's metadata and name, and nothing of what it shows."""
    picture = load_picture(path)
    black = replace(picture, pixels=np.zeros_like(picture.pixels), alpha=None)
    note = of_picture(path)
    save_picture(
        black,
        path,
        depth=note.output.depth,
        quality=note.output.quality,
        provenance=picture.provenance,
        overwrite=True,
    )


def rerun(result: str, out: str, *, photo: str | None = None) -> PictureResult:
    """The picture again, from what is written in it."""
    made = RerunJob(result=result, input=photo, output=out).run()
    assert isinstance(made, PictureResult)
    return made


def remade(path: str = "d.png") -> None:
    """Assert that a rerun gives the same bytes, from metadata alone."""
    before = Path(path).read_bytes()
    blackened(path)
    assert Path(path).read_bytes() != before
    rerun(path, f"again{Path(path).suffix}")
    assert Path(f"again{Path(path).suffix}").read_bytes() == before


def edit(change: Callable[[dict[str, Any]], None]) -> None:
    """Change the metadata of d.png by hand."""
    picture = load_picture("d.png")
    document = json.loads(json.dumps(picture.provenance))
    change(document)
    save_picture(picture, "d.png", provenance=document, overwrite=True)
