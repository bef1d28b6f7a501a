"""What a job reads and what it writes: nothing that is read is written over, and nobody else writes there.

Every job says both (``Job.reads``, ``Job.writes``), and ``Job.run`` asks here before anything is done.
Names are compared by what they stand for: links of both kinds, capitals, ``./x``, absolute or not.
"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from pydantic import BaseModel

from reverie.errors import ResourceError, ReverieError, UsageError
from reverie.jobs.foreign_names import files_of, names_read
from reverie.jobs.output import FilmOutput, Written, make_folder
from reverie.jobs.workspace import Reference
from reverie.media.lock import WHOLE, Hold, hold
from reverie.media.names import Identity, above, check_name, identity
from reverie.media.picture.folder import PICTURES
from reverie.network.named import known_as
from reverie.objective import parse
from reverie.recipe.recipe import Recipe

if TYPE_CHECKING:
    from reverie.jobs.workspace import Workspace

#: A field of a job that names a file, and what its file is called.
CALLED: Final = {
    "photo": "the photograph",
    "photos": "a photograph",
    "video": "the film",
    "result": "the result it is made from",
    "input": "the source",
    "genome": "the genome",
    "recipe": "a file of the recipe",
    "network": "a file of the network",
    "targets": "a file of the objective",
    "folder": "the pictures",
    "held_out": "the pictures that are held out",
}

#: What a file is to a job, in words, and its path.
Named: TypeAlias = tuple[str, str]


@dataclass(frozen=True)
class Claim:
    """What a job writes.

    Attributes:
        path: Where it is.
        what: What it is called, with its article.
        kind: A ``file``; a ``folder`` that is all the job's own; a folder ``into`` which others may write
            too, under other names, and which is made if it is not there; what a film keeps while it is made
            (``state``), which has a lock of its own.
        parents: Whether folders above it are made too.
        needed: Whether the work is for nothing where it cannot be written.
    """

    path: str
    what: str = "the output"
    kind: Literal["file", "folder", "into", "state"] = "file"
    parents: bool = False
    needed: bool = True


def files_in(job: BaseModel) -> Iterator[tuple[str, Reference | str]]:
    """Every file that a job's fields name to be read, with the field."""
    for field in type(job).model_fields:
        value = getattr(job, field)
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, Reference):
                yield field, one
    recipe = getattr(job, "recipe", None)
    if isinstance(recipe, Recipe):
        yield from (("recipe", name) for name in names_read(recipe))
    else:
        yield from (
            ("network", name) for _, network in networks_in(job) for name in files_of(known_as(network))
        )
    for text in getattr(job, "targets", ()):
        with suppress(UsageError):  # of a name that is no objective
            yield from (("targets", name) for name in parse(text).files())


def networks_in(job: BaseModel) -> Iterator[tuple[str, str]]:
    """Every network that a job's fields name, with the field."""
    recipe, settings = getattr(job, "recipe", None), getattr(job, "settings", {})
    if isinstance(recipe, Recipe):
        yield "recipe", recipe.network
    if "network" in settings:
        yield "settings", str(settings["network"])


def names_in(job: BaseModel) -> Iterator[tuple[str, str]]:
    """Every path that a job's fields name, read or written, with the field."""
    for field in type(job).model_fields:
        if isinstance(value := getattr(job, field), Written):
            yield field, value.path.rstrip("/")
    for field, one in files_in(job):
        if isinstance(one, str):
            yield field, one
        elif one.path is not None:
            yield field, one.path


def reads_of(job: BaseModel, workspace: Workspace) -> Iterator[Named]:
    """The files that a job's fields name, as ``Job.reads`` tells them; one that is not there is none."""
    for field, one in files_in(job):
        what = CALLED.get(field, f"the {field}")
        if isinstance(one, str):
            yield what, one
            continue
        with suppress(ReverieError):  # what cannot be found is said when it is opened
            yield what, workspace.resolver.path(one)


def film_claims(output: FilmOutput) -> list[Claim]:
    """What a film writes: itself, and what it keeps beside it until it is done; errors as of ``check``."""
    from reverie.media.video.write.work_folder import folder_of, target

    encoding = output.check(writes=False)
    place = target(output.path, encoding)
    kind: Literal["folder", "file"] = "folder" if encoding.container == "png" else "file"
    return [
        Claim(os.fspath(place), kind=kind),
        Claim(os.fspath(folder_of(place)), "the unfinished film", "state"),
    ]


@contextmanager
def claimed(reads: Iterable[Named], claims: Iterable[Claim]) -> Iterator[None]:
    """What is claimed is this process's own in here, and nothing of what is read.

    Raises:
        UsageError: It would write over what is read, or twice over the same, or a name cannot be.
        ResourceError: Another process is making one of them, or nothing can be written there.
    """
    claims = list(claims)
    check_apart(reads, claims)
    for claim in claims:
        if claim.kind != "file":  # of files a job asks itself, and of a batch's one by one
            check_name(claim.path)
    with ExitStack() as stack:
        made = _Made()
        try:
            _hold_all(claims, stack, made)
            yield
        except BaseException:
            stack.close()
            made.remove()
            raise


