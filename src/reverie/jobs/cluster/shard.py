"""A part of a job on its way to another machine: its JSON document, and the files that it reads.

Nothing else travels: what a document names is a bare name or a SHA-256, and the bytes come beside it.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import OrderedDict
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from reverie.errors import BadInput, UsageError
from reverie.jobs.document import read_job
from reverie.jobs.foreign_names import check_no_code, check_no_functions, placed
from reverie.jobs.job import Job
from reverie.jobs.workspace import JobPart, Reference, Workspace
from reverie.media.local_file import open_regular, unreadable
from reverie.network.description import describe
from reverie.network.named import known_as
from reverie.recipe.recipe import Recipe

#: Files of which is remembered what they are.
REMEMBERED: Final = 256
#: Fields of a job that are photographs or other files of this part alone.
FILES: Final = ("photo", "photos", "frames", "state", "genomes")
#: Where a worker has the files of its shards: each in a folder that its hash names.
_PLACE: Final = re.compile(r"[^\s:\"']*/reverie-worker-[^/]+/(?:[^/\s]+/)?([0-9a-f]{64})/[^/:\"']+")


@dataclass(frozen=True)
class Content:
    """A file that travels.

    Attributes:
        name: Its bare name.
        sha256: Of its bytes.
        lasting: Whether other shards need it too: a network, a mask, a guide.
    """

    name: str
    sha256: str
    lasting: bool


@dataclass(frozen=True)
class Shard:
    """A part of a job as it travels.

    Attributes:
        document: The job.
        contents: The files that it reads.
        side: How large the pictures of its results are, see ``JobPart``.
        weights: SHA-256 of the network's weights, where whoever sends it has loaded them.
    """

    document: Mapping[str, Any]
    contents: tuple[Content, ...]
    side: int | None = 0
    weights: str | None = None

    def hashes(self, *, lasting: bool) -> tuple[str, ...]:
        """Of every file that other shards need too, or of those of this one alone, each once."""
        lasts = {content.sha256 for content in self.contents if content.lasting}
        every = dict.fromkeys(content.sha256 for content in self.contents)
        return tuple(digest for digest in every if (digest in lasts) == lasting)


@dataclass
class PackedShard:
    """A shard, the bytes of its files that nobody holds yet, and where its files are, both by SHA-256."""

    shard: Shard
    data: dict[str, bytes] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)

    def named(self, text: str) -> str:
        """What a worker says, with the names that files have here."""
        return _PLACE.sub(lambda found: self.paths.get(found[1], os.path.basename(found[0])), text)


class Packer:
    """Makes shards of jobs; a file that was read before is not read again while it is as it was."""

    def __init__(self) -> None:
        self._seen: OrderedDict[tuple[Any, ...], str] = OrderedDict()
        self._last: tuple[Recipe, dict[str, Any], list[str]] | None = None

    def pack(self, part: JobPart, workspace: Workspace, held: Container[str] = ()) -> PackedShard:
        """The shard of a part whose fields name files of this machine.

        Args:
            part: It.
            workspace: Finds the files that are named by hash or id.
            held: What is there already, by SHA-256.

        Raises:
            UsageError: Its network is code, which never travels.
            BadInput: A file that cannot be read.
        """
        contents: dict[str, Content] = {}
        packed = PackedShard(Shard({}, (), part.side))

        def sent(path: str, *, lasting: bool = True) -> Content:
            digest = self._digest(path, packed.data, held)
            packed.paths[digest] = path
            found = Content(os.path.basename(path), digest, lasting)
            return contents.setdefault(f"{digest} {found.name}", found)

        def own(reference: Reference) -> dict[str, str]:
            digest = reference.sha256
            if digest is not None and digest in part.data:
                found = Content(reference.name or digest, digest, False)
                contents.setdefault(f"{digest} {found.name}", found)
                packed.data[digest] = part.data[digest]
            else:
                found = sent(workspace.resolver.path(reference), lasting=False)
            return {"sha256": found.sha256, "name": found.name}

        job = part.job
        assert isinstance(job, Job)
        recipe, settings = getattr(job, "recipe", None), getattr(job, "settings", {})
        if isinstance(recipe, Recipe):
            document = job.model_dump(mode="json", exclude={"recipe"})
            document["recipe"] = self._recipe(recipe, sent)
        else:
            document = job.document()
        if not isinstance(recipe, Recipe) and "network" in settings:
            document["settings"] = {**settings, "network": _network(settings["network"], sent)}
        for name in FILES:
            value = getattr(job, name, None)
            if isinstance(value, Reference):
                document[name] = own(value)
            elif isinstance(value, tuple):
                document[name] = [own(one) for one in value]
        if "output" in document:
            suffix = Path(document["output"]["path"]).suffix
            document["output"] = {**document["output"], "overwrite": False, "path": f"made{suffix}"}
        name = recipe.network if isinstance(recipe, Recipe) else settings.get("network", "")
        loaded = workspace.networks.get(name) or workspace.networks.get(known_as(name) if name else "")
        weights = loaded.weights_sha256 if loaded is not None else None
        packed.shard = Shard(document, tuple(contents.values()), part.side, weights)
        return packed

    def _recipe(self, recipe: Recipe, sent: Callable[[str], Content]) -> dict[str, Any]:
        """A recipe as it travels; that of the part before is often the same one."""
        if self._last is not None and self._last[0] is recipe:
            for path in self._last[2]:
                sent(path)
            return self._last[1]
        check_no_functions(recipe, "job")
        paths: list[str] = []

        def noted(path: str) -> Content:
            paths.append(path)
            return sent(path)

        document = _renamed(recipe, noted).model_dump(mode="json")
        self._last = recipe, document, paths
        return document

    def _digest(self, path: str, data: dict[str, bytes], held: Container[str]) -> str:
        """The SHA-256 of a file, whose bytes come into ``data`` unless they are held; it is read once."""
        try:
            with open_regular(path) as file:
                now = os.fstat(file.fileno())
                key = (path, now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns)
                known = self._seen.get(key)
                if known is not None and known in held:
                    self._seen.move_to_end(key)
                    return known
                found = file.read()
        except (OSError, ValueError) as error:
            raise BadInput(f"{path}: {unreadable(error)}") from error
        digest = self._seen[key] = hashlib.sha256(found).hexdigest()
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        if digest not in held:
            data[digest] = found
        return digest


def _renamed(recipe: Recipe, sent: Callable[[str], Content]) -> Recipe:
    """With bare names in place of paths."""
    bare = {path: sent(path).name for path in dict.fromkeys(recipe.files())}
    network = _network(recipe.network, sent)
    return recipe.renamed(bare).model_copy(update={"network": network})


def _network(name: str, sent: Callable[[str], Content]) -> str:
    """A network's name with bare names of its files; UsageError where it is code."""
    known = known_as(name)
    network = describe(known)
    if network.runs_code:
        raise UsageError(f'network "{network.title}" runs code, which is not sent to other machines')
    return placed(known, {path: sent(path).name for path in network.files})


