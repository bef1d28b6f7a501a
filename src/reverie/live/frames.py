"""Frames from the process that dreams to the one that encodes: a ring in memory that both share.

One writes and never waits; one reads, and gets the newest frame or none. The ring is a file in memory
(``/dev/shm``, or the folder for temporary files where there is none) that only this user may open. Its writer
holds it locked, so that a ring whose writer was killed is known as such, and removed by the next writer.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import re
import struct
import tempfile
import threading
import time
from dataclasses import dataclass
from enum import IntFlag
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from reverie.errors import ResourceError

#: What a ring begins with: a word of its own, width, height, slots; then how many frames were put.
_HEAD: Final = struct.Struct("<8sIII")
_MAGIC: Final = b"rvring\x00\x01"
_COUNT: Final = 24
#: What a slot begins with: twice the frames put by then (odd while it is written), number, flags, time.
_SLOT: Final = struct.Struct("<qqd")
_BEGIN: Final = 64
_PREFIX: Final = "reverie-frames-"
_PART: Final = ".part"
_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,80}")
#: Seconds for which a ring may be there that nobody has locked yet.
YOUNG: Final = 60.0
#: Times that a reader tries again because the writer came round to the slot that it was copying.
TRIES: Final = 64


class Shown(IntFlag):
    """How a frame came to be: dreamt anew, or the one before again."""

    PLAIN = 0
    DREAMT = 1
    REPEATED = 2


@dataclass(frozen=True)
class RingFrame:
    """One frame, as it was put.

    Attributes:
        number: Of the frame, counted by the writer.
        rgb: (H, W, 3) uint8, the reader's own copy.
        flags: How it came to be.
        due: When it was to be shown, in seconds of ``time.monotonic``.
    """

    number: int
    rgb: NDArray[np.uint8]
    flags: Shown
    due: float


class FrameRing:
    """The ring; made by ``create`` in the process that writes, and by ``open`` in the one that reads."""

    def __init__(self, path: Path, handle: int, *, writes: bool) -> None:
        self.path, self._handle, self._writes = path, handle, writes
        self._map = mmap.mmap(handle, 0, access=mmap.ACCESS_DEFAULT if writes else mmap.ACCESS_READ)
        magic, width, height, slots = _HEAD.unpack_from(self._map)
        if magic != _MAGIC or len(self._map) != _size((width, height), slots):
            self.close()
            raise ResourceError(f"frames: {path.name} is no ring of frames of this version")
        #: (width, height) of a frame in pixels.
        self.size: tuple[int, int] = (width, height)
        self.slots: int = slots
        self._words: memoryview | None = memoryview(self._map).cast("q")
        self._fence = threading.Lock()

    @classmethod
    def create(cls, name: str, size: tuple[int, int], slots: int = 8) -> FrameRing:
        """A new ring, in the place of any that had this name; rings of writers that are dead are removed.

        Args:
            name: Letters, digits, ``.``, ``_`` and ``-``, at most 80.
            size: (width, height) of every frame in pixels.
            slots: Frames that it holds.

        Raises:
            ResourceError: There is no memory for it.
            ValueError: A name, size or number of slots that cannot be.
        """
        if min(size) < 1 or slots < 2:
            raise ValueError(f"a ring of {slots} frames of {size}: two frames of one pixel are the least")
        path = _path(name)
        sweep()
        part = path.with_name(f"{path.name}.{os.getpid()}{_PART}")
        handle = os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            _lock(handle)
            os.ftruncate(handle, _size(size, slots))
            if hasattr(os, "posix_fallocate"):  # or it would fail where a frame is put
                os.posix_fallocate(handle, 0, _size(size, slots))
            os.pwrite(handle, _HEAD.pack(_MAGIC, *size, slots), 0)
            os.replace(part, path)
        except OSError as error:
            os.close(handle)
            part.unlink(missing_ok=True)
            raise ResourceError(f"frames: no room in {path.parent} ({error.strerror}); free some") from error
        return cls(path, handle, writes=True)

    @classmethod
    def open(cls, name: str) -> FrameRing:
        """The ring that another process made under this name, to read from.

        Raises:
            ResourceError: There is none.
        """
        path = _path(name)
        try:
            return cls(path, os.open(path, os.O_RDONLY), writes=False)
        except (OSError, ValueError, struct.error) as error:
            raise ResourceError(f"frames: there is no ring {name}") from error

    @property
    def count(self) -> int:
        """Frames that were put since it was made."""
        assert self._words is not None, "it is closed"
        return self._words[_COUNT // 8]

    def put(self, rgb: NDArray[np.uint8], number: int, flags: Shown = Shown.PLAIN, due: float = 0.0) -> None:
        """Put a frame in the place of the oldest; waits for nobody.

        Args:
            rgb: (H, W, 3) uint8.
            number: Grows from frame to frame.
            flags: How it came to be.
            due: When it is to be shown, in seconds of ``time.monotonic``.

        Raises:
            ValueError: Another size or number format.
        """
        if rgb.shape != (self.size[1], self.size[0], 3) or rgb.dtype != np.uint8:
            raise ValueError(f"a frame of {rgb.shape} {rgb.dtype} in a ring of {self.size} uint8")
        assert self._words is not None, "it is closed"
        count = self.count
        place = self._place(count)
        self._words[place // 8] = 2 * count + 1
        self._order()
        _SLOT.pack_into(self._map, place + 8, number, int(flags), due)
        self._pixels(place)[...] = rgb
        self._order()
        self._words[place // 8] = 2 * count + 2
        self._words[_COUNT // 8] = count + 1

    def newest(self, after: int = -1) -> RingFrame | None:
        """The newest frame whose number is over ``after``, whole; None if there is none."""
        assert self._words is not None, "it is closed"
        for _ in range(TRIES):
            count = self.count
            if count < 1:
                return None
            place = self._place(count - 1)
            if self._words[place // 8] != 2 * count:
                continue
            self._order()
            number, flags, due = _SLOT.unpack_from(self._map, place + 8)
            rgb = self._pixels(place).copy() if number > after else None
            self._order()
            if self._words[place // 8] == 2 * count:
                return None if rgb is None else RingFrame(number, rgb, Shown(flags), due)
        return None

    def number(self) -> int:
        """The number of the newest frame, or -1: what ``newest`` would give, without a copy."""
        assert self._words is not None, "it is closed"
        count = self.count
        return -1 if count < 1 else self._words[self._place(count - 1) // 8 + 1]

    @property
    def replaced(self) -> bool:
        """Whether this ring is gone, or another one has its name by now."""
        try:
            return not os.path.samestat(os.stat(self.path), os.fstat(self._handle))
        except OSError:
            return True

    def close(self) -> None:
        """Let go of the memory; whoever writes takes the ring away too."""
        if self._handle < 0:
            return
        if self._writes:
            self.unlink()
        if getattr(self, "_words", None) is not None:
            self._words.release()  # type: ignore[union-attr]
            self._words = None
        self._map.close()
        os.close(self._handle)
        self._handle = -1

    def unlink(self) -> None:
        """Take the name away, if it is still this ring's; who has the ring open keeps it."""
        if not self.replaced:
            self.path.unlink(missing_ok=True)

    def __enter__(self) -> FrameRing:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _place(self, count: int) -> int:
        """Where a slot begins, in bytes."""
        return _BEGIN + (count % self.slots) * _stride(self.size)

    def _pixels(self, place: int) -> NDArray[np.uint8]:
        width, height = self.size
        return np.ndarray((height, width, 3), np.uint8, self._map, place + _BEGIN)

    def _order(self) -> None:
        """Keep what is written, or read, before and after this in this order.

        Some processors (ARM) change it; a lock that is taken and let go twice holds them from it.
        """
        for _ in range(2):
            self._fence.acquire()
            self._fence.release()


