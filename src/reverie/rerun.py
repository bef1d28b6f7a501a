"""The same picture again, from its own metadata."""

from __future__ import annotations

import os
import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from reverie import __version__
from reverie.errors import BadInput, NetworkError, ResourceError, ReverieWarning, UsageError
from reverie.picture import MAX_PIXELS
from reverie.provenance import Provenance, find, of_picture, sha256_of
from reverie.run import Asked, Each, Output, Result, Run, heard

if TYPE_CHECKING:
    from reverie.session import Session


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
    folders = [Path(result).parent, Path(".")]
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
    with heard() as said:
        _check_engine(note, result)
    run = Run(note.recipe, max_pixels=max_pixels, offline=offline, engine=note.engine, paths=paths)
    digest = _session(run, result).net.weights_sha256
    if digest != note.network.sha256:
        raise NetworkError(
            f"network {note.network.name}: its weights are not those of {result}: "
            f"SHA-256 is {digest}, expected {note.network.sha256}"
        )
    made = run.carry_out(photo, out, output, each=each, stop=stop, until=note.stopped)
    return replace(made, warnings=(*said, *made.warnings))


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
    from reverie.gradient.choose import NoEngineError

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

    from reverie.gradient.engine import pick_device

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
            warnings.warn(
                f"{result}: was made with {what} {theirs}, this is {mine}; the bytes may differ",
                ReverieWarning,
                stacklevel=2,
            )
