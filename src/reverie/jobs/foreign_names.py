"""What a file may name: its content comes from anywhere, so it opens nothing but what lies beside it.

A recipe, a job's document and the note of a run name masks, guides, music, weights, and networks that are
code. The user named the file, and not these. So each file is a bare name, of a file in the folder of the
one that names it or in the current one, no link there leads out, and no code runs; ``--trust`` lifts that
for a file whose author the user knows.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from reverie.errors import UsageError
from reverie.jobs.provenance.note import film_files, film_renamed
from reverie.media.local_file import stays_in
from reverie.network.description import describe
from reverie.network.named import known_as
from reverie.recipe.recipe import Recipe


def check_beside(name: str, where: str, *, folder: str | os.PathLike[str] = ".") -> None:
    """Whether a file may name this one.

    Args:
        name: The name in it.
        where: What names it, for the error: a file, and perhaps a field.
        folder: Where the named file would lie.

    Raises:
        UsageError: It is a path, or a link that leads out of the folder.
    """
    if name in ("", ".", "..") or any(c in name for c in "/\\\0") or ":" in name[1:3]:
        raise UsageError(
            f'{where}: "{name}" is a path, and only files that lie beside it may be named; '
            "--trust allows it, if you know who wrote it"
        )
    if not stays_in(Path(folder) / name, folder):
        raise UsageError(
            f'{where}: "{name}" is a link that leads out of its folder; '
            "--trust allows it, if you know who wrote it"
        )


def check_no_code(network: str, where: str) -> None:
    """UsageError where a file, which ``where`` names, names a network that is code, or a name of such."""
    found = describe(known_as(network))
    if found.runs_code:
        raise UsageError(
            f'{where}: network "{found.title}" runs code, and nothing was run; '
            "--trust allows it, if you know who wrote it"
        )


def check_no_functions(recipe: Recipe, where: str) -> None:
    """UsageError where a recipe in a file, which ``where`` names, climbs a function of Python."""
    if why := not_repeatable(recipe):
        raise UsageError(f"{where}: {why}; run the program that made it")


def not_repeatable(recipe: Recipe, other: str | None = None) -> str:
    """Why a file with this recipe cannot be repeated, a function or ``other``; empty where it can."""
    code = recipe.code()
    why = f"its objective {code[0]} is Python code, which no file holds" if code else other
    return f"not repeatable from the file: {why}" if why else ""


def files_of(network: str) -> tuple[str, ...]:
    """The files that a network's name names: weights, code, a description, names of classes."""
    return describe(network).files


def names_read(recipe: Recipe) -> Iterator[str]:
    """Every file that a recipe reads: masks, guides, music, those of its network."""
    yield from recipe.files()
    yield from film_files(recipe)
    yield from files_of(recipe.network)


def beside(recipe: Recipe, path: str, *, trust: bool = False) -> Recipe:
    """The recipe of a file, with names as paths: beside the file if they are there, else as they are.

    Args:
        recipe: As it stands in the file.
        path: The file.
        trust: Whether it may name any path.

    Raises:
        UsageError: It names a file elsewhere, or code, and is not trusted.
    """
    if not trust:
        check_no_code(recipe.network, path)
    folder = Path(path).parent
    found: dict[str, str] = {}
    for name in names_read(recipe):
        there = os.path.lexists(folder / name)
        if not trust:
            check_beside(name, path, folder=folder if there else ".")
        if there:
            found[name] = os.fspath(folder / name)
    recipe = recipe.model_copy(update={"network": placed(recipe.network, found)})
    return film_renamed(recipe.renamed(found), found)


def placed(network: str, found: Mapping[str, str]) -> str:
    """A network's name with its files where they were found."""
    return str(describe(network).renamed(found)) if found else network
