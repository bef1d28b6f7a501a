"""``reverie.render``: a dream to its end, in memory, and what made it, for the file that it is saved to."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from reverie._version import __version__
from reverie.jobs.provenance.note import (
    EngineNote,
    FileNote,
    NetworkNote,
    OutputNote,
    Provenance,
    bare_network,
    sha256_of,
)
from reverie.media.picture import Picture
from reverie.media.picture.picture import Made, fingerprint
from reverie.network.description import describe

if TYPE_CHECKING:
    from torch import Tensor

    from reverie.ascent.session import Session
    from reverie.network.network import Network
    from reverie.recipe.recipe import Recipe


def render(
    recipe: Recipe,
    picture: Picture | Tensor | None = None,
    *,
    session: Session | None = None,
    net: Network | None = None,
) -> Picture:
    """Dream to the end and return the finished picture; arguments and errors as of ``dream``.

    Saved as it is, it carries its recipe as the command's results do: ``reverie show`` tells it and
    ``reverie rerun`` makes it again. Where it cannot be made again from a file (a function in the objective,
    a network or a picture that a program made), the file says so and why.
    """
    from reverie.api.dreams import begin
    from reverie.ascent.loop import dream
    from reverie.ascent.session import session_of

    session = session_of(recipe, session, net)
    before = session.shrunk
    state = begin(recipe, picture, session)
    if not recipe.in_views:
        session.settle(recipe, state.plan(recipe))
    for _ in dream(recipe, session=session, state=state):
        pass
    finished = state.finished(recipe)
    why = _unrepeatable(picture, session, shrunk=session.shrunk != before)
    note = _note(recipe, finished, session, why)
    return replace(finished, made=Made(fingerprint(finished), partial(_document, note)))


def _unrepeatable(picture: Picture | Tensor | None, session: Session, *, shrunk: bool) -> str:
    """Why nobody can make it again from its file; empty if somebody can."""
    if not session.net.asked:
        return "its network was made by a program"
    if picture is not None and not _is_as_in_its_file(picture):
        return "it began with a picture that a program made or changed"
    return "memory ran out on the way" if shrunk else ""


def _is_as_in_its_file(picture: Picture | Tensor) -> bool:
    source = picture.source if isinstance(picture, Picture) else None
    return source is not None and isinstance(picture, Picture) and source.pixels == fingerprint(picture)


def _note(recipe: Recipe, finished: Picture, session: Session, why: str) -> Provenance:
    """All that is known of how it was made."""
    import torch

    asked, mine = session.net.asked, session.net.name[:80].replace(":", " ").replace("#", " ")
    name = bare_network(asked) if asked else mine
    bare = {name: os.path.basename(name) for name in recipe.files()}
    source = finished.source
    return Provenance(
        reverie=__version__,
        recipe=recipe.renamed(bare).model_copy(update={"network": name}),
        source=FileNote(name=source.name, sha256=source.sha256) if source else None,
        files=_files(recipe.files()),
        network=NetworkNote(
            name=name,
            sha256=session.net.weights_sha256,
            files=_files([path for path in describe(asked).files if os.path.exists(path)]) if asked else (),
        ),
        engine=EngineNote(**vars(session.record()), torch=torch.__version__),
        output=OutputNote(),
        unrepeatable=why or None,
    )


def _files(paths: Sequence[str]) -> tuple[FileNote, ...]:
    return tuple(FileNote(name=os.path.basename(path), sha256=sha256_of(path)) for path in paths)


def _document(note: Provenance, depth: int, quality: int | None) -> dict[str, Any]:
    """What is written into a file that is saved so."""
    output = OutputNote.model_validate({"depth": depth, "quality": quality})
    return note.model_copy(update={"output": output}).document()
