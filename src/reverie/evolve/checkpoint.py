"""Checkpoints: a run in one file, either the old one or the new one whenever the machine stops."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from reverie.errors import BadInput, ResourceError
from reverie.evolve.genome import Encoding
from reverie.evolve.state import Evolution
from reverie.media.disk import replacing

#: A checkpoint that is being written is called so at its end.
PART = ".part"


def save_checkpoint(path: str | Path, state: Evolution, encoding: Encoding[Any]) -> None:
    """Write a run down; the file is replaced in one move, after its bytes are on the disk.

    Raises:
        ResourceError: It cannot be written; what was there before is still there.
    """
    path = Path(path)
    try:
        with replacing(path, path.with_name(path.name + PART)) as file:
            np.savez(file, allow_pickle=False, **state.state_dict(encoding))
    except OSError as error:
        raise ResourceError(
            f"cannot write {path}: {error.strerror or error}; make room, then go on with --resume"
        ) from error


def load_checkpoint(path: str | Path, **others: Any) -> tuple[Evolution, Encoding[Any]]:
    """The run and its encoding; ``others`` as in ``Evolution.load``.

    Raises:
        BadInput: Missing, damaged, or no checkpoint.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except FileNotFoundError as error:
        raise BadInput(f"{path}: there is no such file") from error
    except (OSError, ValueError, TypeError, EOFError, KeyError, AttributeError) as error:
        raise BadInput(f"{path}: not a checkpoint, or damaged ({error})") from error
    except (zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
        raise BadInput(f"{path}: damaged ({error}); take an earlier copy, or begin again") from error
    try:
        return Evolution.load(arrays, **others)
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from error
