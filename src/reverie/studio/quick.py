"""What a page waits for and nobody keeps: of each visitor only the newest is wanted."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, TypeVar

from reverie.errors import ReverieError
from reverie.studio.crew import Errand
from reverie.studio.line import Line
from reverie.studio.store.database import MADE, new_id

T = TypeVar("T")
Done = Callable[[dict[str, Any]], None]


class Overtaken(ReverieError):
    """Another was asked for meanwhile, or no worker had time; ``status`` is what HTTP says of it."""

    status = 409


class Quick(Generic[T]):
    """Errands of one kind that pages wait for.

    Args:
        line: Who does them.
        patience: Seconds that a page waits.
        late: What it is told after that.
    """

    def __init__(self, line: Line, patience: float, late: str) -> None:
        self._line, self._patience, self._late = line, patience, late
        self._newest: dict[str, tuple[str, asyncio.Future[T | None]]] = {}

    async def ask(
        self,
        owner: str,
        errand: Callable[[str, Done], Errand],
        taken: Callable[[dict[str, Any], Path], T | None],
    ) -> T:
        """What an errand comes to.

        Args:
            owner: Whose page waits.
            errand: Makes it, from its id and what it ends with.
            taken: What its end means, with its folder, which is removed then; None for nothing.

        Raises:
            Overtaken: A newer one was asked for, or it took too long.
        """
        id, answer = new_id(), asyncio.get_running_loop().create_future()
        self.drop(owner)
        self._newest[owner] = id, answer

        def done(end: dict[str, Any]) -> None:
            folder = self._line.settings.data / MADE / id
            found = taken(end, folder) if end["outcome"] == "done" else None
            shutil.rmtree(folder, ignore_errors=True)
            if not answer.done():
                answer.set_result(found)

        self._line.crew.errands.insert(0, errand(id, done))
        self._line.pump()
        found: T | None
        try:
            async with asyncio.timeout(self._patience):
                found = await answer
        except TimeoutError:
            found = None
        finally:
            self._withdraw(id)
            if self._newest.get(owner, ("",))[0] == id:
                del self._newest[owner]
        if found is None:
            raise Overtaken(self._late)
        return found

    def drop(self, owner: str) -> None:
        """Give up a visitor's older one; what is being made ends by itself, unseen."""
        id, answer = self._newest.pop(owner, ("", None))
        self._withdraw(id)
        if answer is not None and not answer.done():
            answer.set_result(None)

    def _withdraw(self, id: str) -> None:
        errands = self._line.crew.errands
        for errand in [one for one in errands if one.id == id]:
            errands.remove(errand)
