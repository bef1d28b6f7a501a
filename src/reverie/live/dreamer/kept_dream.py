"""The state of a dream in a file: whole or not at all, and read as a stranger's."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

import torch

from reverie.errors import BadInput, ResourceError

#: What the file is, and of which version.
_KIND: Final = "reverie live dream 1"
#: Its folder in the show's, and its name.
WHERE: Final = Path("state") / "dreamer.state"
#: A file of more bytes than this is none of a show.
LONGEST: Final = 1_000_000_000


def keep(data: Path, state: dict[str, Any]) -> Path:
    """Write a state; the one before is there until this one is whole.

    Raises:
        ResourceError: It cannot be written, or is none to go on from.
    """
    if not state["picture"].isfinite().all():
        raise ResourceError("the show's picture is not finite; the state before it is kept")
    file = data / WHERE
    part = file.with_name(file.name + ".part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as stream:
            torch.save({"kind": _KIND, **state, "picture": state["picture"].half()}, stream)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(part, file)
    except (OSError, RuntimeError) as error:
        raise ResourceError(f"{file}: the show's state cannot be kept ({error}); free some disk") from error
    return file


def kept(data: Path, size: tuple[int, int]) -> dict[str, Any] | None:
    """The state that was kept last for pictures of a (width, height); None if there is none.

    Raises:
        BadInput: The file is none of a show, or of another size.
    """
    file = data / WHERE
    if not file.is_file():
        return None
    try:
        if file.stat().st_size > LONGEST:
            raise ValueError("too large")
        state: dict[str, Any] = torch.load(file, map_location="cpu", weights_only=True)
        if state["kind"] != _KIND or state["picture"].ndim != 4 or not state["picture"].isfinite().all():
            raise ValueError("of another kind")
    except Exception as error:  # whatever a damaged file makes torch raise
        raise BadInput(
            f"{file}: is no state of a show; it is left aside and the dream begins anew"
        ) from error
    if tuple(state["picture"].shape[2:]) != (size[1], size[0]):
        raise BadInput(f"{file}: is of another size; it is left aside and the dream begins anew")
    return state
