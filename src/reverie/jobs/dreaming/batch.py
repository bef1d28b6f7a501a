"""Many dreams at once: photographs into a folder, seeds of one photograph, and every layer on a sheet."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from reverie.errors import ReverieError, UsageError
from reverie.jobs.claims import Claim
from reverie.jobs.dreaming.dream import PictureResult, make_dream
from reverie.jobs.job import Estimate, ItemFinished, Job, Listener, Result
from reverie.jobs.open_recipe import OpenRecipe, Watch
from reverie.jobs.output import Output, make_folder
from reverie.jobs.sheets import CELL, Cell, save_sheet, small
from reverie.jobs.workspace import JobPart, Reference, Workspace
from reverie.media.picture.picture import no_larger
from reverie.recipe.presets.preset import of_layer
from reverie.recipe.recipe import Recipe

#: The most seeds of one job.
MOST_VARIATIONS = 1000
#: Longest side in pixels of what a sheet of layers scales down.
SHEET_SIDE = 640


@dataclass(frozen=True, kw_only=True)
class BatchResult(Result):
    """What came of many pictures: those made now, those that were there already, and those that failed.

    ``sheet`` is the labelled sheet of them all, if there is one; ``failed`` has (input, error) of each.
    """

    made: tuple[PictureResult, ...] = ()
    skipped: int = 0
    failed: tuple[tuple[str, ReverieError], ...] = ()
    sheet: str | None = None

    def as_json(self) -> dict[str, Any]:
        """What was made, skipped and failed, one by one."""
        return {
            **super().as_json(),
            "made": [one.as_json() for one in self.made],
            "skipped": self.skipped,
            "failed": [{"input": name, "error": str(error)} for name, error in self.failed],
        }


class BatchJob(Job[BatchResult]):
    """Dreams of photographs into a folder; a bad one does not stop the rest, a finished one is skipped."""

    kind: Literal["batch"] = "batch"
    recipe: Recipe
    photos: tuple[Reference, ...] = Field(min_length=1)
    output: Output

    @property
    def label(self) -> str:
        return f"{len(self.photos)} photographs"

    def total(self) -> int:
        return len(self.photos)

    def estimate(self, workspace: Workspace | None = None) -> Estimate:
        """The cost of all photographs, by a trial on the first of each size."""
        from reverie.jobs.estimate import estimate_dreams

        return estimate_dreams(OpenRecipe(self.recipe, workspace), self.photos)

    @property
    def _names(self) -> list[str]:
        return [os.path.basename(str(photo)) for photo in self.photos]

    def writes(self, workspace: Workspace) -> Iterable[Claim]:
        """The folder, and each photograph's dream in it."""
        folder = Claim(self.output.path, "the folder", "into", parents=True)
        return [folder, *map(Claim, names_for(self._names, Path(self.output.path)))]

    def _work(self, listener: Listener, workspace: Workspace) -> BatchResult:
        opened = OpenRecipe(self.recipe, workspace)
        outs = names_for(self._names, Path(self.output.path))
        make_folder(self.output.path, needed_by="several photographs need")
        done = _Done(listener, len(self.photos))
        opened.check_names()
        if workspace.elsewhere is not None:
            return self._sent(opened, outs, done)
        for index, (photo, name, out) in enumerate(zip(self.photos, self._names, outs, strict=True)):
            try:
                output = self._output(opened, photo, out)
                if output is None:
                    done.skip(name, out)
                    continue
                watch = Watch(listener, name, before=index / done.total, part=1 / done.total)
                result = make_dream(opened, photo, output, watch)
            except ReverieError as error:
                done.fail(str(photo), out, error)
                continue
            done.take(index, name, result)
            if result.stopped:
                return done.result(result.stopped)
        return done.result()

    def _sent(self, opened: OpenRecipe, outs: Sequence[str], done: _Done) -> BatchResult:
        """As ``_work``, with what is not there yet made elsewhere, in any order."""
        from reverie.jobs.dreaming.dream import DreamJob

        names = self._names

        def parts() -> Iterator[JobPart]:
            for index, (photo, out) in enumerate(zip(self.photos, outs, strict=True)):
                try:
                    output = self._output(opened, photo, out)
                except ReverieError as error:
                    done.fail(str(photo), out, error)
                    continue
                if output is None:
                    done.skip(names[index], out)
                    continue
                job = DreamJob(recipe=self.recipe, photo=photo, output=output)
                yield JobPart(job, (out,), index)

        workspace, stop = opened.workspace, done.listener.should_stop
        assert workspace.elsewhere is not None
        for part, found in workspace.elsewhere.carry_out(parts(), workspace, stop):
            index = part.key
            if isinstance(found, ReverieError):
                done.fail(str(self.photos[index]), outs[index], found)
            else:
                done.take(index, names[index], replace(found[0], recipe=opened.recipe))
        return done.result(done.cut)

    def _output(self, opened: OpenRecipe, photo: Reference, out: str) -> Output | None:
        """Where a photograph's dream goes, checked; None where it is there already."""
        found = ""
        if self.output.metadata and os.path.exists(out):
            found = opened.done(opened.workspace.path(photo), out)
        if found == "finished":
            return None
        output = self.output.at(out, overwrite=self.output.overwrite or found == "stopped")
        output.check()
        return output


