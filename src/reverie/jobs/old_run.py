"""A run: a recipe carried out into files, with the recipe inside them."""

from __future__ import annotations

import os
import secrets
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reverie._version import __version__
from reverie.errors import BadInput, ResourceError, ReverieWarning, UsageError
from reverie.jobs.provenance import (
    EngineNote,
    FileNote,
    NetworkNote,
    OutputNote,
    Provenance,
    bare_network,
    of_picture,
    sha256_of,
)
from reverie.media.picture import MAX_PIXELS, Picture, check_save, load_picture, save_picture
from reverie.recipe.recipe import Recipe
from reverie.recipe.stop import Stop

if TYPE_CHECKING:
    from reverie.ascent.loop import Frame
    from reverie.ascent.session import Session
    from reverie.deepdream.state import State
    from reverie.network.network import Net
    from reverie.portrait.state import PortraitState

Each = Callable[["Frame"], None]
Asked = Callable[[], bool]
Opens = Callable[[], Picture | None]


@dataclass(frozen=True)
class Output:
    """How results are written; ``depth`` None keeps the photograph's where the format can."""

    depth: int | None = None
    quality: int | None = None
    metadata: bool = True
    overwrite: bool = False

    def check(self, path: str) -> None:
        """Whether a result can be written there, asked before the work; errors as ``check_save``."""
        check_save(path, depth=self.depth or 8, quality=self.quality, overwrite=self.overwrite)
        check_writable(os.path.dirname(path) or ".", path)

    def depth_for(self, path: str, picture: Picture) -> int:
        """Bits a channel for this result."""
        if self.depth is not None:
            return self.depth
        deep = Path(path).suffix.lower() in (".png", ".tif", ".tiff")
        return picture.depth if deep else 8


def check_writable(folder: str, name: str) -> None:
    """Try to make a file in a folder; ResourceError if that cannot be."""
    trial = os.path.join(folder, f".reverie-{secrets.token_hex(8)}.part")
    try:
        with open(trial, "xb"):
            pass
        os.unlink(trial)
    except OSError as error:
        raise ResourceError(
            f"cannot write {name}: {error.strerror or error}; choose another place"
        ) from error


@dataclass(frozen=True)
class Result:
    """What came of one picture. ``score`` is the last step's, ``moved`` RMS from the source, 0..1."""

    path: str
    size: tuple[int, int]
    score: float
    moved: float
    seconds: float
    recipe: Recipe
    warnings: tuple[str, ...] = ()
    stopped: Stop | None = None
    picture: Picture | None = field(default=None, repr=False, compare=False)

    def as_json(self) -> dict[str, Any]:
        """A JSON object."""
        document: dict[str, Any] = {
            "path": self.path,
            "size": list(self.size),
            "score": self.score,
            "moved": self.moved,
            "seconds": round(self.seconds, 3),
            "recipe": self.recipe.model_dump(mode="json"),
            "warnings": list(self.warnings),
        }
        if self.stopped is not None:
            document["stopped"] = self.stopped.model_dump()
        return document


