"""A recipe whose files and network are open: what every job that climbs a gradient works with."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from reverie._version import __version__
from reverie.errors import BadInput, UsageError
from reverie.jobs.faces import FaceNotice
from reverie.jobs.foreign_names import files_of
from reverie.jobs.job import Listener, Step
from reverie.jobs.output import Output
from reverie.jobs.provenance.note import (
    EngineNote,
    FileNote,
    NetworkNote,
    OutputNote,
    Provenance,
    Steered,
    bare_network,
    of_picture,
    sha256_of,
)
from reverie.jobs.steering import Steering
from reverie.jobs.workspace import Workspace
from reverie.media.picture import Picture, Source, load_picture, save_picture
from reverie.network.named import known_as
from reverie.process.notices import warn
from reverie.recipe.recipe import Recipe, Stop

if TYPE_CHECKING:
    from reverie.ascent.loop import Frame
    from reverie.ascent.session import Session
    from reverie.deepdream.apparition.state import ApparitionState
    from reverie.deepdream.state import State
    from reverie.portrait.state import PortraitState


class OpenRecipe:
    """A recipe with its masks, guides and network opened once, for as many pictures as are to be made.

    File names in the recipe are paths; what is written into results are bare names and hashes.

    Attributes:
        recipe: The recipe with bare file names.
        recipes: It and the further ones.
        faces: Says where somebody's face is about to be dreamt over; silent where ``engine`` is given.
    """

    def __init__(
        self,
        recipe: Recipe,
        workspace: Workspace | None = None,
        *,
        engine: EngineNote | None = None,
        paths: Mapping[str, str] | None = None,
        more: Sequence[Recipe] = (),
    ) -> None:
        """Opens the files; the network is loaded when it is first needed.

        Args:
            recipe: Its file names are paths, unless ``paths`` tells where they are.
            workspace: Loaded networks and limits.
            engine: Run exactly so (engine, device, number format, tiles), whatever the recipe leaves open.
            paths: Where files of the recipe and a network's weights file are, by the name in the recipe.
            more: Further recipes for the same network, ``recipes`` beside the first.

        Raises:
            UsageError: Two files of one name.
            BadInput: A mask or guide that cannot be read.
        """
        self.workspace = workspace or Workspace()
        self._engine = engine
        self.faces = FaceNotice(wanted=engine is None)
        where = dict(paths or {})
        named = known_as(recipe.network)
        self._network = where.get(recipe.network, named)
        self._files: dict[str, Picture] = {}
        limit = self.workspace.max_pixels
        bare: dict[str, str] = {}
        opened: dict[str, str] = {}
        for name in dict.fromkeys(name for r in (recipe, *more) for name in r.files()):
            path, short = where.get(name, name), os.path.basename(name)
            if opened.setdefault(short, path) != path:
                raise UsageError(f"{path}: another file of the recipe is named {short} too; rename one")
            bare[name] = short
            self._files[short] = load_picture(path, max_pixels=limit)
        network = {"network": bare_network(named)}
        self._paths = {short: path for short, path in opened.items() if short != path}
        self.recipes = tuple(r.renamed(bare).model_copy(update=network) for r in (recipe, *more))
        self.recipe = self.recipes[0]
        if recipe.size and recipe.size[0] * recipe.size[1] > limit:
            given = f"{recipe.size[0]} x {recipe.size[1]}"
            raise UsageError(f"size: {given} is over the limit of {limit} pixels; --max-pixels raises it")

    def with_paths(self, recipe: Recipe) -> Recipe:
        """One of these recipes with its files as paths again, as another process needs it."""
        return recipe.renamed(self._paths).model_copy(update={"network": self._network})

    def with_recipe(self, recipe: Recipe) -> OpenRecipe:
        """Another recipe on the same network, engine and files, of which it may name those that are open."""
        other = object.__new__(OpenRecipe)
        other.__dict__.update(vars(self), recipe=recipe, recipes=(recipe,), session=self.session)
        return other

    @cached_property
    def session(self) -> Session:
        """The network at work; loaded when first asked for."""
        from reverie.ascent.session import Session

        recipe, note = self.recipe, self._engine
        exactly: dict[str, Any] = {}
        if note is not None:
            names = ["engine", "device", "precision", "threads"]
            if note.halo is not None and len(recipe.objective) == 1:
                names.append("halo")
            recipe = recipe.model_copy(update={name: getattr(note, name) for name in names})
            down = note.tile or 0
            exactly = {"isa": note.isa, "step": note.step, "tile": (down, note.tile_width or down)}
        net = self.workspace.network(self._network)
        return Session(recipe, net=net, open_file=self._files.__getitem__, **exactly)

    def check_names(self) -> None:
        """UsageError where the objective names what the network has not; the network is loaded for it."""
        for place in range(len(self.recipe.objective)):
            self.session.goal(self.recipe, place)

    def done(self, photo: str | None, out: str, recipe: Recipe | None = None) -> str:
        """Whether ``out`` is this dream of this photograph: "finished", "stopped" early, or "" if not.

        ``recipe`` is this one if none is given; of a portrait any of its facets will do.
        """
        try:
            found = of_picture(out)
        except (BadInput, UsageError):
            return ""
        source = found.source.sha256 if found.source else None
        if source != (None if photo is None else sha256_of(photo)) or found.steered:
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

    def dream(
        self,
        opened: Callable[[], Picture | None],
        watch: Watch,
        *,
        until: Stop | None = None,
    ) -> tuple[Frame, Stop | None]:
        """The last frame of a dream, and where it was stopped if it was.

        If memory runs out on the way, all of it is done again in smaller tiles: a dream is made in one way
        from its beginning to its end, or it could not be repeated.

        Args:
            opened: Gives the picture to dream on; it takes no memory of its own while the dream goes on.
            watch: Who is told of each step, and may steer and stop.
            until: Stop after this step, as an earlier run was.
        """
        from reverie.api.dreams import dream

        session = self.session
        while True:
            before = session.shrunk
            picture = opened()
            name = picture.source.name if picture and picture.source else watch.label
            shown, state = self.faces.kept(self.recipe, picture), self.begin(picture)
            del picture
            cut = last = None
            for last in dream(watch.begin(self.recipe), session=session, state=state):
                if session.shrunk != before:
                    break
                watch.step(last)
                if shown is not None:  # the first step is there already: nobody waits for this look
                    self.faces.look(self.recipe, shown, session, name)
                    shown = None
                here = Stop(octave=last.octave.index, step=last.step)
                ends = here.step + 1 >= last.octave.steps and here.octave + 1 >= last.octaves
                if (watch.listener.should_stop() and not ends) or here == until:
                    cut = here
                    break
            if session.shrunk == before and last is not None:
                return last, cut

    def begin(self, picture: Picture | None) -> State | PortraitState | ApparitionState:
        """The state before the first step, with names resolved and tiles chosen."""
        from reverie.api.dreams import begin

        session = self.session
        state = begin(self.recipe, picture, session)
        if self.recipe.in_views:
            return state
        session.settle(self.recipe, state.plan(self.recipe))
        return state

    def save(
        self,
        picture: Picture,
        output: Output,
        *,
        recipe: Recipe | None = None,
        stopped: Stop | None = None,
        steered: Sequence[Steered] = (),
    ) -> None:
        """Write a result with what made it; ``recipe`` is this one if none is given."""
        depth = output.depth_for(picture)
        note = self.provenance(picture.source, depth, output.quality, recipe).model_copy(
            update={"stopped": stopped, "steered": tuple(steered)}
        )
        channels = picture.pixels.shape[2]
        if channels not in (1, 3):
            warn(f"pictures of {channels} channels are saved with these beside each other, each as grey")
        save_picture(
            picture.visible(),
            output.path,
            depth=depth,
            quality=output.quality,
            provenance=note.document() if output.metadata else None,
            overwrite=output.overwrite,
        )

    def provenance(
        self, source: Source | None, depth: int, quality: int | None, recipe: Recipe | None = None
    ) -> Provenance:
        """What is written into a result."""
        import torch

        recipe = recipe or self.recipe
        return Provenance(
            reverie=__version__,
            recipe=recipe,
            source=FileNote(name=source.name, sha256=source.sha256) if source else None,
            files=tuple(
                FileNote(name=name, sha256=p.source.sha256)
                for name, p in self._files.items()
                if p.source and name in recipe.files()
            ),
            network=self._network_note,
            engine=EngineNote(**vars(self.session.record()), torch=torch.__version__),
            output=OutputNote.model_validate({"depth": depth, "quality": quality}),
        )

    @cached_property
    def _network_note(self) -> NetworkNote:
        """The network, its weights' hash, and those of the files that its name names."""
        paths = [path for path in files_of(self._network) if os.path.exists(path)]
        return NetworkNote(
            name=self.recipe.network,
            sha256=self.session.net.weights_sha256,
            files=tuple(FileNote(name=os.path.basename(path), sha256=sha256_of(path)) for path in paths),
        )


