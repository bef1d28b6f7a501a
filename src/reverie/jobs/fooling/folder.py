"""The folder of an evolution: what is where in it, and whether it may be used."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from reverie._version import __version__
from reverie.errors import BadInput, ResourceError, UsageError
from reverie.jobs.fooling.settings import Settings
from reverie.jobs.output import check_writable
from reverie.jobs.provenance.note import NetworkNote
from reverie.media.local_file import read_regular, stays_in, unreadable
from reverie.media.names import LEFTOVER, check_name
from reverie.media.picture.write import write_whole
from reverie.recipe.recipe import complaints

#: Version of the folder's own format.
FORMAT: Final = 1
#: What is read of a file that says what a folder holds, at most, in bytes.
LONGEST = 100_000
#: The longest name of a file in it, in bytes.
LONGEST_NAME = 90


class Note(BaseModel):
    """What a folder says of its run, written before anything else."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    reverie: str = __version__
    holds: Literal["evolution"] = "evolution"
    format: Literal[1] = FORMAT
    settings: Settings
    network: NetworkNote
    precision: Annotated[str, Field(max_length=40)]  # of the search, as it was chosen
    surest: Annotated[int, Field(ge=1, le=100_000)] | None = None  # so many classes are reported; all if None

    def document(self) -> dict[str, Any]:
        """As it is written."""
        return self.model_dump(mode="json", exclude={"surest"} if self.surest is None else None)


class Folder:
    """Where everything is.

    ``run.json`` says what evolves, ``checkpoint.npz`` how far it is, ``sheet.png`` how it looks. At the end,
    and where a run of few classes is stopped, there are ``archive.json``, ``index.html`` and the files it
    names in ``pictures`` and ``genomes``.
    """

    RESULT = re.compile(r"\d{4}-[\w.+-]{1,80}\.(png|json)")
    PART = re.compile(rf"{LEFTOVER.pattern}|checkpoint\.npz\.part")

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.note = self.path / "run.json"
        self.checkpoint = self.path / "checkpoint.npz"
        self.sheet = self.path / "sheet.png"
        self.archive = self.path / "archive.json"
        self.page = self.path / "index.html"
        self.pictures = self.path / "pictures"
        self.genomes = self.path / "genomes"

    def __str__(self) -> str:
        return os.fspath(self.path)

    def check(self, *, resume: bool = False, overwrite: bool = False) -> Note | None:
        """Whether a run may be written here, and the one that is here already; nothing is changed.

        Raises:
            UsageError: It is a file, or holds something else, or a run although neither ``resume`` nor
                ``overwrite`` says what becomes of it, or none although ``resume`` does.
            BadInput: What it says of its run is damaged.
            ResourceError: It can be neither made nor read nor written in.
        """
        check_name(self.path)
        check_name(self.pictures / ("0" * LONGEST_NAME), str(self))
        if self.path.exists() and not self.path.is_dir():
            raise UsageError(f"{self}: is a file; give a folder after -o")
        if not self.path.exists():
            if resume:
                raise UsageError(f"{self}: no such folder, nothing to resume; leave --resume out")
            parent = self.path.parent
            if not parent.is_dir():
                raise ResourceError(f"cannot make folder {self}: no folder {parent}; create it first")
            check_writable(os.fspath(parent), str(self))
            return None
        try:
            names = [name for name in os.listdir(self.path) if not self.PART.fullmatch(name)]
        except OSError as error:
            raise ResourceError(f"cannot read folder {self}: {error.strerror or error}") from error
        for folder in (self.pictures, self.genomes):
            if not stays_in(folder, self.path):
                raise UsageError(f"{folder}: leads out of {self}; remove it, or give another folder")
        check_writable(os.fspath(self.path), str(self))
        if self.note.name not in names:
            if resume:
                raise UsageError(f"{self}: holds no evolution, nothing to resume; leave --resume out")
            if names:
                raise UsageError(f"{self}: holds other things ({min(names)}); give a new or empty folder")
            return None
        if not resume and not overwrite:
            raise UsageError(
                f"{self}: holds an evolution already; --resume goes on with it, --overwrite begins again"
            )
        return self.read() if resume else None

    def read(self) -> Note:
        """What the folder says of its run; BadInput if it is damaged."""
        try:
            return Note.model_validate(json.loads(read_regular(self.note, most=LONGEST, within=self.path)))
        except OSError as error:
            raise BadInput(f"{self.note}: {unreadable(error)}; begin in another folder") from error
        except ValidationError as error:
            said = f"damaged or of a newer version ({next(complaints(error))})"
            raise BadInput(f"{self.note}: {said}; begin in another folder") from error
        except (ValueError, RecursionError) as error:
            raise BadInput(f"{self.note}: not JSON ({str(error)[:80]}); begin in another folder") from error

    def begin(self, note: Note, *, resume: bool) -> None:
        """Make the folder and say in it what evolves; of an earlier run nothing is left unless it goes on."""
        try:
            self.path.mkdir(exist_ok=True)
            if not resume:
                self.checkpoint.unlink(missing_ok=True)
            write_json(self.note, note.document())
            for folder in (self.pictures, self.genomes):
                folder.mkdir(exist_ok=True)
            if not resume:
                for path in (self.archive, self.page, self.sheet):
                    path.unlink(missing_ok=True)
                self.keep_only(set())
            for folder in (self.path, self.pictures, self.genomes):
                for path in folder.iterdir():
                    if self.PART.fullmatch(path.name) and path.suffix == ".part":  # of one that was killed
                        path.unlink()
        except OSError as error:
            raise ResourceError(f"cannot write folder {self}: {error.strerror or error}") from error

    def keep_only(self, names: set[str]) -> None:
        """Remove results of earlier writing that are not among these file names."""
        for folder in (self.pictures, self.genomes):
            for path in folder.iterdir():
                if path.name not in names and self.RESULT.fullmatch(path.name):
                    path.unlink()


def in_lines(value: Any, width: int = 100) -> str:
    """JSON for people: what fits on a line is on one."""
    flat = json.dumps(value, ensure_ascii=False, allow_nan=False)
    if len(flat) <= width or not isinstance(value, dict | list) or not value:
        return flat
    if isinstance(value, dict):
        items = [f"{json.dumps(k)}: {in_lines(v, width - 1)}" for k, v in value.items()]
    else:
        items = [in_lines(v, width - 1) for v in value]
    inside = ",\n".join(items).replace("\n", "\n ")
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return f"{opening}\n {inside}\n{closing}"


def write_json(path: Path, document: Any) -> None:
    """A JSON file, whole or not at all; ResourceError if it cannot be written."""
    data = in_lines(document).encode("utf-8", "backslashreplace")  # as JSON writes what is no UTF-8
    write_whole(data + b"\n", path, overwrite=True)


def check_same(note: Note, given: Mapping[str, Any], folder: Folder) -> None:
    """UsageError if settings that were asked for are not those of the run that is taken up again."""
    settings = note.settings.model_dump()
    for name, value in given.items():
        if name != "generations" and settings[name] != value:
            raise UsageError(
                f"{name}: {folder} holds a run with {settings[name]}, not {value}; leave it out, or begin in "
                "another folder"
            )
