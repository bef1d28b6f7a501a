"""Where jobs run: the networks that are loaded, what is allowed, and how files that jobs name are opened."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticKnownError

from reverie.errors import BadInput, ReverieError, UsageError
from reverie.jobs.provenance.note import Sha256, sha256_of
from reverie.media.local_file import lies_in
from reverie.media.picture import MAX_PIXELS, Picture, load_picture

if TYPE_CHECKING:
    from reverie.network.network import Network


T = TypeVar("T")


def _not_empty(path: str) -> str:
    if not path:
        raise PydanticKnownError("string_too_short", {"min_length": 1})
    return path


#: A path. Its bytes may be no UTF-8, which pydantic's own limits on length would not take.
FilePath = Annotated[str, AfterValidator(_not_empty)]


class Reference(BaseModel):
    """A file that a job reads: a path, the SHA-256 of its bytes, or an id of a store; just one of them.

    A string stands for a path. ``name`` is what the file is called in what is written of it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: FilePath | None = None
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


@dataclass(frozen=True, eq=False)
class JobPart:
    """A part of a job, which is a job by itself.

    Attributes:
        job: It.
        outs: A file for each of its results; none where the results are all that is wanted.
        key: What it is to whoever takes the results.
        data: Bytes of references in the job that are no files of this machine, by their SHA-256.
        side: Results have pictures with the longer side no longer than so many pixels; 0: none at all, None:
            as they were made.
    """

    job: BaseModel
    outs: tuple[str, ...] = ()
    key: Any = None
    data: Mapping[str, bytes] = field(default_factory=dict)
    side: int | None = 0


class Elsewhere(Protocol):
    """Other processes or machines that carry out the parts of jobs."""

    def carry_out(
        self, parts: Iterable[JobPart | None], workspace: Workspace, stop: Callable[[], bool]
    ) -> Iterator[tuple[JobPart, tuple[Any, ...] | ReverieError]]:
        """Carry parts out, in any order; a file has its name only when it is whole.

        Args:
            parts: Each is asked for when somebody is free to do it; None: none before a result was taken.
            workspace: What holds for them.
            stop: Asked now and then; on True no more come, and what was begun is dropped.

        Yields:
            A part, and the results of its items or the error that it ended with.
        """

    def slots(self) -> int:
        """How many parts are worked on at once."""


@dataclass
class Workspace:
    """What jobs share and do not decide themselves. One serves many jobs, one after the other.

    Attributes:
        max_pixels: The most pixels a picture may have.
        offline: Never download weights.
        trust: Whether what a file names (a result that is made again, the note of a run that goes on) may
            lie anywhere, and not only beside it, and files that run code while they are read are read.
        resolver: Finds the files that references name.
        given: Files that were read to know what the job is, as a recipe's: what each is, and its path. No
            job writes over them.
        networks: Networks by name, loaded when first asked for; one's own may be put in under any name.
        elsewhere: Who carries out the parts of jobs that make many pictures; None: this process.
        between: Called between two steps of a film that is tried for an estimate; what it raises ends that.
    """

    max_pixels: int = MAX_PIXELS
    offline: bool = False
    trust: bool = False
    resolver: Resolver = field(default_factory=LocalFiles)
    given: tuple[tuple[str, str], ...] = ()
    networks: dict[str, Network] = field(default_factory=dict)
    elsewhere: Elsewhere | None = None
    between: Callable[[], object] = lambda: None
    _warm: tuple[Hashable, Any] | None = None

    def network(self, name: str) -> Network:
        """A network, loaded once; errors as of ``load_net``."""
        if name not in self.networks:
            from reverie.network.zoo import load_net

            self.networks[name] = load_net(name, offline=self.offline, trust=self.trust)
        return self.networks[name]

    def warm(self, key: Hashable, make: Callable[[], T]) -> T:
        """What an earlier job made under this key and left at work, or what is made now; one is kept."""
        if self._warm is None or self._warm[0] != key:
            self._warm = None  # before there are two of them
            self._warm = key, make()
        found: T = self._warm[1]
        return found

    def keep_only(self, network: str) -> None:
        """Let go of every other network, and of what is at work with one."""
        others = [name for name in self.networks if name != network]
        for name in others:
            del self.networks[name]
        if others:
            self._warm = None

    def path(self, reference: Reference | None) -> str | None:
        """Where a file is; errors as of the resolver."""
        return None if reference is None else self.resolver.path(reference)

    def picture(self, reference: Reference | None) -> Picture | None:
        """A picture, read; errors as of ``load_picture``."""
        path = self.path(reference)
        return None if path is None else load_picture(path, max_pixels=self.max_pixels)
