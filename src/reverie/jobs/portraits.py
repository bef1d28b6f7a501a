"""Portraits and where they go: one file, a folder, or a labelled sheet with files beside it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reverie.cli.old_console import CtrlC, Voice, Watcher
from reverie.cli.old_dream import make_folder, small, tell
from reverie.errors import Interrupted, UsageError

if TYPE_CHECKING:
    from reverie.jobs.old_run import Output, Result, Run
    from reverie.media.picture import Picture
    from reverie.portrait.batch import FinishedPortrait
    from reverie.recipe.recipe import Recipe

#: Target and facet, from 0.
Place = tuple[int, int]


@dataclass
class Sitting:
    """Several portraits of one command.

    ``labels`` are the targets as they were given, one for each of the run's recipes; ``photo`` is what they
    start from.
    """

    run: Run
    labels: list[str]
    output: Output
    voice: Voice
    out: str
    photo: str | None = None
    preview: str | None = None
    _cells: dict[Place, tuple[str, str, Picture]] = field(default_factory=dict)
    _last: Result | None = None

    def go(self) -> None:
        """Make them all, each written as soon as it is there."""
        from reverie.jobs.old_run import heard
        from reverie.portrait.batch import make_portraits

        picture = self.run.open(self.photo)
        paths = places(self.out, self.labels, [facets(r) for r in self.run.recipes])
        sheet = self.out if len(paths) > 1 and not is_folder(self.out) else None
        wanted, over = self._check(paths, sheet)
        if not wanted:
            return
        recipes = [self.run.recipes[i] for i in wanted]
        with heard() as said, self.voice.progress("") as watcher, CtrlC(self.voice) as stop:
            each = self._each(watcher, paths)
            begun = self._turns(watcher, wanted)
            for made in make_portraits(
                recipes, self.run.session, picture=picture, each=each, begun=begun, stop=stop
            ):
                place = wanted[made.index], _facet(made.recipe)
                self._write(paths[place], place, made, over, said)
        if sheet is not None and self._cells:
            self._sheet(sheet, [paths[place] for place in sorted(self._cells)])
        if stop():
            self._stopped(len(paths))

    def _check(self, paths: dict[Place, str], sheet: str | None) -> tuple[list[int], set[str]]:
        """The targets to be made, and the files of them that were stopped earlier and may be replaced."""
        if is_folder(self.out):
            make_folder(Path(self.out))
        wanted, over = [], set()
        for index in range(len(self.run.recipes)):
            mine = [path for place, path in paths.items() if place[0] == index]
            found = [self._found(path, index) for path in mine]
            if all(state == "finished" for state in found):
                self.voice.note(f"{', '.join(mine)}: finished already, skipped")
                continue
            wanted.append(index)
            for path, state in zip(mine, found, strict=True):
                if state:
                    over.add(path)
                else:
                    self.output.check(path)
        if sheet is not None:
            self.output.check(sheet)
        return wanted, over

    def _found(self, path: str, index: int) -> str:
        """Whether a folder has this portrait already: "finished", "stopped", or "" if not."""
        if self.output.overwrite or not is_folder(self.out) or not os.path.exists(path):
            return ""
        return self.run.done(self.photo, path, self.run.recipes[index])

    def _each(self, watcher: Watcher, paths: dict[Place, str]) -> Callable[[Any], None]:
        """Who is told of frames: the progress, and the preview if one is asked for."""
        if self.preview is None:
            return watcher
        taken = {os.path.abspath(path) for path in (self.out, *paths.values())}
        if os.path.abspath(self.preview) in taken:
            raise UsageError(f"--preview {self.preview}: is the output too; give it another name")
        from reverie.jobs.old_preview import Preview

        preview = Preview(self.preview, overwrite=self.output.overwrite)

        def each(frame: Any) -> None:
            watcher(frame)
            preview(frame)

        return each

    def _turns(self, watcher: Watcher, wanted: Sequence[int]) -> Callable[[Sequence[int]], None]:
        """Who is told which of the wanted targets are made next."""
        done: set[int] = set()

        def begun(group: Sequence[int]) -> None:
            done.difference_update(group)  # begun anew, fewer at a time
            label, total = self.labels[wanted[group[0]]], len(wanted)
            first = len(done) + 1
            count = f"{first}" if len(group) == 1 else f"{first}-{first + len(group) - 1}"
            more = ", ..." if len(group) > 1 else ""
            name = label if total == 1 else f"{count} of {total}: {label}{more}"
            watcher.turn(name, len(done) / total, len(group) / total)
            done.update(group)

        return begun

    def _write(
        self, path: str, place: Place, made: FinishedPortrait, over: set[str], said: Sequence[str]
    ) -> None:
        from reverie.jobs.old_run import Result

        output = replace(self.output, overwrite=self.output.overwrite or path in over)
        self.run.save(made.picture, path, output, recipe=made.recipe, stopped=made.stopped)
        self._last = Result(
            path,
            made.picture.size,
            made.score,
            made.moved,
            made.seconds,
            made.recipe,
            tuple(said),
            made.stopped,
        )
        tell(self.voice, self._last)
        shown = made.picture.resized(small(made.picture.size))
        self._cells[place] = (self.labels[place[0]], _words(made.recipe), shown)

    def _sheet(self, path: str, files: list[str]) -> None:
        from reverie.media.picture import save_picture
        from reverie.media.picture.contact_sheet import contact_sheet

        cells = [cell for _, cell in sorted(self._cells.items(), key=lambda item: item[0])]
        save_picture(contact_sheet(cells, side=256), path, overwrite=self.output.overwrite)
        self.voice.data(path, {"path": path, "sheet": files})

    def _stopped(self, total: int) -> None:
        """End with 130 if Ctrl-C came before all was done, saying what there is."""
        last, made = self._last, len(self._cells)
        if last is not None and last.stopped is not None:
            where = f"octave {last.stopped.octave + 1}, step {last.stopped.step + 1}"
            more = "" if made == total == 1 else f", {made} of {total} portraits are there"
            raise Interrupted(f"stopped after {where}; {last.path} holds what there is{more}")
        if made < total:
            raise Interrupted(f"stopped; {made} of {total} portraits are there")


def is_folder(out: str) -> bool:
    """Whether results go into a folder of that name."""
    return os.path.isdir(out) or out.endswith(("/", os.sep))


def places(out: str, labels: Sequence[str], counts: Sequence[int]) -> dict[Place, str]:
    """Where each portrait goes, by target and facet: ``out``, or files named after the targets."""
    all_of = [(i, k) for i, count in enumerate(counts) for k in range(count)]
    if len(all_of) == 1 and not is_folder(out):
        return {all_of[0]: out}
    path, taken = Path(out), set[str]()
    if not is_folder(out) and not path.suffix:
        raise UsageError(f"-o {out}: a file such as {out}.png is needed, or a folder: {out}/")
    names: dict[Place, str] = {}
    for i, k in all_of:
        word = stem = slug(labels[i]) + (f"-{k + 1}" if counts[i] > 1 else "")
        again = 2
        while word.lower() in taken:
            word, again = f"{stem}_{again}", again + 1
        taken.add(word.lower())
        name = path / f"{word}.png" if is_folder(out) else path.with_name(f"{path.stem}-{word}{path.suffix}")
        names[i, k] = os.fspath(name)
    return names


def slug(label: str) -> str:
    """A label as a part of a file's name."""
    return re.sub(r"[^\w.,+@-]+", "-", label).strip("-.")[:80] or "portrait"


def facets(recipe: Recipe) -> int:
    """How many pictures a recipe makes."""
    return recipe.portrait.facets if recipe.portrait else 1


def _facet(recipe: Recipe) -> int:
    return recipe.portrait.facet if recipe.portrait else 0


def _words(recipe: Recipe) -> str:
    """What a sheet says of a portrait under its name."""
    if facets(recipe) > 1:
        return f"facet {_facet(recipe) + 1} of {facets(recipe)}, {recipe.network}"
    return f"{recipe.network}, {'; '.join(recipe.objective)}"
