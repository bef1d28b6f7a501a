"""How a result was made, in words that a page can ask with again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reverie.jobs.provenance.command_line import command_line
from reverie.jobs.provenance.note import Provenance, film_files, film_renamed
from reverie.recipe.places import PLACES
from reverie.recipe.recipe import Recipe, read
from reverie.studio.asking import kind_of
from reverie.studio.store.jobs import JobRow
from reverie.studio.studio import Studio


def recalled(studio: Studio, owner: str, note: Provenance, name: str) -> dict[str, Any]:
    """A result's recipe with ids of this visitor's files, where they are here still.

    Of a dream that was steered it is the last one: what it had come to when it ended.

    Args:
        studio: Where the files may be.
        owner: The visitor.
        note: What stands in the result.
        name: The result's file name.
    """
    recipe, missing = _with_ids(studio, owner, _as_it_ended(note))
    photo = studio.given.same(note.source.sha256, owner, "photo", "film") if note.source else None
    if note.source is not None and photo is None:
        missing.append(note.source.name)
    mask = None if recipe.mask in PLACES else recipe.mask
    document = recipe.model_dump(mode="json")
    return {
        "kind": kind_of(note.recipe),
        "recipe": document,
        "photo": photo.id if photo else None,
        "mask": mask,
        "preset": recipe.preset,
        "network": note.network.name,
        "seed": recipe.seed,
        "command": command_line(note, name),
        "files": list(_files(studio, owner, note)),
        "steered": [one.model_dump(mode="json") for one in note.steered],
        "stopped": note.stopped.model_dump() if note.stopped else None,
        "missing": missing,
        "repeatable": True,
    }


def _as_it_ended(note: Provenance) -> Provenance:
    """The note with the recipe that was at work last."""
    if not note.steered:
        return note
    return note.model_copy(update={"recipe": note.recipe.but(**note.steered[-1].changes)})


def of_stopped(job: JobRow) -> dict[str, Any]:
    """How a zoom or a film was made that was stopped: as it was asked for and steered: its file is silent."""
    recipe = read(job.document["recipe"], "the recipe").but(**job.course)
    recipe = film_renamed(recipe.renamed(job.files), job.files)
    return {
        "kind": job.kind,
        "recipe": recipe.model_dump(mode="json"),
        "photo": job.photo,
        "mask": recipe.mask,
        "preset": recipe.preset,
        "network": recipe.network,
        "seed": recipe.seed,
        "command": None,
        "files": [],
        "steered": job.steered,
        "stopped": job.stopped,
        "missing": [],
        "repeatable": False,
        "why_not": f"it was stopped at {job.stopped}, and its file holds no recipe; ask for all of it again",
    }


def _files(studio: Studio, owner: str, note: Provenance) -> Iterator[dict[str, str]]:
    """The files that the command line names and that are here: what each is called, is, and its id."""
    for file in (*([note.source] if note.source else []), *note.files):
        one = studio.given.same(file.sha256, owner)
        if one is not None:
            what = "guide" if one.kind == "photo" and file is not note.source else one.kind
            yield {"name": file.name, "what": what, "id": one.id}


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
