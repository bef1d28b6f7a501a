"""The jobs of portraits: what units want to see, and what layers remember of a photograph.

One portrait becomes a file; several become files in a folder, or files beside a labelled sheet.
"""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_core import to_jsonable_python

from reverie.errors import ReverieError, UsageError
from reverie.jobs.claims import Claim
from reverie.jobs.dreaming.batch import MOST_VARIATIONS, BatchResult
from reverie.jobs.dreaming.dream import PictureResult, where
from reverie.jobs.job import Estimate, ItemFinished, Job, Listener
from reverie.jobs.open_recipe import OpenRecipe, Watch, turns
from reverie.jobs.output import Output, make_folder
from reverie.jobs.portraits.names import Place, columns_of, facet_of, facets, is_folder, places, words_of
from reverie.jobs.sheets import Cell, save_sheet, small
from reverie.jobs.workspace import JobPart, Reference, Workspace
from reverie.objective.text import unquoted
from reverie.process.notices import collect_warnings
from reverie.recipe.presets.portrait import INVERSION
from reverie.recipe.presets.preset import preset
from reverie.recipe.recipe import Recipe

if TYPE_CHECKING:
    from reverie.portrait.batch import FinishedPortrait


#: Longest side in pixels of a portrait on a sheet, and of an inversion where nothing says how large.
CELL = SIDE = 256
#: Where all layers are inverted: 1 over the share of the steps, these at most, and the longest side.
SKETCH, SKETCH_STEPS, SKETCH_SIDE = 4, 400, 160


def portraits_only(recipe: Recipe) -> Recipe:
    """The recipe; UsageError where it makes no portraits."""
    if recipe.portrait is None:
        raise UsageError(f"preset {recipe.preset}: makes dreams and no portraits; choose another")
    return recipe


#: A recipe that makes portraits; and settings of one by name, as JSON has them.
PortraitRecipe = Annotated[Recipe, AfterValidator(portraits_only)]
Settings = Annotated[dict[str, Any], BeforeValidator(to_jsonable_python)]


@dataclass(frozen=True, kw_only=True)
class PortraitsResult(BatchResult):
    """What came of portraits: those made now, in the order they were made in, of how many wanted."""

    wanted: int = 1

    @property
    def how_far(self) -> str:
        """In words, how far what was stopped has come."""
        halves = [one for one in self.made if one.stopped]
        done = self.skipped + len(self.made) - len(halves)
        finished = f"{done} of {self.wanted} portraits are finished; the same command makes the others"
        if not halves:
            return f"stopped; {finished}"
        these = halves[0].path if len(halves) == 1 else f"{len(halves)} files, as {halves[0].path},"
        what = f"{these} hold{'s' if len(halves) == 1 else ''} what there is"
        return f"stopped after {halves[0].stopped}; {what}{'' if self.wanted == 1 else f', {finished}'}"


class ManyPortraits(Job[PortraitsResult]):
    """Portraits made together; what a folder has finished is skipped, what was stopped is made again."""

    output: Output

    @abstractmethod
    def _open(self, workspace: Workspace) -> PortraitSeries:
        """The portraits, with files and network open."""

    @property
    @abstractmethod
    def _facets(self) -> int:
        """How many pictures are made of each."""

    @abstractmethod
    def _labels(self, workspace: Workspace) -> list[str]:
        """What is made a portrait of, in order; the network is loaded for it."""

    def files(self, workspace: Workspace) -> list[str]:
        """Every portrait's file, in the order of the targets; errors as of ``run``."""
        labels = self._labels(workspace)
        return list(places(self.output.path, labels, [self._facets] * len(labels)).values())

    def writes(self, workspace: Workspace) -> Iterable[Claim]:
        """Every portrait's file, and the sheet or the folder of several."""
        out, files = self.output.path, self.files(workspace)
        if is_folder(out):
            return [Claim(out, "the folder", "into"), *map(Claim, files)]
        sheet = [Claim(out, "the sheet")] if len(files) > 1 else []
        return [*sheet, *map(Claim, files)]

    def estimate(self, workspace: Workspace | None = None) -> Estimate:
        """The cost of all, by a trial of one; those that can be are made together."""
        from reverie.jobs.estimate import estimate_portraits

        return estimate_portraits(self._open(workspace or Workspace()).opened)

    def _work(self, listener: Listener, workspace: Workspace) -> PortraitsResult:
        return self._open(workspace).make(listener)


