"""What the files of many portraits are called, and what a sheet says of each."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from reverie.errors import UsageError
from reverie.jobs.dreaming.batch import beside
from reverie.recipe.recipe import Recipe

#: The most portraits of one target that stand in one row of a sheet.
MOST_COLUMNS = 12
#: A portrait's target and facet.
Place = tuple[int, int]


def is_folder(out: str) -> bool:
    """Whether results go into a folder of that name."""
    return os.path.isdir(out) or out.endswith(("/", os.sep))


def places(out: str, labels: Sequence[str], counts: Sequence[int]) -> dict[Place, str]:
    """Where each portrait goes, by target and facet: ``out``, or files named after the targets."""
    all_of = [(i, k) for i, count in enumerate(counts) for k in range(count)]
    if len(all_of) == 1 and not is_folder(out):
        return {all_of[0]: out}
    path, taken = Path(out), set[str]()
    if not is_folder(out) and not path.suffix:
        raise UsageError(f"-o {out}: a file such as {out}.png is needed, or a folder: {out}/")
    names: dict[Place, str] = {}
    for i, k in all_of:
        word = stem = slug(labels[i]) + (f"-{k + 1}" if counts[i] > 1 else "")
        again = 2
        while word.lower() in taken:
            word, again = f"{stem}_{again}", again + 1
        taken.add(word.lower())
        names[i, k] = os.fspath(path / f"{word}.png") if is_folder(out) else beside(path, word)
    return names


def slug(label: str) -> str:
    """A label as a part of a file's name."""
    return re.sub(r"[^\w.,+@-]+", "-", label).strip("-.")[:80] or "portrait"


def facets(recipe: Recipe) -> int:
    """How many pictures a recipe makes."""
    return recipe.portrait.facets if recipe.portrait else 1


def facet_of(recipe: Recipe) -> int:
    """Which of them this one makes."""
    return recipe.portrait.facet if recipe.portrait else 0


def words_of(recipe: Recipe) -> str:
    """What a sheet says of a portrait under its name."""
    if facets(recipe) > 1:
        return f"facet {facet_of(recipe) + 1} of {facets(recipe)}, {recipe.network}"
    return f"{recipe.preset}, seed {recipe.seed}, {recipe.network}"


def columns_of(recipe: Recipe, variations: int) -> int | None:
    """How many portraits stand side by side on a sheet: a target's seeds, or None for as many as suit it."""
    row = facets(recipe) * variations
    return row if variations > 1 and row <= MOST_COLUMNS else None
