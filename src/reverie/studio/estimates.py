"""How long something would take, told before it begins: tried while nobody dreams."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from reverie.studio.asking import Planned
from reverie.studio.crew import Errand
from reverie.studio.line import Line
from reverie.studio.quick import Done, Quick

#: Seconds that a page waits for one, and how many are remembered.
PATIENCE: Final = 40.0
REMEMBERED: Final = 100


class Estimates:
    """Tells times; what was tried once is remembered, and of each visitor only the newest is wanted."""

    def __init__(self, line: Line) -> None:
        self._quick = Quick[float](line, PATIENCE, "there was no time to try how long this takes")
        self._known: OrderedDict[str, float] = OrderedDict()

    async def of(self, owner: str, planned: Sequence[Planned]) -> float:
        """Seconds that jobs would take which differ by their chances alone.

        Raises:
            Overtaken: Somebody dreams, a newer one was asked for, or it took too long.
        """
        first = planned[0]
        key = _key(first.document)
        if key not in self._known:

            def errand(id: str, done: Done) -> Errand:
                more: dict[str, Any] = {"idle": True, "owner": owner, "files": first.files, "again": False}
                return Errand(id, first.document, done, do="estimate", **more)

            def taken(end: dict[str, Any], folder: Path) -> float | None:
                return self._know(key, end.get("seconds"))  # also where nobody waits for it any more

            return await self._quick.ask(owner, errand, taken) * len(planned)
        return self._known[key] * len(planned)

    def _know(self, key: str, seconds: float | None) -> float | None:
        """Remember a time."""
        if seconds is not None:
            self._known[key] = seconds
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return seconds


def _key(document: dict[str, Any]) -> str:
    """What decides how long a job takes: all but its chances and where it goes."""
    recipe = {n: v for n, v in document.get("recipe", {}).items() if n not in ("seed", "chance")}
    return json.dumps({**document, "recipe": recipe, "output": None}, sort_keys=True)