class Watch:
    """Tells a listener of the frames of a dream, and lets it steer: what it changed is in ``steered``.

    Args:
        listener: Who is told.
        label: What is being made.
        before: Share of the whole job that was done before this dream.
        part: Share of the whole job that this dream is.
        replay: Changes of an earlier run, which are made again instead of asking.
    """

    def __init__(
        self,
        listener: Listener,
        label: str,
        *,
        before: float = 0.0,
        part: float = 1.0,
        replay: Sequence[Steered] | None = None,
    ) -> None:
        self.listener = listener
        self._steering = Steering(listener, replay)
        self.turn(label, before, part)

    def turn(self, label: str, before: float, part: float) -> None:
        """What comes now is called so, and is this part of the whole job, after what was done before."""
        self.label, self._before, self._part, self._done = label, before, part, 0.0

    @property
    def steered(self) -> Sequence[Steered]:
        """What was changed, and before which step."""
        return self._steering.steered

    def begin(self, recipe: Recipe) -> Callable[[Any], Recipe]:
        """What the loop asks for its recipe: this one, as it is steered from step to step."""
        steering = self._steering
        steering.begin(recipe)
        return lambda state: recipe if state is None else steering.at(octave=state.octave, step=state.step)

    def step(self, frame: Frame) -> None:
        """Tell of a frame."""
        octave = frame.octave
        width, height = octave.size
        text = (
            f"octave {octave.index + 1}/{frame.octaves}, "
            f"step {frame.step + 1}/{octave.steps}, score {frame.score:.4g}"
        )
        self._done = max(self._done, share_of(frame))
        self.listener.on_event(
            Step(
                self.label,
                text,
                share=self._before + self._part * self._done,
                score=frame.score,
                moved=frame.moved,
                ends=frame.step + 1 >= octave.steps,
                more=f"{width} x {height}, {text}, moved {frame.moved:.3f}",
                source=frame,
                draw=lambda: frame.picture,
                draw_small=frame.small,
            )
        )


