"""How a result was made, in words that a page can ask with again."""

from __future__ import annotations

from typing import Any

from reverie.jobs.provenance import Provenance, film_files, film_renamed
from reverie.recipe.recipe import Recipe
from reverie.studio.asking import kind_of
from reverie.studio.studio import Studio


def recalled(studio: Studio, owner: str, note: Provenance, name: str) -> dict[str, Any]:
    """A result's recipe with ids of this visitor's files, where they are here still.

    Args:
        studio: Where the files may be.
        owner: The visitor.
        note: What stands in the result.
        name: The result's file name.
    """
    recipe, missing = _with_ids(studio, owner, note)
    photo = studio.given.same(note.source.sha256, owner, "photo", "film") if note.source else None
    if note.source is not None and photo is None:
        missing.append(note.source.name)
    mask = recipe.mask
    document = recipe.model_dump(mode="json")
    return {
        "kind": kind_of(note.recipe),
        "recipe": document,
        "photo": photo.id if photo else None,
        "mask": mask,
        "preset": recipe.preset,
        "network": note.network.name,
        "seed": recipe.seed,
        "command": studio.command(note, name),
        "steered": [one.model_dump(mode="json") for one in note.steered],
        "stopped": note.stopped.model_dump() if note.stopped else None,
        "missing": missing,
        "repeatable": True,
    }


def _with_ids(studio: Studio, owner: str, note: Provenance) -> tuple[Recipe, list[str]]:
    """The recipe with ids for names of files, and the names of files that are not here."""
    names, missing = {}, []
    wanted = {*note.recipe.files(), *film_files(note.recipe)}
    for file in note.files:
        one = studio.given.same(file.sha256, owner)
        if one is not None:
            names[file.name] = one.id
        elif file.name in wanted:
            missing.append(file.name)
    return film_renamed(note.recipe.renamed(names), names), missing
