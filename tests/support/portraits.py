"""Helps the tests of ``see`` and ``invert``: the command without a process of its own, at a small size."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from torch import Tensor

from reverie.ascent.session import Session
from reverie.media.picture.picture import Floats
from reverie.portrait.batch import sit
from reverie.recipe.presets.preset import preset
from reverie.recipe.recipe import Recipe
from support.commands import Ran

#: Small and quick.
QUICK = ("--size", "64", "--steps", "2", "--views", "1")


def same(one: str | Path, other: str | Path) -> bool:
    """Whether two files are equal byte for byte."""
    return Path(one).read_bytes() == Path(other).read_bytes()


def repeats(inside: Callable[..., Ran], result: str) -> None:
    """Assert that ``rerun`` and the command that ``show`` prints make the same file again."""
    import shlex

    assert inside("rerun", result, "-o", "again.png", "--overwrite").rc == 0
    assert same(result, "again.png")
    words = shlex.split(inside("show", result).stdout.splitlines()[0])[1:]
    place = words.index("-o") + 1
    words[place] = "shown.png"
    assert inside(*words).rc == 0, words
    assert same(result, "shown.png"), words
    os.unlink("shown.png")


SETTINGS: dict[str, Any] = {"size": (64, 48), "steps": (2, 2), "octaves": 2, "objective": ("block2b:3",)}


def small(canvas: str = "fourier", portrait: dict[str, Any] | None = None, **changes: Any) -> Recipe:
    views = {"canvas": canvas, "views": 2, "view_size": (48,), **(portrait or {})}
    return preset("portrait", **{**SETTINGS, **changes, "portrait": views})


def pixels(recipe: Recipe, session: Session, picture: Tensor | None = None) -> Floats:
    return next(sit([recipe], session, picture=picture)).picture.pixels