def turns(
    watch: Watch, labels: Sequence[str], before: float = 0.0, part: float = 1.0
) -> Callable[[Sequence[int]], None]:
    """Tells a watch which of several portraits are made next, as ``3-5 of 20: label, ...``.

    Args:
        watch: Who is told.
        labels: What each is called.
        before: Share of the whole job that was done before them.
        part: Share of the whole job that they are.
    """
    done: set[int] = set()

    def begun(group: Sequence[int]) -> None:
        done.difference_update(group)  # begun anew, fewer at a time
        label, total, first = labels[group[0]], len(labels), len(done) + 1
        count = f"{first}" if len(group) == 1 else f"{first}-{first + len(group) - 1}"
        more = ", ..." if len(group) > 1 else ""
        name = label if total == 1 else f"{count} of {total}: {label}{more}"
        watch.turn(name, before + part * len(done) / total, part * len(group) / total)
        done.update(group)

    return begun


def share_of(frame: Frame) -> float:
    """How much of a dream is done: pixels times steps of the octaves, all of one ratio to the next."""
    ratio = frame.recipe.octave_scale**2
    weights = [ratio**i for i in range(frame.octaves)]
    here = frame.octave.index
    part = (frame.step + 1) / frame.octave.steps
    return (sum(weights[:here]) + weights[here] * part) / sum(weights)


def _first_facet(recipe: Recipe) -> Recipe:
    """The recipe of the first of the pictures that it makes."""
    if recipe.portrait is None:
        return recipe
    return recipe.model_copy(update={"portrait": recipe.portrait.model_copy(update={"facet": 0})})
