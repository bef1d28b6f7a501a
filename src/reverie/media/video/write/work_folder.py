"""The folder of a film that is being written: what is safe, and what it is going to be."""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import re
import shutil
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from reverie.errors import BadInput, ResourceError, UsageError
from reverie.media.disk import replacing, settle, settle_folder
from reverie.media.local_file import (
    NotRegularError,
    OutsideError,
    TooLongError,
    open_regular,
    read_regular,
    reason,
)
from reverie.media.lock import Hold, hold
from reverie.media.names import LEFTOVER, behind, check_kind, longest
from reverie.media.video.write.formats import VideoEncoding, sequence_of
from reverie.media.video.write.serialise import pack, unpack

#: Version of the folder's own format.
FORMAT: Final = 1
#: What a folder of pictures may hold if it is to be replaced.
_SEQUENCE: Final = re.compile(r"[^/]*\d+[^/]*\.png|reverie\.json")
_LONGEST: Final = 10_000_000
_PART: Final = ".part"
#: The longest checkpoint that is read, in bytes: some pictures of 64 megapixels.
_LONGEST_STATE: Final = 1 << 32
Bytes = NDArray[np.uint8]
_OURS: Final = re.compile(
    r"\..*|(render\.json|checkpoint)(\.new)?|lock|partial\.mp4|frame-\d{8}\.npy|whole(\.[a-z0-9]+)?"
    r"|finished|replaced|piece-\d{8}-\d+\.(made|shots)"
)


@dataclass(frozen=True)
class Safe:
    """How far a film is, as of its last checkpoint.

    Attributes:
        frames: How many are safe.
        waiting: How many of them are in no segment yet.
        segments: How many are in the partial film.
        length: Of the partial film in bytes.
        recent: Where the frames begin that wait and those that the next segment needs before them, and where
            the last one ends, in ticks.
        complete: Whether these are all frames.
    """

    frames: int
    waiting: int
    segments: int
    length: int
    recent: tuple[int, ...]
    complete: bool = False


def target(out: str | os.PathLike[str], encoding: VideoEncoding) -> Path:
    """What is there when the film is finished: the file, or the folder of a sequence."""
    return sequence_of(out)[0] if encoding.container == "png" else Path(behind(out))


def check_target(path: Path, out: str, encoding: VideoEncoding, *, overwrite: bool) -> None:
    """UsageError if something is there that is not to be, or cannot be, replaced."""
    if not os.path.lexists(path):
        return
    if encoding.container != "png":
        check_kind(path)
    elif not path.is_dir() or path.is_symlink():
        raise UsageError(f"{out}: {path} is a file; give another name")
    else:
        names = [name for name in os.listdir(path) if not LEFTOVER.fullmatch(name)]
        others = [name for name in names if not _SEQUENCE.fullmatch(name)]
        if others:
            raise UsageError(f"{out}: {path} holds other things ({min(others)}); give a new or empty folder")
        if not names:
            return
    if not overwrite:
        raise UsageError(f"{out}: exists already; give another name or --overwrite")


def folder_of(path: Path) -> Path:
    """The work folder of a film that becomes this file or folder; of a very long name a part is left out."""
    name, most = os.fsencode(path.name), longest(path)
    if len(name) + len(_PART) > most:
        ending = f"~{hashlib.sha256(name).hexdigest()[:12]}"
        name = name[: most - len(_PART) - len(ending)]
        name = name.decode("utf-8", "ignore").encode() + ending.encode()
    return path.with_name(os.fsdecode(name) + _PART)


