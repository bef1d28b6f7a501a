"""References: how a job names the files it reads, and who opens them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Protocol, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from reverie.errors import BadInput, UsageError
from reverie.jobs.provenance import Sha256, sha256_of
from reverie.media.local_file import lies_in


class Reference(BaseModel):
    """A file that a job reads: a path, the SHA-256 of its bytes, or an id of a store; just one of them.

    A string stands for a path. ``name`` is what the file is called in what is written of it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str | None = Field(None, min_length=1)
    sha256: Sha256 | None = None
    id: Annotated[str, Field(pattern=r"^[\w.-]{1,200}$")] | None = None
    name: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _of_a_path(cls, value: Any) -> Any:
        if isinstance(value, str | os.PathLike):
            return {"path": os.fspath(value)}
        if not isinstance(value, dict | Reference):
            raise ValueError(
                f"a path, or an object with path, sha256 or id is needed, got a {type(value).__name__}; "
                "what is only in memory has to be saved first"
            )
        return value

    @model_validator(mode="after")
    def _just_one(self) -> Self:
        if sum(given is not None for given in (self.path, self.sha256, self.id)) != 1:
            raise ValueError("one of path, sha256 and id is needed")
        return self

    def __str__(self) -> str:
        return self.path or self.name or self.id or f"sha256:{self.sha256}"


class Resolver(Protocol):
    """Finds the files that references name."""

    def path(self, reference: Reference) -> str:
        """Where the file is; BadInput if there is none."""


class LocalFiles:
    """References to files of this machine: paths as they are, hashes among the files of some folders."""

    def __init__(self, *folders: str | os.PathLike[str]) -> None:
        """Files are looked for by their hash in these folders, not deeper."""
        self.folders = tuple(map(Path, folders))

    def path(self, reference: Reference) -> str:
        """Where the file is.

        Raises:
            BadInput: No file of these folders has this hash.
            UsageError: It is an id, and there is no store here.
        """
        if reference.path is not None:
            return reference.path
        if reference.id is not None:
            raise UsageError(f"{reference.id}: an id of a store, and there is none here; give a path")
        for folder in self.folders:
            for file in sorted(folder.iterdir()) if folder.is_dir() else ():
                named = reference.name in (None, file.name)
                if named and lies_in(file, folder) and sha256_of(file) == reference.sha256:
                    return os.fspath(file)
        where = ", ".join(map(str, self.folders)) or "no folder was named to look in"
        raise BadInput(f"sha256 {reference.sha256}: no such file ({where})")