# -- nothing over what is read ----------------------------------------------------------------------------


def check_apart(reads: Iterable[Named], claims: Iterable[Claim]) -> None:
    """UsageError where a claim is one of the files that are read, or holds one, or is another claim too."""
    claims = list(claims)
    seen: dict[Identity, Claim] = {}
    folders: dict[Identity, Claim] = {}
    for claim in claims:
        mine = identity(claim.path)
        if mine in seen:
            raise UsageError(
                f"{claim.path}: is {seen[mine].what} too, and would be written twice; "
                f"give {claim.what} another name"
            )
        seen[mine] = claim
        if claim.kind in ("folder", "state"):
            folders[mine] = claim
    for claim in claims:
        _check_outside(claim.what, claim.path, claim, folders)
    for what, path in _each_file(reads):
        mine = identity(path)
        taken = seen.get(mine)
        if taken is not None and taken.kind != "into":
            there = "exists already and " if os.path.lexists(taken.path) else ""
            raise UsageError(
                f"{taken.path}: {there}is the input too ({what}), which is only read, with or "
                f"without --overwrite; give {taken.what} another name"
            )
        _check_outside(what, path, None, folders)


def _check_outside(what: str, path: str, own: Claim | None, folders: dict[Identity, Claim]) -> None:
    """UsageError where a file lies in a folder that is written whole."""
    if not folders:
        return
    for up in above(path):
        inside = folders.get(up)
        if inside is not None and inside is not own:
            raise UsageError(
                f"{inside.path}: is the input too, or holds it ({what} {path}), and is written anew; "
                f"give {inside.what} another name"
            )


def _each_file(reads: Iterable[Named]) -> Iterator[Named]:
    """Files for what is read: of a folder or a pattern the pictures that it stands for too."""
    for what, path in reads:
        yield what, path
        if os.path.isdir(path):
            with suppress(OSError), os.scandir(path) as found:
                inside = [e.path for e in found if PICTURES.fullmatch(os.path.splitext(e.name)[1])]
                yield from ((what, one) for one in inside)
        elif re.search(r"%\d*d|\*", os.path.basename(path)) and not os.path.exists(path):
            folder, last = os.path.split(path)
            pattern = re.sub(r"%\d*d", "*", last)
            yield from ((what, one) for one in glob.glob(os.path.join(glob.escape(folder), pattern)))


# -- nobody else at it ------------------------------------------------------------------------------------


class _Made:
    """Folders that were made for locks, to be taken away again where nothing came of it."""

    def __init__(self) -> None:
        self.paths: list[Path] = []

    def folder(self, path: Path, out: str) -> None:
        """Make a folder and those above it, for what is called ``out``; errors as of ``make_folder``."""
        missing = [one for one in (path, *path.parents) if not os.path.lexists(one)]
        if path.exists() and not path.is_dir():
            raise UsageError(f"{out}: is a file; several photographs need a folder after -o")
        make_folder(path)
        self.paths += missing

    def remove(self) -> None:
        """Take away those that are empty."""
        for path in self.paths:
            with suppress(OSError):
                path.rmdir()


def _hold_all(claims: Iterable[Claim], stack: ExitStack, made: _Made) -> None:
    """Hold every claim until the stack is closed: each folder's names together, all or none."""
    files: dict[str, list[Claim]] = {}
    for claim in claims:
        where = Path(os.path.realpath(claim.path))
        if claim.kind == "file":
            files.setdefault(str(where.parent), []).append(claim)
            continue
        if claim.kind == "state" or not (claim.parents or where.parent.is_dir()):
            continue  # a job says what is missing
        if claim.kind == "folder":
            stack.enter_context(_whole(where, claim.path, made))
        else:
            made.folder(where, claim.path)
            with suppress(OSError):  # who may not write beside it is alone in it with its names
                stack.enter_context(hold(where.parent, [where.name], out=claim.path, shared=True))
    for folder, all_of in sorted(files.items()):  # in one order, or two could hold half of it each
        if not os.path.isdir(folder):
            continue
        names = [os.path.basename(os.path.realpath(one.path)) for one in all_of]
        needed = any(claim.needed for claim in all_of)
        with _writing(all_of[0].path) if needed else suppress(OSError):
            stack.enter_context(hold(folder, names, out=all_of[0].path))


def _whole(where: Path, out: str, made: _Made) -> Hold:
    """Hold a folder: by its name beside it, or from inside where nothing may be written beside it."""
    made.folder(where.parent, out)
    try:
        return hold(where.parent, [where.name], out=out)
    except OSError:
        with _writing(out):
            made.folder(where, out)
            return hold(where, [WHOLE], out=out)


@contextmanager
def _writing(out: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ResourceError(f"cannot write {out}: {error.strerror or error}; choose another place") from error