class WorkFolder:
    """A work folder, held by one process at a time.

    ``render.json`` says what is made, ``partial.mp4`` plays as far as it is safe, ``checkpoint`` is how to go
    on, ``frame-*.npy`` are frames that wait for their segment, ``piece-*`` what others dream or have dreamt
    before its turn comes, ``whole.*`` becomes the result. It is used by its absolute path, for a thread that
    writes must not care where the process goes meanwhile, and called by the name that it was given.
    """

    def __init__(self, path: Path, out: str) -> None:
        self.called = path
        self.path = Path(os.path.abspath(path))
        self.out = out
        self.note = self.path / "render.json"
        self.partial = self.path / "partial.mp4"
        self.checkpoint = self.path / "checkpoint"
        self._hold: Hold | None = None

    def _named(self, path: Path) -> Path:
        """A file of the folder as it is called in what is said."""
        return self.called / path.name

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """What the system refuses, as a ResourceError."""
        try:
            yield
        except OSError as error:
            kept = f"what is done is kept in {self.called}, the same command goes on with it"
            if not self.checkpoint.exists():
                kept = "make room, or choose another place"
            raise ResourceError(f"cannot write {self.out}: {error.strerror or error}; {kept}") from error

    def read(self) -> dict[str, Any] | None:
        """What is being made here, or None if nothing is.

        Raises:
            UsageError: The folder is something else.
            BadInput: It is damaged.
        """
        if not os.path.lexists(self.path):
            return None
        if not self.path.is_dir():
            raise UsageError(f"{self.called}: is in the way; move it, or give {self.out} another name")
        names = os.listdir(self.path)
        strange = [name for name in names if not _OURS.fullmatch(name)]
        if strange:
            raise UsageError(f"{self.called}: holds other things ({min(strange)}); move it away")
        for name in names:
            self._check_own(name)
        try:
            found = json.loads(read_regular(self.note, most=_LONGEST, within=self.path))
        except FileNotFoundError:
            return None
        except (NotRegularError, OutsideError, TooLongError) as error:
            raise BadInput(
                f"{self._named(self.note)}: {reason(error)}; --overwrite begins {self.out} again"
            ) from error
        except OSError as error:
            raise ResourceError(
                f"{self._named(self.note)}: cannot be read ({error.strerror or error})"
            ) from error
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict) or not isinstance(found.get("key"), dict):
            raise BadInput(f"{self._named(self.note)}: damaged; --overwrite begins {self.out} again")
        return found

    def _check_own(self, name: str) -> None:
        """BadInput for a link, a pipe or another thing that reverie does not put into such a folder."""
        mode = os.lstat(self.path / name).st_mode
        folder = name.startswith("whole") or name == "replaced"
        if not (stat.S_ISREG(mode) or (folder and stat.S_ISDIR(mode))):
            raise BadInput(
                f"{self._named(self.path / name)}: no regular file, so not of reverie; remove {self.called}"
            )

    def begin(self, note: Mapping[str, Any], head: bytes) -> None:
        """Make it new: nothing of an earlier film is left."""
        with self.writing():
            self.note.unlink(missing_ok=True)  # from here on there is no film
            for name in os.listdir(self.path):
                remove(self.path / name)
            with open(self.partial, "wb") as file:
                file.write(head)
                settle(file)
            self.write_whole(self.note, json.dumps(note, indent=1, sort_keys=True).encode() + b"\n")

    def load(self, head: bytes) -> tuple[Safe, dict[str, Any]] | None:
        """What is safe and the state to go on from; what came after it is cut off. None if nothing is safe.

        Raises:
            BadInput: The folder is damaged.
            ResourceError: It cannot be read or written.
        """
        found = self._checkpoint()
        length = found[0].length if found else len(head)
        with self.writing():
            begins = b""
            with contextlib.suppress(FileNotFoundError), open_regular(self.partial) as file:
                begins = file.read(len(head))
            if begins != head or self.partial.stat().st_size < length:
                raise BadInput(f"{self._named(self.partial)}: damaged; --overwrite begins {self.out} again")
            os.truncate(self.partial, length)
            self.keep_only(range(found[0].frames - found[0].waiting, found[0].frames) if found else ())
        return found

    def _checkpoint(self) -> tuple[Safe, dict[str, Any]] | None:
        try:
            data = read_regular(self.checkpoint, most=_LONGEST_STATE, within=self.path)
            middle = 8 + int.from_bytes(data[:8], "little")
            safe = unpack(data[8:middle])
            return _checked(Safe(**safe | {"recent": tuple(safe["recent"])})), unpack(data[middle:])
        except FileNotFoundError:
            return None
        except (NotRegularError, OutsideError, TooLongError) as error:
            raise BadInput(
                f"{self._named(self.checkpoint)}: {reason(error)}; --overwrite begins {self.out} again"
            ) from error
        except OSError as error:
            raise ResourceError(
                f"{self._named(self.checkpoint)}: cannot be read ({error.strerror or error})"
            ) from error
        except (BadInput, TypeError, KeyError) as error:
            raise BadInput(
                f"{self._named(self.checkpoint)}: {error}; --overwrite begins {self.out} again"
            ) from error

    def keep_only(self, waiting: Iterable[int]) -> None:
        """Remove frames other than these, and files that were not finished."""
        kept = {self.frame(index).name for index in waiting}
        for name in os.listdir(self.path):
            if name.endswith((".npy", ".new")) and name not in kept:
                (self.path / name).unlink()

    def append(self, data: bytes, length: int) -> int:
        """Put a segment behind what there is, on the disk; its new length in bytes."""
        with self.writing(), open(self.partial, "r+b", buffering=0) as file:
            try:
                file.seek(length)
                rest = memoryview(data)
                while rest:
                    rest = rest[file.write(rest) :]
                os.fsync(file.fileno())
            except OSError:
                with contextlib.suppress(OSError):  # gives back the room that half a segment takes
                    file.truncate(length)
                raise
        return length + len(data)

    def save(self, safe: Safe, state: bytes) -> None:
        """Write a checkpoint, all at once; ``state`` is packed."""
        first = pack(vars(safe))
        with self.writing():
            self.write_whole(self.checkpoint, len(first).to_bytes(8, "little") + first + state)

    def write_whole(self, path: Path, data: bytes) -> None:
        """A file in one move, after its bytes are on the disk."""
        with replacing(path, path.with_name(path.name + ".new")) as file:
            file.write(data)

    def frame(self, index: int) -> Path:
        """The file of a frame that waits for its segment."""
        return self.path / f"frame-{index:08d}.npy"

    def put_frame(self, index: int, rgb: Bytes) -> None:
        """Keep a frame that waits for its segment."""
        with self.writing(), open(self.frame(index), "wb") as file:
            np.save(file, rgb, allow_pickle=False)
            settle(file)

    def get_frame(self, index: int) -> Bytes:
        """A frame that was kept; BadInput if it is gone."""
        try:
            with open_regular(self.frame(index), within=self.path) as file:
                np.lib.format.read_magic(file)
                shape, _, dtype = np.lib.format.read_array_header_1_0(file)
                if dtype != np.uint8 or math.prod(shape) != os.fstat(file.fileno()).st_size - file.tell():
                    raise ValueError("not as long as it says")
                file.seek(0)
                found: Bytes = np.lib.format.read_array(file, allow_pickle=False)
                return found
        except (OSError, ValueError, EOFError) as error:
            raise BadInput(
                f"{self._named(self.frame(index))}: damaged; --overwrite begins {self.out} again"
            ) from error

    def lock(self) -> None:
        """Hold the folder, which is made if need be; ResourceError if another process holds it."""
        with self.writing():
            self._hold = hold(self.path.parent, [self.path.name], out=self.out)
            try:
                self.path.mkdir(exist_ok=True)
            except OSError:
                self.release()
                raise

    def release(self) -> None:
        """Let it go; the system does so too when a process ends."""
        if self._hold is not None:
            self._hold.release()
            self._hold = None

    def deliver(self, whole: Path, path: Path) -> None:
        """Give what is finished its final name."""
        (self.path / "finished").touch()
        if path.is_dir():
            os.replace(path, self.path / "replaced")
        os.replace(whole, path)
        settle_folder(path.parent)

    def forget_finished(self, path: Path) -> None:
        """Take away what a process left that was ended between delivering and tidying."""
        if not os.path.lexists(path) or not (self.path / "finished").exists():
            return
        if not any(name.startswith("whole") for name in os.listdir(self.path)):
            self.remove()

    def whole(self, path: Path) -> Path:
        """Where the result is made that gets this name; there is nothing yet."""
        (self.path / "finished").unlink(missing_ok=True)
        self.discard_whole()
        return self.path / f"whole{path.suffix.lower()}"

    def discard_whole(self) -> None:
        """Give back the room that half a result takes."""
        for name in os.listdir(self.path):
            if name.startswith("whole"):
                remove(self.path / name)

    def remove(self) -> None:
        """Take it away with everything in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        self.release()


def _checked(safe: Safe) -> Safe:
    """What a checkpoint says is safe; BadInput where that cannot be, whatever the rest of it says."""
    counts = (safe.frames, safe.waiting, safe.segments, safe.length)
    if not all(isinstance(count, int) and 0 <= count < 2**62 for count in counts):
        raise BadInput("damaged (a number out of its range)")
    if not safe.waiting <= min(safe.frames, len(safe.recent)):
        raise BadInput("damaged (more frames wait than there are)")
    return safe


def remove(path: Path) -> None:
    """A file, or a folder with everything in it; nothing if it is not there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
