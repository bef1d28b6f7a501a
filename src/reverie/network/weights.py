"""Weights in: the checks that a file passes before a network is made of it.

What it is, how long, its hash; then names, kinds and shapes of what is in it against those of the network,
from its table alone; then one tensor after the other as the network asks for it. So no more is ever held
than the network needs, whatever the file says, and nothing in the file is executed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, Final, Self

from reverie.errors import BadInput, NetworkError, UsageError
from reverie.media.local_file import NotRegularError, open_regular
from reverie.network.description import Description
from reverie.network.pickled import CodeError, NotTensorsError
from reverie.network.tensor_files import FLOATS, TensorNote, read_metadata, read_table, read_tensor, size_of

if TYPE_CHECKING:
    from torch import Tensor

#: A weights file may be longer than the weights by so many bytes, and times: what else a checkpoint holds.
ROOM: Final = 64_000_000
TIMES: Final = 16
#: A tensor may lie spread in its storage over so many times its own entries.
SPREAD: Final = 4
#: How many names an error lists.
LISTED: Final = 5


class NoWeightsFileError(BadInput, NetworkError):
    """A folder, a pipe or a device in the place of a weights file (exit code 3, as of any file)."""


def sha256_in(found: Description) -> str | None:
    """The SHA-256 that a description says its file must have, in small letters; None where it says none.

    Raises:
        UsageError: It is none.
    """
    digest = found.settings.get("sha256")
    if digest is None:
        return None
    if not re.fullmatch(r"[0-9a-fA-F]{64}", digest):
        raise UsageError(f'"{digest}" is not a SHA-256: it takes 64 hexadecimal digits')
    return digest.lower()


class WeightsFile(Mapping[str, "Tensor"]):
    """The tensors of an open file by name; each is read when it is asked for, and not kept.

    Attributes:
        name: The file's, for errors.
        sha256: Of all of it.
        notes: What tensors there are.
        metadata: What a safetensors file says beside them.
    """

    def __init__(self, file: BinaryIO, name: str, expected: str | None = None) -> None:
        """Hashes the file and reads its table.

        Args:
            file: Open for reading; closed with this.
            name: What to call it.
            expected: Its SHA-256 in hexadecimal, or None if any will do.

        Raises:
            NetworkError: Another hash, a pickle with code in it, or no file of tensors.
        """
        self._file = file
        self.name = name
        file.seek(0)
        self.sha256 = _digest(file)
        _check_digest(self.sha256, expected, name)
        self.notes = _table(file, name)
        self.metadata = read_metadata(file)

    def __getitem__(self, key: str) -> Tensor:
        note = self.notes[key]
        try:
            return read_tensor(self._file, note)
        except (NotTensorsError, OSError) as error:
            raise NetworkError(f'weights {self.name}: "{key}" cannot be read ({error})') from error

    def __iter__(self) -> Iterator[str]:
        return iter(self.notes)

    def __len__(self) -> int:
        return len(self.notes)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


def open_weights(path: Path, expected: str | None = None, *, parameters: int) -> WeightsFile:
    """A weights file, open, with its hash and its table.

    Args:
        path: Where it is.
        expected: Its SHA-256 in hexadecimal, or None if any will do.
        parameters: How many weights the network has; a file many times longer is refused unread.

    Raises:
        NoWeightsFileError: It is no regular file.
        NetworkError: It cannot be read, is too long, or as of ``WeightsFile``.
    """
    try:
        file = open_regular(path)
    except NotRegularError as error:
        said = f"cannot be read ({error.strerror}); give a .pth or .safetensors file"
        raise NoWeightsFileError(f"weights {path}: {said}") from error
    except (OSError, ValueError) as error:
        raise NetworkError(
            f"weights {path}: cannot be read ({getattr(error, 'strerror', None) or error})"
        ) from error
    try:
        size, most = size_of(file), ROOM + TIMES * 4 * parameters
        if size > most:
            raise NetworkError(
                f"weights {path.name}: {size} bytes are more than weights of this network take "
                f"({most} at most); give its state_dict alone"
            )
        return WeightsFile(file, path.name, expected)
    except BaseException:
        file.close()
        raise


def _digest(file: BinaryIO) -> str:
    return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]


def _check_digest(digest: str, expected: str | None, file: str) -> None:
    """NetworkError where another hash was expected."""
    if expected is not None and digest != expected:
        raise NetworkError(
            f"weights {file}: SHA-256 is {digest}, expected {expected}; nothing was loaded, "
            "get the file again"
        )


def _table(file: BinaryIO, name: str) -> dict[str, TensorNote]:
    """The table of a file, with what is wrong of it in a NetworkError."""
    try:
        return read_table(file, name)
    except CodeError as error:
        named = f" ({error})" if str(error) else ""
        raise NetworkError(
            f"weights {name}: is a pickle that runs code{named}; nothing was executed; "
            "use a state_dict or a .safetensors file"
        ) from error
    except NotTensorsError as error:
        raise NetworkError(f"weights {name}: {error}; use a state_dict or a .safetensors file") from error
    except OSError as error:
        raise NetworkError(f"weights {name}: cannot be read ({error.strerror or error})") from error


def check_state(
    notes: Mapping[str, TensorNote], shapes: Mapping[str, tuple[int, ...]], variant: str, file: str
) -> None:
    """Whether the tensors of a file are those of a variant: their names, shapes and kinds of number.

    Args:
        notes: What tensors the file has.
        shapes: What the network is made from.
        variant: Its name.
        file: The file's.

    Raises:
        NetworkError: They are not; says which are missing, strange, or of another kind.
    """
    missing = [key for key in shapes if key not in notes]
    strange = [key for key in notes if key not in shapes and not key.endswith(".num_batches_tracked")]
    said = []
    if missing:
        said.append(f"{_listed(missing)} {'is' if len(missing) == 1 else 'are'} missing")
    if strange:
        said.append(f"{_listed(strange)} {'is' if len(strange) == 1 else 'are'} not part of it")
    for key in shapes:
        if key in notes and (wrong := _wrong(notes[key], shapes[key])):
            said.append(f'"{key}" {wrong}')
            break
    if said:
        raise NetworkError(f"weights {file}: not for {variant}, {', and '.join(said)}")


def _wrong(note: TensorNote, shape: tuple[int, ...]) -> str:
    """Why a tensor is none of a network's weights; empty if it is."""
    if note.odd:
        return f"is {note.odd}, expected floating point {shape}"
    if note.shape != shape or note.dtype not in FLOATS:
        sides = note.shape if len(note.shape) <= 6 else "of many sides"
        return f"is torch.{note.dtype} {sides}, expected floating point {shape}"
    if note.spans > SPREAD * note.count:
        return "lies spread over a much larger storage; save it contiguous"
    return ""


def _listed(names: list[str]) -> str:
    """The first few names, and how many more there are."""
    first = ", ".join(f'"{name[:80]}"' for name in names[:LISTED])
    return first + (f" and {len(names) - LISTED} more" if len(names) > LISTED else "")