class Run:
    """A recipe at work on files. The network, masks and guides are opened once for all photographs.

    File names in the recipe are paths; what is written into results are bare names and hashes.
    """

    def __init__(
        self,
        recipe: Recipe,
        *,
        max_pixels: int = MAX_PIXELS,
        offline: bool = False,
        engine: EngineNote | None = None,
        paths: Mapping[str, str] | None = None,
        more: Sequence[Recipe] = (),
        net: Net | None = None,
    ) -> None:
        """A run of a recipe.

        Args:
            recipe: Its file names are paths, unless ``paths`` tells where they are.
            more: Further recipes for the same network, ``recipes`` beside the first.
            net: The network, if it is loaded already.
            max_pixels: The most pixels a picture may have.
            offline: Never download weights.
            engine: Run exactly so (engine, device, number format, tiles), whatever the recipe leaves open.
            paths: Where files of the recipe and a network's weights file are, by the name in the recipe.

        Raises:
            UsageError: Two files of one name.
            BadInput: A mask or guide that cannot be read.
        """
        self.max_pixels = max_pixels
        self._offline = offline
        self._engine = engine
        self._net = net
        where = dict(paths or {})
        self._network = where.get(recipe.network, recipe.network)
        self._files: dict[str, Picture] = {}
        bare: dict[str, str] = {}
        opened: dict[str, str] = {}
        for name in dict.fromkeys(name for r in (recipe, *more) for name in r.files()):
            path, short = where.get(name, name), os.path.basename(name)
            if opened.setdefault(short, path) != path:
                raise UsageError(f"{path}: another file of the recipe is named {short} too; rename one")
            bare[name] = short
            self._files[short] = load_picture(path, max_pixels=max_pixels)
        network = {"network": bare_network(recipe.network)}
        self.recipes = tuple(r.renamed(bare).model_copy(update=network) for r in (recipe, *more))
        self.recipe = self.recipes[0]
        if recipe.size and recipe.size[0] * recipe.size[1] > max_pixels:
            given = f"{recipe.size[0]} x {recipe.size[1]}"
            raise UsageError(
                f"size: {given} is over the limit of {max_pixels} pixels; --max-pixels raises it"
            )

    @cached_property
    def session(self) -> Session:
        """The network at work; loaded when first asked for."""
        from reverie.ascent.session import Session
        from reverie.network.zoo import load_net

        recipe, note = self.recipe, self._engine
        exactly: dict[str, Any] = {}
        if note is not None:
            names = ["engine", "device", "precision", "threads"]
            if note.halo is not None and len(recipe.objective) == 1:
                names.append("halo")
            recipe = recipe.model_copy(update={name: getattr(note, name) for name in names})
            down = note.tile or 0
            exactly = {"isa": note.isa, "step": note.step, "tile": (down, note.tile_width or down)}
        net = self._net or load_net(self._network, offline=self._offline)
        return Session(recipe, net=net, open_file=self._files.__getitem__, **exactly)

    def open(self, photo: str | None) -> Picture | None:
        """The photograph, or None to start from what the recipe says; errors as ``load_picture``."""
        return None if photo is None else load_picture(photo, max_pixels=self.max_pixels)

    def done(self, photo: str | None, out: str, recipe: Recipe | None = None) -> str:
        """Whether ``out`` is this dream of this photograph: "finished", "stopped" early, or "" if not.

        ``recipe`` is the run's own if none is given; of a portrait any of its facets will do.
        """
        try:
            found = of_picture(out)
        except (BadInput, UsageError):
            return ""
        source = found.source.sha256 if found.source else None
        if source != (None if photo is None else sha256_of(photo)):
            return ""
        if any(self._sha256(file.name) != file.sha256 for file in found.files):
            return ""
        if _first_facet(found.recipe) != _first_facet(recipe or self.recipe):
            return ""
        return "finished" if found.stopped is None else "stopped"

    def _sha256(self, name: str) -> str | None:
        """Of a file of the recipe, by its bare name."""
        picture = self._files.get(name)
        return picture.source.sha256 if picture and picture.source else None

    def carry_out(
        self,
        photo: str | None,
        out: str,
        output: Output | None = None,
        *,
        each: Each | None = None,
        stop: Asked | None = None,
        until: Stop | None = None,
    ) -> Result:
        """Dream over one photograph and write the result.

        Args:
            photo: The file, or None where the recipe starts from noise or clouds.
            out: The result; its extension chooses the format.
            output: How it is written.
            each: Called with each frame.
            stop: Asked after each step; on True what there is is saved.
            until: Stop after this step, as an earlier run was.

        Raises:
            ReverieError: Of the kind that fits; nothing is then left under ``out``.
        """
        output = output or Output()
        output.check(out)
        began = time.monotonic()
        with heard() as said:
            with memory_errors():
                frame, cut = self.dream(lambda: self.open(photo), each=each, stop=stop, until=until)
                self.session.release()
                finished, score, moved = frame.picture, frame.score, frame.moved
            del frame  # the state in it is not needed to write the file
            self.save(finished, out, output, stopped=cut)
        return Result(
            out,
            finished.size,
            score,
            moved,
            time.monotonic() - began,
            self.recipe,
            tuple(said),
            cut,
            finished,
        )

    def save(
        self,
        picture: Picture,
        out: str,
        output: Output,
        *,
        recipe: Recipe | None = None,
        stopped: Stop | None = None,
    ) -> None:
        """Write a result with what made it; ``recipe`` is the run's own if none is given."""
        depth = output.depth_for(out, picture)
        note = self.provenance(picture, depth, output.quality, stopped, recipe or self.recipe)
        save_picture(
            picture,
            out,
            depth=depth,
            quality=output.quality,
            provenance=note.document() if output.metadata else None,
            overwrite=output.overwrite,
        )

    def dream(
        self,
        picture: Picture | Opens | None,
        *,
        each: Each | None = None,
        stop: Asked | None = None,
        until: Stop | None = None,
    ) -> tuple[Frame, Stop | None]:
        """The last frame of a dream, and where it was stopped if it was.

        A picture that is given as a function that opens it takes no memory while the dream goes on.

        If memory runs out on the way, all of it is done again in smaller tiles: a dream is made in one way
        from its beginning to its end, or it could not be repeated.
        """
        from reverie.api import dream

        session = self.session
        while True:
            before = session.shrunk
            state = self.begin(picture() if callable(picture) else picture)
            cut = last = None
            for last in dream(self.recipe, session=session, state=state):
                if session.shrunk != before:
                    break
                if each is not None:
                    each(last)
                here = Stop(octave=last.octave.index, step=last.step)
                ends = here.step + 1 >= last.octave.steps and here.octave + 1 >= last.octaves
                if (stop is not None and stop() and not ends) or here == until:
                    cut = here
                    break
            if session.shrunk == before and last is not None:
                return last, cut

    def begin(self, picture: Picture | None) -> State | PortraitState:
        """The state before the first step, with names resolved and tiles chosen."""
        from reverie.api import begin

        session = self.session
        state = begin(self.recipe, picture, session)
        if self.recipe.portrait is not None:
            return state
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ReverieWarning)  # the loop plans again, and says them
            plan = state.plan(self.recipe)
        session.settle(self.recipe, plan)
        return state

    def provenance(
        self, picture: Picture, depth: int, quality: int | None, stopped: Stop | None, recipe: Recipe
    ) -> Provenance:
        """What is written into a result."""
        import torch

        source = picture.source
        path = self.session.path()
        return Provenance(
            reverie=__version__,
            recipe=recipe,
            source=FileNote(name=source.name, sha256=source.sha256) if source else None,
            files=tuple(
                FileNote(name=name, sha256=p.source.sha256)
                for name, p in self._files.items()
                if p.source and name in recipe.files()
            ),
            network=NetworkNote(name=self.recipe.network, sha256=self.session.net.weights_sha256),
            engine=EngineNote(**vars(path), torch=torch.__version__),
            output=OutputNote.model_validate({"depth": depth, "quality": quality}),
            stopped=stopped,
        )


def _first_facet(recipe: Recipe) -> Recipe:
    """The recipe of the first of the pictures that it makes."""
    if recipe.portrait is None:
        return recipe
    return recipe.model_copy(update={"portrait": recipe.portrait.model_copy(update={"facet": 0})})


@contextmanager
def memory_errors() -> Iterator[None]:
    """Memory that ran out outside the network, as a ResourceError."""
    from reverie.engine.engine import is_out_of_memory

    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        raise ResourceError("out of memory; use --max-size, or a machine with more") from error


@contextmanager
def heard() -> Iterator[list[str]]:
    """Collect reverie's warnings, each once, and pass every warning on."""
    said: list[str] = []
    show = warnings.showwarning

    def listen(message: Any, category: Any, *args: Any, **kwargs: Any) -> None:
        if issubclass(category, ReverieWarning):
            if str(message) in said:
                return
            said.append(str(message))
        show(message, category, *args, **kwargs)

    with warnings.catch_warnings():
        warnings.simplefilter("always", ReverieWarning)
        warnings.showwarning = listen
        yield said
