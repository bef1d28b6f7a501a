"""Quick small dreams of what a page is about to ask for: seen at once, and kept nowhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from reverie.jobs.document import read_job
from reverie.recipe.recipe import Recipe
from reverie.studio.asking import Planned
from reverie.studio.crew import Errand
from reverie.studio.line import Line
from reverie.studio.quick import Done, Quick
from reverie.studio.thumbs import OUTPUT

#: Longest side of a sketch in pixels; steps at each of its sizes at most, and of things at places.
SIDE, STEPS, STEPS_AT_SITES = 288, 10, (24, 12)
#: Octaves of a sketch at most, so that it has both things and their details.
OCTAVES: Final = 3
#: Seconds that a page waits for one.
PATIENCE: Final = 30.0


class Sketches:
    """Makes sketches between the steps of whatever runs; of each visitor only the newest is wanted."""

    def __init__(self, line: Line) -> None:
        self._quick = Quick[bytes](line, PATIENCE, "there was no time for a preview of this")

    async def make(self, owner: str, planned: Planned) -> bytes:
        """A sketch of what was planned, as WebP.

        Raises:
            Overtaken: A newer one was asked for, or it took too long.
        """
        document = document_of(planned)
        read_job(document, "the sketch")

        def errand(id: str, done: Done) -> Errand:
            return Errand(id, document, done, owner=owner, files=planned.files, again=False)

        def taken(end: dict[str, Any], folder: Path) -> bytes | None:
            path = folder / OUTPUT["path"]
            return path.read_bytes() if path.is_file() else None

        return await self._quick.ask(owner, errand, taken)


def document_of(planned: Planned) -> dict[str, Any]:
    """The job of a sketch of a planned dream."""
    assert planned.recipe is not None
    recipe = sketched(planned.recipe)
    return {**planned.document, "recipe": recipe.model_dump(mode="json"), "output": OUTPUT}


def sketched(recipe: Recipe) -> Recipe:
    """A dream's recipe, small and quick, that looks alike."""
    if recipe.size is not None:
        factor = min(1.0, SIDE / max(recipe.size))
        width, height = (max(32, round(side * factor)) for side in recipe.size)
        shape: dict[str, Any] = {"size": (width, height)}
    else:
        shape = {"max_size": min(SIDE, recipe.max_size or SIDE)}
    steps = STEPS_AT_SITES if recipe.sites else tuple(min(STEPS, count) for count in recipe.steps)
    octaves = min(recipe.octaves or OCTAVES, OCTAVES)
    return recipe.model_copy(update={**shape, "steps": steps, "octaves": octaves})
