"""Who is making what in a folder: one kind of lock for all that is written, from a picture to a folder.

A process that makes something in a folder says so in a small hidden file there, which it holds locked and
takes away when it is done. The lock is the system's own, so it ends with the process, however that ends: a
file whose lock can be had is of a dead process, whatever its number is by now, and is removed.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import secrets
import shlex
import socket
import stat
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from reverie.errors import ResourceError
from reverie.media.names import LEFTOVER, fold
from reverie.plain_words import shown
from reverie.process.notices import warn

#: Stands for the whole folder among the names in it.
WHOLE: Final = "."
#: What is read of another's file at most, in bytes, and shown of its command, in characters.
_LONGEST, _SHOWN = 32_000_000, 100
#: Seconds that one process waits for the other while both look who is there.
_PATIENCE: Final = 2.0


@dataclass
class Hold:
    """Names of a folder that this process holds until ``release``; best used in a ``with``."""

    path: Path
    handle: int

    def release(self) -> None:
        """Let them go; nothing is left in the folder."""
        if self.handle < 0:
            return
        if os.name == "nt":  # where an open file cannot be removed
            os.close(self.handle)
        with contextlib.suppress(OSError):
            self.path.unlink()
        if os.name != "nt":
            os.close(self.handle)
        self.handle = -1

    def __enter__(self) -> Hold:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def hold(
    folder: str | os.PathLike[str], names: Iterable[str], *, out: str | None = None, shared: bool = False
) -> Hold:
    """Hold names in a folder, all of them or none.

    Args:
        folder: Where they are; it has to be there.
        names: Of files or folders in it, there or not; ``WHOLE`` stands for all that can be in it.
        out: What is made, for the error; the first of the names if missing.
        shared: Whether others that share them may hold them too.

    Raises:
        ResourceError: Another process holds one of them; it says which, since when and with what command.
        OSError: Nothing can be written in the folder.
    """
    where, names = Path(os.path.realpath(folder)), list(names)
    mine = _marks(names, where)
    document = {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "since": time.strftime("%Y-%m-%d %H:%M:%S"),
        "command": _command(),
        "shared": shared,
        "holds": sorted(mine),
    }
    with _alone(where):
        own = _made(where, json.dumps(document).encode())
        try:
            for other in _others(where, own.path):
                if _meet(mine, shared, other):
                    raise ResourceError(f"{out or names[0]}: {_words(other)}; wait for it, or choose another")
        except BaseException:
            own.release()
            raise
    return own


def _command() -> str:
    """What this process was begun with."""
    program, *words = getattr(sys, "argv", None) or ["python"]
    name = os.path.basename(program)
    return shlex.join(["reverie" if name.startswith(("reverie", "__main__")) else name or "python", *words])


def _marks(names: Iterable[str], folder: Path) -> set[str]:
    """Names as the file holds them: of one length, and one for all that are the same file."""
    folded = (name if name == WHOLE else fold(name, str(folder)) for name in names)
    return {n if n == WHOLE else hashlib.sha256(os.fsencode(n)).hexdigest()[:20] for n in folded}


def _meet(mine: set[str], shared: bool, other: dict[str, Any]) -> bool:
    """Whether the two cannot be there at once."""
    holds = other.get("holds")
    theirs = set(map(str, holds)) if isinstance(holds, list) else {WHOLE}
    if shared and other.get("shared") is True:
        return False
    return WHOLE in mine or WHOLE in theirs or not mine.isdisjoint(theirs)


def _words(other: dict[str, Any]) -> str:
    """Who holds it, in words."""

    def said(name: str, most: int = 40) -> str:
        return shown(str(other.get(name, "unknown")), most)

    if other.get("pid") == os.getpid() and other.get("host") == socket.gethostname():
        return f"is being made by this process since {said('since')}"
    host = "" if other.get("host") == socket.gethostname() else f" on the machine {said('host')}"
    who = f"process {said('pid')}{host} since {said('since')} ({said('command', _SHOWN)})"
    sure = "" if other.get("sure", True) else f"; if it is gone, remove {said('path', 500)}"
    return f"is being made by {who}{sure}"


def _made(folder: Path, data: bytes) -> Hold:
    """A file of ours, locked before it has its name, so that nobody takes it for a dead one's."""
    word = secrets.token_hex(8)
    part, path = folder / f".reverie-{word}.part", folder / f".reverie-{word}.lock"
    handle = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)
    try:
        if _locked(handle) is None:
            warn(f"{folder}: its file system has no locks; nothing else should write there meanwhile")
        os.write(handle, data)
        os.rename(part, path)
    except BaseException:
        os.close(handle)
        with contextlib.suppress(OSError):
            part.unlink()
        raise
    return Hold(path, handle)


def _others(folder: Path, own: Path) -> Iterator[dict[str, Any]]:
    """What other files say that are held; those of dead processes are removed."""
    for name in os.listdir(folder):
        path = folder / name
        if path == own or not LEFTOVER.fullmatch(name) or path.suffix != ".lock":
            continue
        handle = _opened(path)
        if handle is None:
            continue
        try:
            found = _said(handle)
            locked = _locked(handle)
            if locked is None and _lives(found):
                yield {**found, "sure": False, "path": str(path)}
            elif locked is False:
                yield found
            else:
                with contextlib.suppress(OSError):
                    path.unlink()
        finally:
            os.close(handle)


def _opened(path: Path) -> int | None:
    """Another's file, open; None if it was let go just now, is no file, or is not for us to see."""
    careful = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    for how in (os.O_RDWR, os.O_RDONLY):  # some file systems lock only what may be written
        try:
            handle = os.open(path, how | careful)
        except OSError:
            continue
        if stat.S_ISREG(os.fstat(handle).st_mode):
            return handle
        os.close(handle)
    return None


def _said(handle: int) -> dict[str, Any]:
    """What a file says; nothing if it is damaged."""
    try:
        with os.fdopen(os.dup(handle), "rb") as file:
            found = json.loads(file.read(_LONGEST))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _lives(found: dict[str, Any]) -> bool:
    """Whether who wrote this may live, where there are no locks to tell."""
    pid = found.get("pid")
    if found.get("host") != socket.gethostname():
        return True
    if not isinstance(pid, int) or pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True


def _locked(handle: int) -> bool | None:
    """Lock an open file for this process: False if another one has it, None if there are no locks here."""
    try:
        if os.name == "posix":
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:
            import msvcrt

            os.lseek(handle, 1 << 40, os.SEEK_SET)  # beyond what is read, which would be locked too
            try:
                msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
            finally:
                os.lseek(handle, 0, os.SEEK_SET)
    except OSError as error:
        held = error.errno in (errno.EAGAIN, errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK)
        return False if held else None
    return True


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """While nobody else looks who is in a folder: the folder itself is locked, where the system can.

    Where it cannot, two that begin in the same moment may both be refused; never do both go on.
    """
    handle = -1
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
    try:
        end = time.monotonic() + _PATIENCE
        while handle >= 0 and _locked(handle) is False and time.monotonic() < end:
            time.sleep(0.01)
        yield
    finally:
        if handle >= 0:
            os.close(handle)
