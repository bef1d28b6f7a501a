"""Dreams that are written to d.png, and made again from it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from reverie.jobs.dream import Result, Run
from reverie.jobs.provenance import of_picture
from reverie.jobs.rerun import rerun
from reverie.media.picture import load_picture, save_picture
from reverie.recipe.presets.preset import preset

QUICK: dict[str, Any] = {"steps": (2,), "octaves": 2, "jitter": 8}


def made(here: Path, out: str = "d.png", *, photo: str | None = "chelsea.png", **changes: Any) -> Result:
    recipe = preset("reverie", **{**QUICK, **changes})
    return Run(recipe).carry_out(photo, out)


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
