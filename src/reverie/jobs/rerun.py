"""The same picture or film again, from its own metadata."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from reverie._version import __version__
from reverie.errors import BadInput, NetworkError, ResourceError, UsageError
from reverie.jobs.old_run import Asked, Each, Output, Result, Run
from reverie.jobs.provenance import Provenance, find, of_picture, sha256_of
from reverie.media.picture import MAX_PIXELS
from reverie.notices import collect_warnings, warn

if TYPE_CHECKING:
    from reverie.ascent.session import Session
    from reverie.jobs.moving import Moving, MovingOutput
    from reverie.jobs.moving_source import Work


def rerun(
    result: str,
    out: str,
    *,
    photo: str | None = None,
    overwrite: bool = False,
    max_pixels: int = MAX_PIXELS,
    offline: bool = False,
    each: Each | None = None,
    stop: Asked | None = None,
) -> Result:
    """Make a result again from its own metadata: the same bytes, on the same machine and versions.

    The source, masks and guides are looked for beside the result, then in the current folder.

    Raises:
        BadInput: A file is missing or another one than it was.
        UsageError: The recipe makes no sense.
        NetworkError: The weights are not the ones that dreamed.
        ResourceError: The device, the native library or its instruction set is not here.
    """
    note = of_picture(result)
    same = Path(out).suffix.lower() == Path(result).suffix.lower()
    depth = note.output.depth if same else None
    output = Output(depth, note.output.quality if same else None, overwrite=overwrite)
    output.check(out)
    folders = _folders(result)
    if note.source is not None:
        hint = "give the source with --input"
        if photo is None:
            photo = os.fspath(find(note.source, folders, result, hint=hint))
        elif (digest := sha256_of(photo)) != note.source.sha256:
            expected = note.source.sha256
            raise BadInput(
                f"{photo}: not the source of {result}: SHA-256 is {digest}, expected {expected}; {hint}"
            )
    elif photo is not None:
        raise UsageError(f"--input {photo}: {result} was made without a photograph; leave it out")
    hint = "put it there"
    paths = {f.name: os.fspath(find(f, folders, result, hint=hint)) for f in note.files}
    paths[note.recipe.network] = _weights(note, folders)
    with collect_warnings() as said:
        _check_engine(note, result)
    run = Run(note.recipe, max_pixels=max_pixels, offline=offline, engine=note.engine, paths=paths)
    _check_weights(note, run, result)
    made = run.carry_out(photo, out, output, each=each, stop=stop, until=note.stopped)
    return replace(made, warnings=(*said, *made.warnings))


def moving_again(
    result: str,
    out: str,
    *,
    source: str | None = None,
    overwrite: bool = False,
    max_pixels: int = MAX_PIXELS,
    offline: bool = False,
) -> tuple[Moving, MovingOutput]:
    """What makes a zoom or a film again from its own metadata, ready to be carried out into ``out``.

    The photograph or film, masks, guides and music are looked for beside the result, then in the current
    folder. What is ready holds them open: close its ``work`` in the end.

    Raises:
        BadInput, UsageError, NetworkError, ResourceError: As ``rerun``.
    """
    from reverie.jobs.moving import Moving, MovingOutput
    from reverie.jobs.moving_source import Film, Zoom

    note = of_picture(result)
    if note.moving is None:
        raise UsageError(f"{result}: does not move")
    same = Path(out).suffix.lower() == Path(result).suffix.lower()
    output = MovingOutput(
        note.moving.codec if same else None,
        note.output.quality if same else None,
        overwrite=overwrite,
        allow_flashes=note.moving.allow_flashes,
    )
    encoding = output.check(out)
    folders = _folders(result)
    if note.source is None and source is not None:
        raise UsageError(f"--input {source}: {result} was made without a photograph; leave it out")
    if note.source is not None and source is None:
        source = next(
            (os.fspath(f / note.source.name) for f in folders if (f / note.source.name).exists()), None
        )
        if source is None:
            where = f"not found beside {result} nor in the current folder; give the source with --input"
            raise BadInput(f"{note.source.name}: {where}")
    paths = {f.name: os.fspath(find(f, folders, result, hint="put it there")) for f in note.files}
    paths[note.recipe.network] = _weights(note, folders)
    work: Work
    if note.recipe.zoom is not None:
        work = Zoom(note.recipe, source, encoding, max_pixels=max_pixels)
    else:
        work = Film(note.recipe, source or "", encoding, paths=paths, max_pixels=max_pixels)
    try:
        if work.source and note.source and work.source.sha256 != note.source.sha256:
            raise BadInput(
                f"{source}: not the source of {result}: SHA-256 is {work.source.sha256}, expected "
                f"{note.source.sha256}; give the source with --input"
            )
        _check_engine(note, result)
        moving = Moving(work, max_pixels=max_pixels, offline=offline, engine=note.engine, paths=paths)
        _check_weights(note, moving.run, result)
    except BaseException:
        work.close()
        raise
    return moving, output


def _folders(result: str) -> list[Path]:
    """Where files are looked for."""
    return [Path(result).parent, Path(".")]


def _check_weights(note: Provenance, run: Run, result: str) -> None:
    """NetworkError unless the weights are those that dreamed."""
    digest = _session(run, result).net.weights_sha256
    if digest != note.network.sha256:
        raise NetworkError(
            f"network {note.network.name}: its weights are not those of {result}: "
            f"SHA-256 is {digest}, expected {note.network.sha256}"
        )


def _weights(note: Provenance, folders: list[Path]) -> str:
    """The network's name with the weights file where it is."""
    family, colon, file = note.recipe.network.partition(":")
    if not colon or family == "torchvision":
        return note.recipe.network
    for folder in folders:
        if (folder / file).is_file():
            return f"{family}:{folder / file}"
    raise NetworkError(f"weights {file}: not found beside the result nor in the current folder; put it there")


def _session(run: Run, result: str) -> Session:
    """The run's session; ResourceError where this machine has not got the engine that dreamed."""
    from reverie.engine.select import NoEngineError

    try:
        return run.session
    except NoEngineError as error:
        why = str(error).removesuffix("; use --engine auto")
        raise ResourceError(
            f"{result}: cannot be made in the same way here ({why}); rerun it where it was made, "
            f"or make one like it with reverie dream --recipe {result}"
        ) from error


def _check_engine(note: Provenance, result: str) -> None:
    """Say what differs here; ResourceError where the device is missing."""
    import torch

    from reverie.engine.engine import pick_device

    try:
        pick_device(note.engine.device)
    except UsageError as error:
        raise ResourceError(
            f"{result}: was made on {note.engine.device}, which is not here; rerun it there, "
            f"or make one like it with reverie dream --recipe {result}"
        ) from error
    here = (("reverie", __version__, note.reverie), ("torch", torch.__version__, note.engine.torch))
    for what, mine, theirs in here:
        if mine != theirs:
            warn(f"{result}: was made with {what} {theirs}, this is {mine}; the bytes may differ")