class PortraitsJob(ManyPortraits):
    """Portraits of classes, layers, channels and neurons, from noise or from a photograph.

    ``targets`` are as ``portrait.targets`` reads them, such as ``tabby`` and ``block5c:0-15``; without any
    the recipe's own objective is climbed. ``variations`` is how many seeds each is made with, from the
    recipe's on.
    """

    kind: Literal["portraits"] = "portraits"
    recipe: PortraitRecipe
    targets: tuple[str, ...] = ()
    variations: Annotated[int, Field(ge=1, le=MOST_VARIATIONS)] = 1
    photo: Reference | None = None

    @property
    def _facets(self) -> int:
        return facets(self.recipe)

    @property
    def label(self) -> str:
        return ", ".join(self.targets) or "; ".join(self.recipe.objective)

    def total(self) -> None:
        return None

    def _labels(self, workspace: Workspace) -> list[str]:
        from reverie.portrait.targets import named_targets

        named = named_targets(list(self.targets), workspace.network(self.recipe.network))
        labels = [name for name, _ in named] or ["; ".join(self.recipe.objective)]
        if self.variations == 1:
            return labels
        return [f"{label} (seed {seed})" for label in labels for seed in self._seeds]

    @property
    def _seeds(self) -> range:
        """The seed of each variation; facets take as many that follow each other."""
        first, step = self.recipe.seed, facets(self.recipe)
        return range(first, first + step * self.variations, step)

    def _open(self, workspace: Workspace) -> PortraitSeries:
        from reverie.portrait.targets import named_targets, with_objective

        recipe = self.recipe.but(start="photo" if self.photo else "noise")
        net = workspace.network(recipe.network)
        named = named_targets(list(self.targets), net)
        recipes = [with_objective(recipe, wanted, net) for _, wanted in named] or [recipe]
        recipes = [one.but(seed=seed) for one in recipes for seed in self._seeds]
        opened = OpenRecipe(recipes[0], workspace, more=recipes[1:])
        columns = columns_of(recipe, self.variations)
        return PortraitSeries(opened, self._labels(workspace), self.output, self.photo, columns)


