"""The job of one dream: over a photograph, or from nothing."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from reverie.errors import UsageError
from reverie.jobs.job import Estimate, ItemFinished, Job, Listener, Result
from reverie.jobs.open_recipe import OpenRecipe, Watch
from reverie.jobs.output import Output
from reverie.jobs.workspace import Reference, Workspace
from reverie.media.picture import Picture
from reverie.process.notices import collect_warnings, warn
from reverie.recipe.recipe import Recipe, Stop


@dataclass(frozen=True, kw_only=True)
class PictureResult(Result):
    """One picture that was made. ``score`` is the last step's, ``moved`` RMS from the source, 0..1."""

    size: tuple[int, int]
    score: float
    moved: float
    recipe: Recipe
    stop: Stop | None = None
    picture: Picture | None = field(default=None, repr=False, compare=False)

    @property
    def path(self) -> str:
        """The file."""
        return self.files[0]

    def as_json(self) -> dict[str, Any]:
        """Where the picture is, its size, score, distance moved and time."""
        document: dict[str, Any] = {
            "path": self.path,
            "size": list(self.size),
            "score": self.score,
            "moved": self.moved,
            "seconds": round(self.seconds, 3),
            "recipe": self.recipe.model_dump(mode="json"),
            "warnings": list(self.warnings),
        }
        if self.stop is not None:
            document["stopped"] = self.stop.model_dump()
        return document


class DreamJob(Job[PictureResult]):
    """A dream over a photograph, or from what ``recipe.start`` says; file names in the recipe are paths."""

    kind: Literal["dream"] = "dream"
    recipe: Recipe
    photo: Reference | None = None
    output: Output

    @property
    def label(self) -> str:
        return os.path.basename(str(self.photo)) if self.photo else self.recipe.start

    def estimate(self, workspace: Workspace | None = None) -> Estimate:
        from reverie.jobs.estimate import estimate_dreams

        return estimate_dreams(OpenRecipe(self.recipe, workspace), [self.photo])

    def _work(self, listener: Listener, workspace: Workspace) -> PictureResult:
        if self.photo is None and self.recipe.start == "photo":
            raise UsageError("nothing to dream on: give a photograph, or --from noise or clouds")
        self.output.check()
        opened = OpenRecipe(self.recipe, workspace)
        result = make_dream(opened, self.photo, self.output, Watch(listener, self.label))
        listener.on_event(ItemFinished(self.label, 1, 1, result.path, result))
        return result


def make_dream(
    opened: OpenRecipe,
    photo: Reference | None,
    output: Output,
    watch: Watch,
    *,
    until: Stop | None = None,
) -> PictureResult:
    """Dream over one photograph and write the result; nothing is left under its name if that fails.

    Args:
        opened: The recipe.
        photo: The photograph, or None where the recipe starts from noise or clouds.
        output: Where it goes.
        watch: Who is told of each step.
        until: Stop after this step, as an earlier run was.
    """
    began = time.monotonic()
    with collect_warnings() as said:
        frame, cut = opened.dream(lambda: opened.workspace.picture(photo), watch, until=until)
        opened.session.release()
        finished, score, moved = frame.picture, frame.score, frame.moved
        del frame  # the state in it is not needed to write the file
        if photo is not None and opened.recipe.strength != 0 and is_still_flat(finished, moved):
            warn(
                f"{photo}: is one colour all over and came back unchanged, as there is nothing in it to make "
                "more of; give a photograph with something in it, or use --from noise"
            )
        elif photo is not None and opened.recipe.strength != 0 and moved == 0:
            warn(
                f"{photo}: came back unchanged: {'; '.join(opened.recipe.objective)} is dead or flat there, "
                "so no gradient comes back; dream at another layer"
            )
        opened.save(finished, output, stopped=cut, steered=watch.steered)
    return PictureResult(
        files=(output.path,),
        seconds=time.monotonic() - began,
        warnings=tuple(said),
        stopped=where(cut),
        size=finished.size,
        score=score,
        moved=moved,
        recipe=opened.recipe,
        stop=cut,
        picture=finished,
    )


def is_still_flat(picture: Picture, moved: float) -> bool:
    """Whether a picture is of one colour, to half a level of 8 bits, and a dream left it as it was."""
    level = 1 / 255
    return moved < level / 2 and bool((np.ptp(picture.pixels, axis=(0, 1)) < level / 2).all())


def where(stop: Stop | None) -> str:
    """Where a dream was stopped, in words."""
    return "" if stop is None else f"octave {stop.octave + 1}, step {stop.step + 1}"
