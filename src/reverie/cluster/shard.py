"""A part of a job on its way to another machine: its JSON document, and the files that it reads.

Nothing else travels: what a document names is a bare name or a SHA-256, and the bytes come beside it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reverie.errors import BadInput, UsageError
from reverie.jobs.document import read_job
from reverie.jobs.foreign_names import placed
from reverie.jobs.job import Job
from reverie.jobs.workspace import LocalFiles, Reference, Workspace
from reverie.media.local_file import open_regular, unreadable
from reverie.network.description import describe
from reverie.network.named import known_as
from reverie.recipe.recipe import Recipe


@dataclass(frozen=True)
class Content:
    """A file that travels: its bare name, and the SHA-256 of its bytes."""

    name: str
    sha256: str


@dataclass(frozen=True)
class Shard:
    """A job, and the files that it reads: its photograph, masks and guides, and those of its network."""

    document: Mapping[str, Any]
    contents: tuple[Content, ...]

    @property
    def hashes(self) -> tuple[str, ...]:
        """Of every file, each once."""
        return tuple(dict.fromkeys(content.sha256 for content in self.contents))


class Packer:
    """Makes shards of jobs, and keeps where the files are that they need.

    Attributes:
        paths: Where a file is, by the SHA-256 of its bytes.
    """

    def __init__(self) -> None:
        self.paths: dict[str, str] = {}
        self._known: dict[str, Content] = {}

    def pack(self, job: Job[Any], workspace: Workspace) -> Shard:
        """The shard of a job whose fields name files of this machine.

        Raises:
            UsageError: Its network is code, which never travels.
            BadInput: A file that cannot be read.
        """
        contents: dict[str, Content] = {}

        def sent(path: str) -> Content:
            found = self._content(path)
            contents[f"{found.sha256} {found.name}"] = found
            return found

        document = job.document()
        recipe = getattr(job, "recipe", None)
        if isinstance(recipe, Recipe):
            document["recipe"] = self._renamed(recipe, sent).model_dump(mode="json")
        photo = getattr(job, "photo", None)
        if isinstance(photo, Reference):
            found = sent(workspace.resolver.path(photo))
            document["photo"] = {"sha256": found.sha256, "name": found.name}
        document["output"] = {**document["output"], "overwrite": False}
        document["output"]["path"] = "picture" + Path(document["output"]["path"]).suffix
        return Shard(document, tuple(contents.values()))

    def _renamed(self, recipe: Recipe, sent: Any) -> Recipe:
        """With bare names in place of paths."""
        recipe = recipe.model_copy(update={"network": known_as(recipe.network)})
        network = describe(recipe.network)
        if network.runs_code:
            raise UsageError(f'network "{network.title}" runs code, which is not sent to other machines')
        bare = {path: sent(path).name for path in dict.fromkeys(recipe.files())}
        files = {path: sent(path).name for path in network.files}
        return recipe.renamed(bare).model_copy(update={"network": placed(recipe.network, files)})

    def _content(self, path: str) -> Content:
        if path not in self._known:
            try:
                with open_regular(path) as file:
                    digest = hashlib.file_digest(file, "sha256").hexdigest()
            except (OSError, ValueError) as error:
                raise BadInput(f"{path}: {unreadable(error)}") from error
            self._known[path] = Content(os.path.basename(path), digest)
            self.paths[digest] = path
        return self._known[path]

    def read(self, sha256: str) -> bytes:
        """The bytes of a file; BadInput where it has changed or gone meanwhile."""
        path = self.paths[sha256]
        try:
            with open_regular(path) as file:
                data = file.read()
        except (OSError, ValueError) as error:
            raise BadInput(f"{path}: {unreadable(error)}") from error
        if hashlib.sha256(data).hexdigest() != sha256:
            raise BadInput(f"{path}: has changed while it was worked on; begin again")
        return data


def unpack(shard: Shard, bytes_of: Mapping[str, bytes], kept: Path, own: Path) -> tuple[Job[Any], LocalFiles]:
    """The job of a shard, with paths of this machine.

    Args:
        shard: As ``Packer.pack`` made it.
        bytes_of: Of its files, by SHA-256.
        kept: A folder for files that other shards will need too: of networks, masks and guides.
        own: An empty folder of this shard alone, for its photograph, and for what it writes.

    Returns:
        The job, and what finds its photograph.
    """
    document = {
        key: dict(value) if isinstance(value, Mapping) else value for key, value in shard.document.items()
    }
    photo = document.get("photo")
    mine = photo["sha256"] if isinstance(photo, dict) else None
    places: dict[str, str] = {}
    for content in shard.contents:
        folder = own if content.sha256 == mine else kept / content.sha256
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / content.name
        if not path.exists():
            part = path.with_name(f".{path.name}.{os.getpid()}.part")
            part.write_bytes(bytes_of[content.sha256])
            part.replace(path)
        places[content.name] = os.fspath(path)
    (own / "made").mkdir()
    document["output"]["path"] = os.fspath(own / "made" / document["output"]["path"])
    job = read_job(document, "shard", trusted=True)
    recipe = getattr(job, "recipe", None)
    if isinstance(recipe, Recipe):
        network = placed(recipe.network, {name: places[name] for name in describe(recipe.network).files})
        recipe = recipe.renamed({name: places[name] for name in recipe.files()})
        job = job.model_copy(update={"recipe": recipe.model_copy(update={"network": network})})
    return job, LocalFiles(own)