@dataclass
class _Done:
    """What of many pictures is done, told to the listener as it comes."""

    listener: Listener
    total: int
    made: dict[int, PictureResult] = field(default_factory=dict)
    failed: list[tuple[str, ReverieError]] = field(default_factory=list)
    skipped: int = 0

    @property
    def count(self) -> int:
        """How many, one way or the other."""
        return len(self.made) + len(self.failed) + self.skipped

    @property
    def cut(self) -> str:
        """Where it was stopped, in words; empty if all are done."""
        return "" if self.count == self.total else f"{self.count} of {self.total} photographs"

    def skip(self, name: str, out: str) -> None:
        """One that had been there."""
        self.skipped += 1
        self.listener.on_event(ItemFinished(name, self.count, self.total, out, skipped=True))

    def fail(self, name: str, out: str, error: ReverieError) -> None:
        """One that ended with an error."""
        self.failed.append((name, error))
        self.listener.on_event(ItemFinished(name, self.count, self.total, out, error=error))

    def take(self, index: int, name: str, result: PictureResult) -> None:
        """One that was made; ``index`` is its place among all."""
        self.made[index] = replace(result, picture=None)
        self.listener.on_event(ItemFinished(name, self.count, self.total, result.path, result))

    def result(self, stopped: str = "") -> BatchResult:
        """All of it."""
        made, failed = tuple(self.made[i] for i in sorted(self.made)), tuple(self.failed)
        files = tuple(one.path for one in made)
        return BatchResult(files=files, stopped=stopped, made=made, skipped=self.skipped, failed=failed)


class VariationsJob(Job[BatchResult]):
    """The same dream with as many seeds as asked for, as files beside a labelled sheet."""

    kind: Literal["variations"] = "variations"
    recipe: Recipe
    photo: Reference | None = None
    count: Annotated[int, Field(ge=1, le=MOST_VARIATIONS)]
    output: Output

    @property
    def label(self) -> str:
        return os.path.basename(str(self.photo)) if self.photo else self.recipe.start

    def total(self) -> int:
        return self.count

    def estimate(self, workspace: Workspace | None = None) -> Estimate:
        """The cost of one dream, times the variations."""
        from reverie.jobs.estimate import clock, estimate_dreams

        one = estimate_dreams(OpenRecipe(self.recipe, workspace), [self.photo])
        seconds = self.count * (one.seconds or 0.0)
        text = f"{one.text}\n{self.count} variations, about {clock(seconds)} together"
        return Estimate(seconds, one.bytes, text, {**one.details, "count": self.count, "seconds": seconds})

    @property
    def _outs(self) -> list[Output]:
        path, first = Path(self.output.path), self.recipe.seed
        return [self.output.at(beside(path, f"seed{first + i}")) for i in range(self.count)]

    def writes(self, workspace: Workspace) -> Iterable[Claim]:
        """The sheet, and a file of each seed."""
        return [Claim(self.output.path, "the sheet"), *(Claim(one.path) for one in self._outs)]

    def _work(self, listener: Listener, workspace: Workspace) -> BatchResult:
        opened = OpenRecipe(self.recipe, workspace)
        first, outs = opened.recipe, self._outs
        recipes = [first.but(seed=first.seed + i) for i in range(self.count)]
        for output in outs:
            output.check()
        if workspace.elsewhere is not None:
            return self._sent(workspace, listener)
        made: dict[int, PictureResult] = {}
        for index, (recipe, output) in enumerate(zip(recipes, outs, strict=True)):
            watch = Watch(listener, self.label, before=index / self.count, part=1 / self.count)
            result = make_dream(opened.with_recipe(recipe), self.photo, output, watch)
            self._take(index, result, made, listener)
            if result.stopped:
                return self._result(made, result.stopped)
        return self._result(made)

    def _sent(self, workspace: Workspace, listener: Listener) -> BatchResult:
        """As ``_work``, with each seed made elsewhere, in any order."""
        from reverie.jobs.dreaming.dream import DreamJob

        assert workspace.elsewhere is not None
        recipes = [self.recipe.but(seed=self.recipe.seed + i) for i in range(self.count)]
        parts = (
            JobPart(DreamJob(recipe=recipe, photo=self.photo, output=output), (output.path,), i, side=CELL)
            for i, (recipe, output) in enumerate(zip(recipes, self._outs, strict=True))
        )
        made: dict[int, PictureResult] = {}
        for part, found in workspace.elsewhere.carry_out(parts, workspace, listener.should_stop):
            if isinstance(found, ReverieError):
                raise found
            self._take(part.key, found[0], made, listener)
        return self._result(made, "" if len(made) == self.count else f"{len(made)} of {self.count} seeds")

    def _take(
        self, index: int, result: PictureResult, made: dict[int, PictureResult], listener: Listener
    ) -> None:
        """Note what was made, as small as it is on the sheet."""
        assert result.picture is not None
        made[index] = replace(result, picture=small(result.picture))
        listener.on_event(ItemFinished(self.label, len(made), self.count, result.path, result))

    def _result(self, found: Mapping[int, PictureResult], stopped: str = "") -> BatchResult:
        """What there is, with the sheet where it is all there."""
        made = tuple(replace(found[i], picture=None) for i in sorted(found))
        files = tuple(one.path for one in made)
        if stopped:
            return BatchResult(files=files, stopped=stopped, made=made)
        cells = [
            (f"seed {one.recipe.seed}", Path(one.path).name, one.picture)
            for _, one in sorted(found.items())
            if one.picture is not None
        ]
        save_sheet(cells, self.output, side=CELL)
        return BatchResult(files=(self.output.path, *files), made=made, sheet=self.output.path)


