"""Files whose bytes are on the disk before anybody relies on them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO


@contextlib.contextmanager
def replacing(path: Path, part: Path) -> Iterator[IO[bytes]]:
    """A file to write: ``part``, which takes the name ``path`` in one move after its bytes are on the disk.

    Raises:
        OSError: It cannot be written; what was there before is still there, and no part of the new.
    """
    try:
        part.unlink(missing_ok=True)  # a link of that name would have another file written
        with open(part, "xb") as file:
            yield file
            settle(file)
        os.replace(part, path)
        settle_folder(path.parent)
    except OSError:
        with contextlib.suppress(OSError):
            part.unlink()
        raise


def settle(file: IO[bytes]) -> None:
    """Have what was written into an open file on the disk."""
    file.flush()
    os.fsync(file.fileno())


def settle_folder(folder: Path) -> None:
    """Have a folder's own entries on the disk, where the system can."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