def sweep() -> None:
    """Remove the rings of writers that are dead."""
    with contextlib.suppress(OSError):
        for path in _folder().glob(f"{_PREFIX}*"):
            with contextlib.suppress(OSError):
                handle = os.open(path, os.O_RDWR)
                try:
                    if path.suffix == _PART and time.time() - os.fstat(handle).st_mtime < YOUNG:
                        continue  # its writer is about to lock it
                    _lock(handle)
                    path.unlink(missing_ok=True)
                finally:
                    os.close(handle)


def remove(name: str) -> None:
    """Take the ring of this name away, whoever made it; nothing where there is none."""
    with contextlib.suppress(OSError):
        _path(name).unlink(missing_ok=True)


def _folder() -> Path:
    """Where rings are: in memory, where the system has a folder for that."""
    memory = Path("/dev/shm")
    return memory if os.access(memory, os.W_OK | os.X_OK) else Path(tempfile.gettempdir())


def _path(name: str) -> Path:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a ring")
    return _folder() / f"{_PREFIX}{name}"


def _stride(size: tuple[int, int]) -> int:
    """Bytes of one slot, a whole number of 64 of them."""
    return _BEGIN + -(-3 * size[0] * size[1] // 64) * 64


def _size(size: tuple[int, int], slots: int) -> int:
    return _BEGIN + slots * _stride(size)


def _lock(handle: int) -> None:
    """Lock a file for as long as it is open here; OSError where another process has it locked."""
    import fcntl  # of Linux and macOS, where shows run

    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
