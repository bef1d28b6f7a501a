"""Names of files: whether the system can have one, which names are one file, and what stands there."""

from __future__ import annotations

import errno
import os
import re
import stat
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from os import PathLike
from typing import Final, TypeAlias

from reverie.errors import ResourceError, UsageError
from reverie.plain_words import cut

#: What a process leaves that was killed while it wrote or held something; nobody's but ours.
LEFTOVER: Final = re.compile(r"\.reverie-[0-9a-f]{16}\.(part|lock)")
#: What no file of that name can be because of; anything else is the place's fault and not the name's.
_IMPOSSIBLE: Final = (errno.ENAMETOOLONG, errno.ELOOP, errno.EILSEQ, errno.EINVAL)
#: How much of a name is shown that is too long, in characters.
_SHOWN: Final = 60

#: The same for all names of a file that is there, and for those under which it would come to be.
Identity: TypeAlias = tuple[str | int, ...]


def check_name(path: str | PathLike[str], shown: str | None = None) -> None:
    """Whether the system can have a file of this name, asked before there is one.

    Args:
        path: The name.
        shown: What it is called if it cannot be; the name itself if missing.

    Raises:
        UsageError: It is too long, holds a zero byte, or leads around in a circle.
        ResourceError: The system does not let us look.
    """
    name = os.fspath(path)
    called = shown or cut(name, _SHOWN)
    try:
        os.lstat(name)
    except (FileNotFoundError, NotADirectoryError):
        return
    except ValueError as error:
        raise UsageError(f"{called!r}: no name of a file ({error}); give another name") from error
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            length = max(len(os.fsencode(part)) for part in name.split(os.sep))
            whole = length <= longest(name)
            said = "the path is too long" if whole else f"a name of {length} bytes is too long here"
            raise UsageError(f"{called}: {said}; give a shorter one") from error
        if error.errno in _IMPOSSIBLE:
            raise UsageError(f"{called}: {error.strerror}; give another name") from error
        raise ResourceError(f"cannot write {called}: {error.strerror or error}") from error


def check_kind(path: str | PathLike[str]) -> None:
    """UsageError where a file is to be written and something else stands: a folder, a device, a pipe.

    A link stands for what it leads to.
    """
    name = os.fspath(path)
    try:
        mode = os.stat(name).st_mode
    except (OSError, ValueError):
        return
    if stat.S_ISDIR(mode):
        raise UsageError(f"{name}: is a folder; give the name of a file")
    if not stat.S_ISREG(mode):
        raise UsageError(f"{name}: is a {kind_of(mode)} and no file; give the name of a file")


def kind_of(mode: int) -> str:
    """What stands where no regular file and no folder does, in words; ``mode`` is ``os.stat``'s."""
    kinds = ((stat.S_ISFIFO, "pipe (FIFO)"), (stat.S_ISSOCK, "socket"))
    return next((kind for asked, kind in kinds if asked(mode)), "device")


def behind(path: str | PathLike[str]) -> str:
    """Where a file is written: of a link what it leads to, so that the link stays one; else the name."""
    name = os.fspath(path)
    return os.path.realpath(name) if os.path.islink(name) else name


def identity(path: str | PathLike[str]) -> Identity:
    """The same for every name of one file or folder: links of both kinds, case, ``./x``, absolute or not.

    Of what is there these are its device and number; of what is not, those of the nearest folder that is, and
    the rest of the path.
    """
    try:
        name = os.path.realpath(path)
    except (OSError, ValueError):  # the folder we are in has gone, or a zero byte
        return (os.fspath(path),)
    rest: list[str] = []
    while True:
        try:
            found = os.stat(name)
            break
        except (OSError, ValueError):
            name, last = os.path.split(name)
            if not last:
                return (os.fspath(path),)
            rest.append(last)
    folded = [fold(part, name) for part in reversed(rest)]
    return (found.st_dev, found.st_ino, *folded)


def above(path: str | PathLike[str]) -> Iterator[Identity]:
    """The identities of all folders that a file or folder lies in, the nearest first."""
    try:
        name = os.path.realpath(path)
    except (OSError, ValueError):
        return
    while (up := os.path.dirname(name)) != name:
        yield identity(name := up)


def fold(name: str, folder: str) -> str:
    """A name in a folder as all names of the same file there have it."""
    return unicodedata.normalize("NFC", name).casefold() if _folds(folder) else name


@lru_cache(maxsize=256)
def _folds(folder: str) -> bool:
    """Whether the file system of a folder tells capitals from small letters not: asked of its own path."""
    while folder:
        up, last = os.path.split(folder)
        if last and last != last.swapcase():
            try:
                return os.path.samefile(folder, os.path.join(up, last.swapcase()))
            except (OSError, ValueError):
                return False
        if up == folder:
            break
        folder = up
    return os.name == "nt"


def longest(path: str | PathLike[str]) -> int:
    """The most bytes that a name beside this one may have."""
    try:
        return os.pathconf(os.path.dirname(os.fspath(path)) or ".", "PC_NAME_MAX")
    except (OSError, ValueError, AttributeError):
        return 255
