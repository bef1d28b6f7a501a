"""The one way in which files are opened for reading: regular ones, within a folder where they have to be.

To open a pipe waits for its writer, to read a device may never end, and a name that stood in a foreign
file may lead anywhere. So what a name stands for is looked at before it is opened, opened without waiting,
and looked at again: whoever puts something else in its place in between gains nothing.

All of it is said as an ``OSError`` whose ``strerror`` is words for a person, so whoever opens a file for the
user turns it into the error of its own kind, as any other trouble of the file system.
"""

from __future__ import annotations

import os
import stat
import tomllib
from io import BufferedReader
from itertools import islice
from os import PathLike
from pathlib import Path
from typing import Any, Final

from reverie.errors import UsageError, nearest
from reverie.media.names import kind_of

#: Of a folder in which a file is missing, so many names are looked at.
MOST_LOOKED_AT: Final = 5000
#: Without waiting, without becoming anybody's terminal, and not handed on to children.
_FLAGS: Final = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


class NotRegularError(OSError):
    """A folder, a pipe, a socket or a device where a file is needed; ``strerror`` says which."""


class OutsideError(OSError):
    """A name that leads out of the folder that it has to stay in."""


class TooLongError(OSError):
    """A file longer than anything of its kind is; ``strerror`` states both lengths."""


def open_regular(path: str | PathLike[str], *, within: str | PathLike[str] | None = None) -> BufferedReader:
    """A regular file, open for reading its bytes.

    Args:
        path: The file.
        within: A folder that it has to lie in, links followed; None where the user named the file.

    Raises:
        NotRegularError: It is something else, which was not opened.
        OutsideError: It lies outside of ``within``, and was not opened.
        OSError: There is no such file, or it cannot be read.
        ValueError: A NUL in its name.
    """
    name = os.fspath(path)
    where = name if within is None else _inside(name, within)
    _check(os.stat(where))
    handle = os.open(where, _FLAGS | (0 if within is None else getattr(os, "O_NOFOLLOW", 0)))
    try:
        _check(os.fstat(handle))
        if within is not None and _inside(name, within) != where:
            raise OutsideError(0, "was put elsewhere while it was opened", name)
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def read_regular(path: str | PathLike[str], *, most: int, within: str | PathLike[str] | None = None) -> bytes:
    """All bytes of a regular file.

    Args:
        path: The file.
        most: How many bytes a file of its kind may have.
        within: As of ``open_regular``.

    Raises:
        TooLongError: It has more.
        OSError, ValueError: As of ``open_regular``.
    """
    with open_regular(path, within=within) as file:
        size = os.fstat(file.fileno()).st_size
        data = file.read(most + 1) if size <= most else b""
    if max(size, len(data)) > most:
        raise TooLongError(
            0, f"{max(size, len(data))} bytes are too long for what it should be; the limit is {most}"
        )
    return data


def lies_in(path: str | PathLike[str], folder: str | PathLike[str]) -> bool:
    """Whether a name, links followed, is a regular file of this folder or of one below it."""
    try:
        return stat.S_ISREG(os.stat(_inside(os.fspath(path), folder)).st_mode)
    except (OSError, ValueError):
        return False


def stays_in(path: str | PathLike[str], folder: str | PathLike[str]) -> bool:
    """Whether a name leads to nothing outside of this folder, links followed; it need not exist."""
    try:
        _inside(os.fspath(path), folder)
    except (OSError, ValueError):
        return False
    return True


def reason(error: OSError | ValueError) -> str:
    """Why a file cannot be opened or read, in words."""
    if isinstance(error, FileNotFoundError):
        return f"no such file{_nearby(error.filename)}"
    if isinstance(error, PermissionError):
        return "cannot be read (permission denied)"
    return unreadable(error)


def _nearby(name: object) -> str:
    """What lies where a file was looked for, in brackets: a name like its own, or not even the folder."""
    if not isinstance(name, str):
        return ""
    folder, base = os.path.split(name)
    if folder and not os.path.isdir(folder):
        return f" (there is no folder {folder})"
    try:
        with os.scandir(folder or ".") as entries:
            names = [
                entry.name for entry in islice(entries, MOST_LOOKED_AT) if not entry.name.startswith(".")
            ]
    except OSError:
        return ""
    same = [one for one in names if Path(one).stem.casefold() == Path(base).stem.casefold()]
    near = same[:1] or nearest(base, names, most=1)
    return f' (did you mean "{os.path.join(folder, near[0])}"?)' if near else ""


def unreadable(error: OSError | ValueError) -> str:
    """That a file cannot be read, and why, in the system's own words where it is a regular one."""
    if isinstance(error, NotRegularError | OutsideError | TooLongError):
        return str(error.strerror)
    text = error.strerror if isinstance(error, OSError) else str(error)
    return f"cannot be read ({text})"


def toml_of(text: str, name: str | PathLike[str]) -> dict[str, Any]:
    """What a text in TOML says; UsageError that names its file where it is none."""
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{name}: is no TOML: {str(error)[:160]}") from error


def _inside(name: str, folder: str | PathLike[str]) -> str:
    """Where a name leads, links followed; OutsideError where that is not below the folder."""
    where, root = Path(os.path.realpath(name)), Path(os.path.realpath(folder))
    if root not in where.parents:
        raise OutsideError(0, "leads out of its folder", name)
    return os.fspath(where)


def _check(found: os.stat_result) -> None:
    """NotRegularError unless this is a regular file."""
    if not stat.S_ISREG(found.st_mode):
        folder = stat.S_ISDIR(found.st_mode)
        kind = "is a folder" if folder else f"not a regular file but a {kind_of(found.st_mode)}"
        raise NotRegularError(0, kind)