@dataclass(frozen=True, kw_only=True)
class LayersResult(Result):
    """A sheet of layers: the names of those on it, of how many."""

    layers: tuple[str, ...]
    wanted: int

    def as_json(self) -> dict[str, Any]:
        """The sheet, and the layers on it in their order."""
        return {"path": self.files[0], "layers": list(self.layers)}


class LayersJob(Job[LayersResult]):
    """One labelled sheet: the photograph, and its dream at every layer.

    They are dreamt at ``recipe.max_size``, or else larger than a cell, which shows them scaled down.
    """

    kind: Literal["layers"] = "layers"
    recipe: Recipe
    photo: Reference
    cell: Annotated[int, Field(ge=64, le=2048)] = 320
    output: Output

    @property
    def label(self) -> str:
        return os.path.basename(str(self.photo))

    def total(self) -> None:
        return None

    def _opened(self, workspace: Workspace | None) -> OpenRecipe:
        side = max(self.recipe.max_size or SHEET_SIDE, self.cell)  # the photograph is as large as its dreams
        return OpenRecipe(self.recipe.but(max_size=side), workspace)

    def estimate(self, workspace: Workspace | None = None) -> Estimate:
        """The cost of every layer, each by its depth."""
        from reverie.jobs.estimate import estimate_dreams

        opened = self._opened(workspace)
        each = [opened.with_recipe(recipe) for _, _, recipe in self._recipes(opened)]
        parts = [estimate_dreams(one, [self.photo]) for one in each]
        seconds = sum(part.seconds or 0.0 for part in parts)
        most = max(part.bytes or 0 for part in parts)
        text = f"{len(parts)} layers, about {seconds:.0f} s together"
        return Estimate(seconds, most, text, {"seconds": seconds, "bytes": most}, tuple(parts))

    def _recipes(self, opened: OpenRecipe) -> list[tuple[str, str, Recipe]]:
        """Name, what it draws, and recipe of each layer."""
        from reverie import objective as ob

        net = opened.session.net
        return [
            (layer.name, layer.draws, of_layer(opened.recipe, str(ob.layer(layer.name))))
            for layer in net.layers.values()
            if layer.name != net.class_map
        ]

    def _work(self, listener: Listener, workspace: Workspace) -> LayersResult:
        self.output.check()
        opened = self._opened(workspace)
        picture = workspace.picture(self.photo)
        assert picture is not None
        cells: list[Cell] = [("the photograph", "", no_larger(picture, self.cell))]
        recipes = self._recipes(opened)
        for index, (name, draws, recipe) in enumerate(recipes):
            watch = Watch(listener, name, before=index / len(recipes), part=1 / len(recipes))
            frame, cut = opened.with_recipe(recipe).dream(lambda: picture, watch)
            if cut is not None or listener.should_stop():
                break
            cells.append((name, draws and f"often {draws}", no_larger(frame.picture, self.cell)))
            listener.on_event(ItemFinished(name, index + 1, len(recipes)))
        save_sheet(cells, self.output, side=self.cell)
        there = tuple(name for name, _, _ in cells[1:])
        stopped = "" if len(there) == len(recipes) else f"{len(there)} of {len(recipes)} layers"
        return LayersResult(files=(self.output.path,), stopped=stopped, layers=there, wanted=len(recipes))


def beside(path: Path, word: str) -> str:
    """A file's name with a word added."""
    return os.fspath(path.with_name(f"{path.stem}-{word}{path.suffix}"))


def names_for(photos: Sequence[str], folder: Path) -> list[str]:
    """The results' names: the photographs' with .png; those that would fall together keep their extension."""
    stems = Counter(Path(photo).stem.lower() for photo in photos)
    names = [
        f"{Path(p).stem}.png" if stems[Path(p).stem.lower()] == 1 else f"{Path(p).name}.png" for p in photos
    ]
    for name, count in Counter(names).items():
        if count > 1:
            raise UsageError(f"{count} photographs are named {name[:-4]}; give them one folder at a time")
    return [os.fspath(folder / name) for name in names]
