"""Checkpoints: a run in one file, either the old one or the new one whenever the machine stops."""

from __future__ import annotations

import math
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reverie.errors import BadInput, ResourceError
from reverie.evolve.genome import Encoding
from reverie.evolve.state import Evolution
from reverie.media.disk import replacing
from reverie.media.local_file import NotRegularError, OutsideError, open_regular, reason
from reverie.media.stored_zip import open_stored

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


def load_checkpoint(
    path: str | Path, *, within: str | Path | None = None, **others: Any
) -> tuple[Evolution, Encoding[Any]]:
    """The run and its encoding; ``others`` as in ``Evolution.load``.

    Args:
        path: The checkpoint.
        within: A folder that it has to lie in, links followed; None where the user named it.
        **others: As in ``Evolution.load``.

    Raises:
        BadInput: Missing, damaged, or no checkpoint.
    """
    try:
        with open_regular(path, within=within) as file, open_stored(file) as archive:
            arrays = {m.filename.removesuffix(".npy"): _array(archive, m) for m in archive.infolist()}
    except FileNotFoundError as error:
        raise BadInput(f"{path}: there is no such file") from error
    except (NotRegularError, OutsideError) as error:
        raise BadInput(f"{path}: {reason(error)}; put the checkpoint there") from error
    except (OSError, ValueError, TypeError, EOFError, KeyError, AttributeError) as error:
        raise BadInput(f"{path}: not a checkpoint, or damaged ({error})") from error
    except (zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
        raise BadInput(f"{path}: damaged ({error}); take an earlier copy, or begin again") from error
    try:
        return Evolution.load(arrays, **others)
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from error


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> NDArray[Any]:
    """An array of the archive; ValueError unless it is as long as its header says."""
    with archive.open(member) as file:
        version = np.lib.format.read_magic(file)
        readers = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }
        if version not in readers:
            raise ValueError(f"an array of version {version}")
        shape, _, dtype = readers[version](file)
        if dtype.hasobject or math.prod(shape) * dtype.itemsize != member.file_size - file.tell():
            raise ValueError(f"{member.filename} is not as long as it says")
    with archive.open(member) as file:
        found: NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
        return found