class Unpacked:
    """Finds the files of a shard by their hash.

    Attributes:
        paths: Where each is, by its SHA-256.
    """

    def __init__(self) -> None:
        self.paths: dict[str, str] = {}

    def path(self, reference: Reference) -> str:
        """Where a file is; BadInput if it did not come along."""
        if reference.sha256 not in self.paths:
            raise BadInput(f"{reference}: is none of the files that came with this part of a job")
        return self.paths[reference.sha256]


def unpack(
    shard: Shard, bytes_of: Callable[[str], bytes], kept: Path, own: Path
) -> tuple[Job[Any], Unpacked]:
    """The job of a shard, with paths of this machine.

    Args:
        shard: As ``Packer.pack`` made it.
        bytes_of: Gives the bytes of its files by SHA-256; not asked for what is there.
        kept: A folder for files that other shards will need too: of networks, masks and guides.
        own: An empty folder of this shard alone, for its other files, and for what it writes.

    Returns:
        The job, and what finds its files.

    Raises:
        UsageError: The document makes no sense, or names a network that is code.
    """
    document = dict(shard.document)
    files, places = Unpacked(), dict[str, str]()
    for content in shard.contents:
        folder = (kept if content.lasting else own) / content.sha256
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / content.name
        if not path.exists():
            part = path.with_name(f".{path.name}.{os.getpid()}.part")
            part.write_bytes(bytes_of(content.sha256))
            part.replace(path)
        files.paths[content.sha256] = os.fspath(path)
        if content.lasting:
            places[content.name] = os.fspath(path)
    if "output" in document:
        (own / "made").mkdir()
        path = own / "made" / document["output"]["path"]
        document["output"] = {**document["output"], "path": os.fspath(path)}
    job = read_job(document, "shard", trusted=True)
    recipe, settings = getattr(job, "recipe", None), getattr(job, "settings", {})
    if isinstance(recipe, Recipe):
        return job.model_copy(update={"recipe": _placed(recipe, places)}), files
    if "network" in settings:
        network = _network_at(settings["network"], places)
        job = job.model_copy(update={"settings": {**settings, "network": network}})
    return job, files


def _placed(recipe: Recipe, places: Mapping[str, str]) -> Recipe:
    """With paths of this machine in place of bare names."""
    recipe = recipe.renamed({name: places[name] for name in recipe.files()})
    return recipe.model_copy(update={"network": _network_at(recipe.network, places)})


def _network_at(name: str, places: Mapping[str, str]) -> str:
    check_no_code(name, "shard")
    return placed(name, {file: places[file] for file in describe(name).files})
