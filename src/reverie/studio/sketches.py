"""Quick small dreams of what a page is about to ask for: seen at once, and kept nowhere."""

from __future__ import annotations

import asyncio
import shutil
from typing import Any, Final

from reverie.errors import ReverieError
from reverie.jobs.document import read_job
from reverie.recipe.recipe import Recipe
from reverie.studio.asking import Planned
from reverie.studio.crew import Errand
from reverie.studio.line import Line
from reverie.studio.store.database import MADE, new_id
from reverie.studio.thumbs import OUTPUT

#: Longest side of a sketch in pixels; steps at each of its sizes at most, and of things at places.
SIDE, STEPS, STEPS_AT_SITES = 288, 10, (24, 12)
#: Octaves of a sketch at most, so that it has both things and their details.
OCTAVES: Final = 3
#: Seconds that a page waits for one.
PATIENCE: Final = 30.0


class Overtaken(ReverieError):
    """Another sketch was asked for meanwhile, or no worker had time; ``status`` is what HTTP says of it."""

    status = 409


class Sketches:
    """Makes sketches between the steps of whatever runs; of each visitor only the newest is wanted."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._newest: dict[str, tuple[str, asyncio.Future[bytes | None]]] = {}

    async def make(self, owner: str, planned: Planned) -> bytes:
        """A sketch of what was planned, as WebP.

        Raises:
            Overtaken: A newer one was asked for, or it took too long.
        """
        id, loop = new_id(), asyncio.get_running_loop()
        answer: asyncio.Future[bytes | None] = loop.create_future()
        self._drop(owner)
        self._newest[owner] = id, answer

        def done(end: dict[str, Any]) -> None:
            folder = self._line.settings.data / MADE / id
            path = folder / OUTPUT["path"]
            data = path.read_bytes() if end["outcome"] == "done" and path.is_file() else None
            shutil.rmtree(folder, ignore_errors=True)
            if not answer.done():
                answer.set_result(data)

        document = document_of(planned)
        read_job(document, "the sketch")
        errand = Errand(id, document, done, owner=owner, files=planned.files, again=False)
        self._line.crew.errands.insert(0, errand)
        self._line.pump()
        try:
            data = await asyncio.wait_for(answer, PATIENCE)
        except TimeoutError:
            data = None
        finally:
            if self._newest.get(owner, ("",))[0] == id:
                del self._newest[owner]
        if data is None:
            raise Overtaken("there was no time for a preview of this")
        return data

    def _drop(self, owner: str) -> None:
        """Give up a visitor's older sketch; one that is being made ends by itself, unseen."""
        id, answer = self._newest.pop(owner, ("", None))
        errands = self._line.crew.errands
        for errand in [one for one in errands if one.id == id]:
            errands.remove(errand)
        if answer is not None and not answer.done():
            answer.set_result(None)


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