class InversionsJob(ManyPortraits):
    """What layers remember of a photograph: for each a picture from noise that it cannot tell from it.

    ``layers`` None takes them all, from shallow to deep, each small and in a few steps unless it is said
    how many. ``settings`` are changes of the preset, as JSON;
    where none is named each layer has the preset that suits its depth.
    """

    kind: Literal["inversions"] = "inversions"
    photo: Reference
    layers: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    preset: str | None = None
    settings: Settings = Field(default_factory=dict)

    @model_validator(mode="after")
    def _makes_portraits(self) -> Self:
        portraits_only(self.recipe)
        return self

    @property
    def recipe(self) -> Recipe:
        """The recipe of a deep layer."""
        return preset(self.preset or INVERSION, **self.settings)

    @property
    def _facets(self) -> int:
        return facets(self.recipe)

    @property
    def _sketches(self) -> bool:
        """Whether all layers are asked for, and neither how well nor by what: then a minute is enough."""
        return self.layers is None and self.preset is None and "steps" not in self.settings

    @property
    def label(self) -> str:
        return os.path.basename(str(self.photo))

    def total(self) -> int | None:
        return None if self.layers is None else len(set(self.layers))

    def _labels(self, workspace: Workspace) -> list[str]:
        net = workspace.network(self.recipe.network)
        given = net.layers if self.layers is None else dict.fromkeys(self.layers)
        return [net.layer(unquoted(name)).name for name in given]

    def _open(self, workspace: Workspace) -> PortraitSeries:
        from reverie import objective as ob
        from reverie.portrait.targets import fitting, of_inversion

        photo, picture = workspace.path(self.photo), workspace.picture(self.photo)
        assert photo is not None
        assert picture is not None
        recipe, names = self.recipe, self._labels(workspace)
        net = workspace.network(recipe.network)
        side = recipe.max_size or (SKETCH_SIDE if self._sketches else SIDE)
        size = recipe.size if "size" in self.settings else fitting(picture.size, side)
        recipes = []
        for name in names:
            base = recipe if self.preset else preset(of_inversion(name, net), **self.settings)
            changes = {
                "objective": ob.inversion(photo, name),
                "start": "noise",
                "size": size,
                "max_size": None,
            }
            if self._sketches:
                changes["steps"] = [min(SKETCH_STEPS, max(1, count // SKETCH)) for count in base.steps]
            recipes.append(base.but(**changes))
        opened = OpenRecipe(recipes[0], workspace, more=recipes[1:])
        return PortraitSeries(opened, names, self.output)


@dataclass
class PortraitSeries:
    """Portraits on their way into files, each written as soon as it is there.

    ``labels`` are the targets as they were given, one for each of the open recipes; ``photo`` is what they
    start from, ``columns`` how many stand side by side on the sheet, None for as many as suit it.

    Raises:
        UsageError: What is to be printed is larger than allowed.
    """

    opened: OpenRecipe
    labels: Sequence[str]
    output: Output
    photo: Reference | None = None
    columns: int | None = None

    def __post_init__(self) -> None:
        from reverie.portrait.state import portrait_of, size_of

        longest, limit = portrait_of(self.opened.recipe).print_size, self.opened.workspace.max_pixels
        size = size_of(self.opened.recipe)
        if longest and longest * longest * min(size) / max(size) > limit:
            over = f"is over the limit of {limit} pixels; --max-pixels raises it"
            raise UsageError(f"--print-size {longest}: {over}")

    @cached_property
    def places(self) -> dict[Place, str]:
        """Where each goes; UsageError where the files of several cannot be named."""
        return places(self.output.path, self.labels, [facets(r) for r in self.opened.recipes])

    def make(self, listener: Listener) -> PortraitsResult:
        """Make them all; what there is when the listener stops it is kept."""
        opened, total = self.opened, len(self.places)
        wanted, over = self._check(listener)
        skipped = total - sum(facets(opened.recipes[i]) for i in wanted)
        made: list[PictureResult] = []
        there: list[Place] = []
        cells: dict[Place, Cell] = {}
        way = self._made if opened.workspace.elsewhere is None else self._sent
        for place, result in way(wanted, over, listener):
            made.append(replace(result, picture=None))
            there.append(place)
            label = self.labels[place[0]]
            if self._sheet and result.picture is not None:
                cells[place] = label, words_of(result.recipe), small(result.picture)
            listener.on_event(ItemFinished(label, skipped + len(made), total, result.path, result))
        sheet = self.output.path if cells else None
        if sheet is not None:
            save_sheet(
                [cells[place] for place in sorted(cells)], self.output, side=CELL, columns=self.columns
            )
        cut = next((result.stopped for result in made if result.stopped), "")
        count = skipped + len(made)
        return PortraitsResult(
            files=(*filter(None, [sheet]), *(self.places[place] for place in sorted(there))),
            stopped=cut or ("" if count == total else f"{count} of {total} portraits"),
            made=tuple(made),
            skipped=skipped,
            sheet=sheet,
            wanted=total,
        )

    def _made(
        self, wanted: Sequence[int], over: set[str], listener: Listener
    ) -> Iterator[tuple[Place, PictureResult]]:
        """Make portraits of these targets and write each."""
        from reverie.portrait.batch import make_portraits

        opened, watch = self.opened, Watch(listener, "")
        with collect_warnings() as said:
            for finished in make_portraits(
                [opened.recipes[i] for i in wanted],
                opened.session,
                picture=opened.workspace.picture(self.photo),
                each=watch.step,
                begun=turns(watch, [self.labels[i] for i in wanted]),
                stop=listener.should_stop,
            ):
                place = wanted[finished.index], facet_of(finished.recipe)
                yield place, self._write(finished, self.places[place], over, said)

    def _sent(
        self, wanted: Sequence[int], over: set[str], listener: Listener
    ) -> Iterator[tuple[Place, PictureResult]]:
        """As ``_made``, with each target's portraits made elsewhere, in any order."""
        workspace = self.opened.workspace
        assert workspace.elsewhere is not None

        def parts() -> Iterator[JobPart]:
            for index in wanted:
                paths = tuple(self.places[index, k] for k in range(facets(self.opened.recipes[index])))
                overwrite = self.output.overwrite or not over.isdisjoint(paths)
                yield JobPart(self._alone(index, overwrite, paths[0]), paths, index, side=side)

        side = CELL if self._sheet else 0
        for part, found in workspace.elsewhere.carry_out(parts(), workspace, listener.should_stop):
            if isinstance(found, ReverieError):
                raise found
            for facet, result in enumerate(found):
                yield (part.key, facet), result

    def _alone(self, index: int, overwrite: bool, path: str) -> PortraitsJob:
        """The job of one target's portraits."""
        recipe = self.opened.with_paths(self.opened.recipes[index])
        output = self.output.at(path, overwrite=overwrite)
        return PortraitsJob(recipe=recipe, photo=self.photo, output=output)

    @property
    def _sheet(self) -> bool:
        """Whether there is one: several, and no folder of them."""
        return len(self.places) > 1 and not is_folder(self.output.path)

    def _check(self, listener: Listener) -> tuple[list[int], set[str]]:
        """The targets to be made, and the files of them that were stopped earlier and may be replaced."""
        if is_folder(self.output.path):
            make_folder(self.output.path, needed_by="several photographs need", parents=False)
        wanted, over, done = [], set[str](), 0
        for index, label in enumerate(self.labels):
            mine = [self.places[index, k] for k in range(facets(self.opened.recipes[index]))]
            found = [self._found(path, index) for path in mine]
            if all(state == "finished" for state in found):
                for path in mine:
                    done += 1
                    listener.on_event(ItemFinished(label, done, len(self.places), path, skipped=True))
                continue
            wanted.append(index)
            for path, state in zip(mine, found, strict=True):
                if state:
                    over.add(path)
                else:
                    self.output.at(path).check()
        if self._sheet:
            self.output.check()
        return wanted, over

    def _found(self, path: str, index: int) -> str:
        """Whether a folder has this portrait already: "finished", "stopped", or "" if not."""
        if self.output.overwrite or not is_folder(self.output.path) or not os.path.exists(path):
            return ""
        return self.opened.done(self.opened.workspace.path(self.photo), path, self.opened.recipes[index])

    def _write(
        self, finished: FinishedPortrait, path: str, over: set[str], said: Sequence[str]
    ) -> PictureResult:
        output = self.output.at(path, overwrite=self.output.overwrite or path in over)
        self.opened.save(finished.picture, output, recipe=finished.recipe, stopped=finished.stopped)
        return PictureResult(
            files=(path,),
            seconds=finished.seconds,
            warnings=tuple(said),
            stopped=where(finished.stopped),
            size=finished.picture.size,
            score=finished.score,
            moved=finished.moved,
            recipe=finished.recipe,
            stop=finished.stopped,
            picture=finished.picture,
        )
