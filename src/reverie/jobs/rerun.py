"""The job of making a picture, a zoom or a film again, from its own metadata."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from reverie._version import __version__
from reverie.errors import BadInput, NetworkError, ResourceError, UsageError
from reverie.jobs.claims import Claim, Named, film_claims, reads_of
from reverie.jobs.faces import FaceNotice
from reverie.jobs.foreign_names import check_beside, check_no_code, files_of, not_repeatable, placed
from reverie.jobs.job import Estimate, ItemFinished, Job, Listener, Result
from reverie.jobs.open_recipe import OpenRecipe, Watch
from reverie.jobs.output import FilmOutput, Output, Written
from reverie.jobs.provenance.command_line import like_it
from reverie.jobs.provenance.note import FileNote, find, of_picture, sha256_of
from reverie.jobs.workspace import Reference, Workspace
from reverie.media.names import identity
from reverie.network.named import folders_with
from reverie.process.notices import warn
from reverie.recipe.recipe import Recipe, Side

if TYPE_CHECKING:
    from reverie.jobs.dreaming.dream import PictureResult
    from reverie.jobs.moving.film_frames import FrameSource
    from reverie.jobs.moving.job import MovingResult, MovingWork
    from reverie.media.video.write.formats import VideoEncoding

HINT = "give the source with --input"
_LOOKED = "beside the result, in the current folder or in networks.toml"


class RerunJob(Job[Result]):
    """A result made again: the same bytes, on the same machine and versions. Only its metadata is read.

    The source, masks and guides are looked for beside the result, then in the current folder; ``input``
    says where the source is otherwise. With ``size``, (width, height) or the longer side alone, a picture is
    made at that size: by the same recipe, seed and photograph, but at another size what grows is another. Its
    result is that of the job that made it. Raises beside what that does:

        BadInput: A file is missing or another one than it was.
        NetworkError: The weights are not the ones that dreamed.
        ResourceError: The device, the native library or its instruction set is not here.
    """

    kind: Literal["rerun"] = "rerun"
    result: Reference
    input: Reference | None = None
    size: tuple[Side, Side] | Side | None = None
    output: Written

    @property
    def label(self) -> str:
        return os.path.basename(str(self.result))

    def reads(self, workspace: Workspace) -> Iterable[Named]:
        """The result, unless its place is taken, and wherever its source and other files may be."""
        again = _Again(self, workspace)
        here = identity(self.output.path)
        for what, path in reads_of(self, workspace):
            if path != again.result or identity(path) != here:  # only its metadata are read
                yield what, path
        yield from again.named()

    def writes(self, workspace: Workspace) -> Iterable[Claim]:
        """The picture; or the film, and what it keeps beside it until it is done."""
        again = _Again(self, workspace)
        return [Claim(self.output.path)] if again.note.moving is None else film_claims(again.film_output())

    def estimate(self, workspace: Workspace | None = None) -> Estimate:
        from reverie.jobs.estimate import estimate_dreams, estimate_portraits
        from reverie.jobs.moving.job import estimate_frames

        again = _Again(self, workspace or Workspace())
        if again.note.moving is None:
            photo, opened = again.photo(), again.opened()
            alone = again.note.recipe.portrait is not None
            return estimate_portraits(opened) if alone else estimate_dreams(opened, [photo])
        encoding = again.film_output().check(writes=False)
        with again.frames(again.note.recipe, encoding) as source:
            return estimate_frames(again.work(source), lambda recipe: again.frames(recipe, encoding))

    def _work(self, listener: Listener, workspace: Workspace) -> Result:
        again = _Again(self, workspace)
        return again.picture(listener, self.label) if again.note.moving is None else again.film(listener)


class _Again:
    """A result, what is written in it, and where the files are that made it."""

    def __init__(self, job: RerunJob, workspace: Workspace) -> None:
        self.workspace, self.to = workspace, job.output
        self.result = workspace.resolver.path(job.result)
        self.note = of_picture(self.result)
        if why := not_repeatable(self.note.recipe, self.note.unrepeatable):
            like = f", or make one like it: {shlex.join(like_it(self.note.recipe, self.result))}"
            raise UsageError(
                f"{self.result}: {why}; run the program that made it{'' if self.note.recipe.code() else like}"
            )
        if not workspace.trust:
            check_no_code(self.note.recipe.network, self.result)
        self.source = workspace.path(job.input)
        self.folders = [Path(self.result).parent, Path(".")]
        self.size = self._check_size(job.size)
        self.alike = Path(self.to.path).suffix.lower() == Path(self.result).suffix.lower()
        if self.source is not None and self.note.source is None:
            raise UsageError(
                f"--input {self.source}: {self.result} was made without a photograph; leave it out"
            )

    def _check_size(self, size: tuple[int, int] | int | None) -> tuple[int, int] | None:
        """(width, height) where another size is asked for; UsageError where this cannot have one."""
        if size is None:
            return None
        if self.note.moving is not None:
            verb = "zoom" if self.note.recipe.zoom else "film"
            raise UsageError(
                f"size: is for pictures; give reverie {verb} --recipe {self.result} another --size"
            )
        if self.note.steered:
            raise UsageError(f"size: {self.result} was steered at its own size; leave it out")
        if not isinstance(size, int):
            return size
        picture = self.workspace.picture(Reference(path=self.result))
        assert picture is not None
        width, height = (max(32, round(side * size / max(picture.size))) for side in picture.size)
        return width, height

    @property
    def recipe(self) -> Recipe:
        """The recipe in it, at the size that is asked for."""
        recipe = self.note.recipe
        return recipe if self.size is None else recipe.but(size=self.size, max_size=None)

    def named(self) -> Iterator[Named]:
        """Where its source, its other files and its weights may be."""
        note = self.note
        names = [("the source", note.source.name)] if note.source else []
        names += [("a file of the recipe", file.name) for file in note.files]
        names += [("a file of the network", name) for name in files_of(note.network.name)]
        for what, name in names:
            yield from ((what, os.fspath(folder / name)) for folder in self.folders)

    def picture(self, listener: Listener, label: str) -> PictureResult:
        """Make the picture."""
        from reverie.jobs.dreaming.dream import make_dream

        note = self.note
        alike = note.output.model_dump() if self.alike else {}
        output = Output(path=self.to.path, overwrite=self.to.overwrite, **alike)
        output.check()
        photo, watch = self.photo(), Watch(listener, label, replay=note.steered)
        until = note.stopped if self.size is None else None
        made = make_dream(self.opened(), photo, output, watch, until=until)
        listener.on_event(ItemFinished(label, 1, 1, made.path, made))
        return made

    def film(self, listener: Listener) -> MovingResult:
        """Make the zoom or the film."""
        output = self.film_output()
        encoding = output.check()
        with self.frames(self.note.recipe, encoding) as source:
            return self.work(source).carry_out(output, encoding, listener, replay=self.note.steered)

    def film_output(self) -> FilmOutput:
        """How the same film is written; in another container as is usual there."""
        moving = self.note.moving
        assert moving is not None
        alike = {"codec": moving.codec, "quality": self.note.output.quality} if self.alike else {}
        written = {"path": self.to.path, "overwrite": self.to.overwrite}
        return FilmOutput(**written, allow_flashes=moving.allow_flashes, **alike)

    def photo(self) -> Reference | None:
        """The photograph that was dreamt on, if there was one."""
        source = self.note.source
        if source is None:
            return None
        if self.source is not None:
            self._check_source(self.source, sha256_of(self.source))
            return Reference(path=self.source)
        return Reference(path=self._found(source, HINT))

    def _found(self, note: FileNote, hint: str) -> str:
        """Where a file of the result is."""
        return os.fspath(find(note, self.folders, self.result, hint=hint, allowed=self._check_name))

    def _check_name(self, name: str, folder: Path) -> None:
        """UsageError where the result names a file that leads elsewhere, unless it is trusted."""
        if not self.workspace.trust:
            check_beside(name, self.result, folder=folder)

    def frames(self, recipe: Recipe, encoding: VideoEncoding) -> FrameSource:
        """What the frames came from, with its files open."""
        from reverie.jobs.moving.film import FilmSource
        from reverie.jobs.moving.zoom import ZoomSource

        note, path, limit = self.note, self.source, self.workspace.max_pixels
        if note.source is not None and path is None:
            folder = next((f for f in self.folders if os.path.lexists(f / note.source.name)), None)
            if folder is not None:
                self._check_name(note.source.name, folder)
                path = os.fspath(folder / note.source.name)
            else:
                where = f"not found beside {self.result} nor in the current folder; {HINT}"
                raise BadInput(f"{note.source.name}: {where}")
        source: FrameSource
        if recipe.zoom is not None:
            source = ZoomSource(recipe, path, encoding, max_pixels=limit)
        else:
            source = FilmSource(recipe, path or "", encoding, paths=self.paths, max_pixels=limit)
        try:
            if source.source is not None and path is not None:
                self._check_source(path, source.source.sha256)
        except BaseException:
            source.close()
            raise
        return source

    def _check_source(self, path: str, digest: str) -> None:
        """BadInput where a file is not what was dreamt on."""
        expected = self.note.source.sha256 if self.note.source else None
        if digest != expected:
            raise BadInput(
                f"{path}: not the source of {self.result}: SHA-256 is {digest}, expected {expected}; {HINT}"
            )

    def opened(self) -> OpenRecipe:
        """The recipe on what made the picture."""
        paths = self.paths
        engine = self.note.engine if self.size is None else None  # tiles and threads are of the old size
        if engine is not None:
            self._check_engine()
        opened = OpenRecipe(self.recipe, self.workspace, engine=engine, paths=paths)
        opened.faces = FaceNotice(wanted=False)  # whoever made it has seen it
        self._check_network(opened)
        return opened

    def work(self, source: FrameSource) -> MovingWork:
        """A source of frames on what made the film."""
        from reverie.jobs.moving.job import MovingWork

        self._check_engine()
        work = MovingWork(source, self.workspace, engine=self.note.engine, paths=self.paths)
        self._check_network(work.opened)
        return work

    @cached_property
    def paths(self) -> dict[str, str]:
        """Where masks, guides, music and the weights are, by the names in the recipe."""
        hint = "put it there"
        paths = {f.name: self._found(f, hint) for f in self.note.files}
        return paths | {self.note.recipe.network: self._placed()}

    def _placed(self) -> str:
        """The network's name with its files where they are."""
        network = self.note.recipe.network
        noted = {file.name: file for file in self.note.network.files}
        found = {file: self._of_network(file, noted.get(file)) for file in files_of(network)}
        return placed(network, found)

    def _of_network(self, name: str, note: FileNote | None) -> str:
        """Where a file of the network is: beside the result, here, or where ``networks.toml`` says.

        Args:
            name: The file's.
            note: What is known of it; None in a result of older versions.
        """
        mine = folders_with(name)
        folders = [*self.folders, *mine]

        def allowed(name: str, folder: Path) -> None:
            if folder not in mine:  # where the user's own networks are nothing is foreign
                self._check_name(name, folder)

        if note is None:
            folder = next((f for f in folders if os.path.lexists(f / name)), None)
            if folder is None:
                raise NetworkError(f"weights {name}: not found {_LOOKED}; put it there")
            allowed(name, folder)
            return os.fspath(folder / name)
        hint = f"put the file with the SHA-256 {note.sha256} there, or give it a name in networks.toml"
        try:
            return os.fspath(find(note, folders, self.result, hint=hint, allowed=allowed))
        except BadInput as error:
            raise NetworkError(f"weights {error}") from error

    def _check_network(self, opened: OpenRecipe) -> None:
        """NetworkError unless the weights are those that dreamed; ResourceError where their engine is not."""
        from reverie.engine.select import NoEngineError

        try:
            digest = opened.session.net.weights_sha256
        except NoEngineError as error:
            why = str(error).removesuffix("; use --engine auto")
            raise ResourceError(
                f"{self.result}: cannot be made in the same way here ({why}); rerun it where it was made, "
                f"or make one like it with reverie dream --recipe {self.result}"
            ) from error
        expected = self.note.network
        if digest != expected.sha256:
            raise NetworkError(
                f"network {expected.name}: its weights are not those of {self.result}: "
                f"SHA-256 is {digest}, expected {expected.sha256}"
            )

    def _check_engine(self) -> None:
        """Say what differs here; ResourceError where the device is missing."""
        import torch

        from reverie.engine.engine import pick_device

        note, result = self.note, self.result
        try:
            pick_device(note.engine.device)
        except UsageError as error:
            raise ResourceError(
                f"{result}: was made on {note.engine.device}, which is not here; rerun it there, "
                f"or make one like it with reverie dream --recipe {result}"
            ) from error
        here = (("reverie", __version__, note.reverie), ("torch", torch.__version__, note.engine.torch))
        for what, mine, theirs in here:
            if mine != theirs:
                words = f"{result}: was made with {what} {theirs}, this is {mine}; the bytes may differ"
                warn(words)


def again_beside(result: str, ending: str = "rerun") -> str:
    """Where a result goes that is made again: its name with an ending, beside it."""
    path = Path(result) if Path(result).name else Path(os.path.abspath(result))
    return f"{path.with_name(f'{path.stem}-{ending}{path.suffix}')}{os.sep if path.is_dir() else ''}"
