"""Where a picture or a film goes and how it is written, and what is asked before the work."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, model_validator

from reverie.errors import ResourceError, UsageError
from reverie.jobs.workspace import FilePath
from reverie.media.names import behind, check_name
from reverie.media.picture import check_save

if TYPE_CHECKING:
    from reverie.media.picture import Picture
    from reverie.media.video.write.formats import VideoEncoding


#: Bytes without which nothing can be written.
BLOCK = 4096


class Written(BaseModel):
    """Where a result goes; a string stands for its path."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: FilePath
    overwrite: bool = False

    @model_validator(mode="before")
    @classmethod
    def _of_a_path(cls, value: Any) -> Any:
        return {"path": os.fspath(value)} if isinstance(value, str | os.PathLike) else value


class Output(Written):
    """A picture, or a folder of pictures.

    ``depth`` in bits a channel, None keeps the photograph's where the format can; ``quality`` 1 to 100, of
    formats that lose something; ``metadata``: whether the recipe is written into it.
    """

    depth: int | None = None
    quality: int | None = None
    metadata: bool = True

    def at(self, path: str, **changes: Any) -> Output:
        """The same for another path."""
        return self.model_copy(update={"path": path, **changes})

    def check(self) -> None:
        """Whether a result can be written there, asked before the work; errors as ``check_save``."""
        check_save(self.path, depth=self.depth or 8, quality=self.quality, overwrite=self.overwrite)
        check_writable(os.path.dirname(behind(self.path)) or ".", self.path)

    def depth_for(self, picture: Picture) -> int:
        """Bits a channel for this result."""
        if self.depth is not None:
            return self.depth
        deep = Path(self.path).suffix.lower() in (".png", ".tif", ".tiff")
        return picture.depth if deep else 8


class FilmOutput(Written):
    """A film: a file, whose ending chooses the container, or a folder or a pattern of numbered pictures.

    ``codec`` and ``quality`` None take what suits the ending; ``metadata``: whether the recipe is written
    into it; ``allow_flashes`` leaves flashing light in.
    """

    codec: str | None = None
    quality: int | None = None
    metadata: bool = True
    allow_flashes: bool = False

    def check(self, *, writes: bool = True) -> VideoEncoding:
        """How the film is packed, asked before the work; ``writes``: and whether it can be there.

        Raises:
            UsageError: No such container, codec or quality, or something else is there.
            ResourceError: Nothing can be written there.
        """
        from reverie.media.video.write.formats import encoding_for
        from reverie.media.video.write.work_folder import check_target, target

        encoding = encoding_for(self.path, codec=self.codec, quality=self.quality)
        if writes:
            place = target(self.path, encoding)
            check_name(place, self.path)
            check_target(place, self.path, encoding, overwrite=self.overwrite)
            if not place.parent.is_dir():
                missing = f"there is no folder {place.parent}; create it first"
                raise ResourceError(f"cannot write {self.path}: {missing}")
            check_writable(os.fspath(place.parent), self.path)
        return encoding


def check_writable(folder: str, name: str) -> None:
    """Try to write a file in a folder, a block long; ResourceError if that cannot be, as on a full disk."""
    trial = os.path.join(folder, f".reverie-{secrets.token_hex(8)}.part")
    try:
        try:
            with open(trial, "xb") as file:
                file.write(bytes(BLOCK))
        finally:
            with suppress(FileNotFoundError):
                os.unlink(trial)
    except OSError as error:
        raise ResourceError(
            f"cannot write {name}: {error.strerror or error}; choose another place"
        ) from error


def make_folder(
    folder: str | os.PathLike[str], *, needed_by: str = "a result needs", parents: bool = True
) -> None:
    """A folder, with those above it where ``parents`` says so.

    Raises:
        UsageError: A file has its name; ``needed_by`` says what needs a folder.
        ResourceError: It cannot be made.
    """
    path = Path(folder)
    if path.exists() and not path.is_dir():
        raise UsageError(f"{path}: is a file; {needed_by} a folder after -o")
    try:
        path.mkdir(parents=parents, exist_ok=True)
    except FileNotFoundError:
        raise ResourceError(f"cannot make folder {path}: no folder {path.parent}; create it first") from None
    except OSError as error:
        raise ResourceError(f"cannot make folder {path}: {error.strerror or error}") from error


@contextmanager
def memory_errors() -> Iterator[None]:
    """Memory that ran out outside the network, as a ResourceError."""
    from reverie.engine.engine import is_out_of_memory

    try:
        yield
    except Exception as error:  # OpenCV's is of a class of its own
        if not is_out_of_memory(error):
            raise
        raise ResourceError("out of memory; use --max-size, or a machine with more") from error
