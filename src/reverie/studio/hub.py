"""Who watches: each page hears of its own visitor's jobs, and a slow one only the newest."""

from __future__ import annotations

import asyncio
import json
import random
import struct
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Final

#: Events that may wait before newer ones of a kind take the place of older ones.
LATE: Final = 20
#: Seconds a page, between two times that one of them is sent what there is.
PACE: Final = 0.001
#: Events that may wait for a viewer before it is given up.
MOST_WAITING: Final = 2000
#: Longest side of a preview in pixels: what is sent if nothing is asked for, and the most.
SIDE, LARGEST = 512, 1024


@dataclass(eq=False)
class Viewer:
    """One open page.

    Attributes:
        owner: The visitor.
        side: Of previews, in pixels.
        watching: The job whose previews it wants; "" for any, None for none.
    """

    owner: str
    side: int = SIDE
    watching: str | None = ""
    _line: deque[tuple[str, str]] = field(default_factory=deque)
    _newest: dict[tuple[str, str], str | bytes] = field(default_factory=dict)
    _more: asyncio.Event = field(default_factory=asyncio.Event)
    _count: int = 0

    def wants(self, job: str) -> bool:
        """Whether previews of a job are sent to it."""
        return self.watching == "" or self.watching == job

    def tell(self, text: str, *, replaces: tuple[str, str] | None = None) -> None:
        """Something happened; where much waits, it takes the place of one of its kind that does."""
        self._count += 1
        late = replaces is not None and len(self._line) >= LATE
        self._put(replaces if late and replaces else ("event", str(self._count)), text)

    def show(self, job: str, data: bytes) -> None:
        """A preview, in the place of an older one of this job."""
        self._put(("preview", job), data)

    def _put(self, key: tuple[str, str], what: str | bytes) -> None:
        if key not in self._newest:
            self._line.append(key)
        self._newest[key] = what
        self._more.set()

    async def next(self) -> list[str | bytes]:
        """All that waits, as soon as there is something."""
        while not self._line:
            self._more.clear()
            await self._more.wait()
        found = [self._newest.pop(key) for key in self._line]
        self._line.clear()
        return found

    @property
    def gave_up(self) -> bool:
        """Whether too much waits for it."""
        return len(self._line) > MOST_WAITING


class Hub:
    """All who watch."""

    def __init__(self) -> None:
        self._viewers: set[Viewer] = set()

    def enter(self, owner: str) -> Viewer:
        """One more."""
        viewer = Viewer(owner)
        self._viewers.add(viewer)
        return viewer

    def leave(self, viewer: Viewer) -> None:
        """One fewer."""
        self._viewers.discard(viewer)

    @property
    def pace(self) -> float:
        """Seconds between two messages to the same page: the more there are, the fewer each gets.

        Drawn at random, so that not all of them are sent something at the same moment.
        """
        return PACE * len(self._viewers) * random.uniform(0.5, 1.5)

    def count(self, owner: str) -> int:
        """How many pages a visitor has open."""
        return sum(viewer.owner == owner for viewer in self._viewers)

    def side(self, owner: str, job: str) -> int:
        """How large previews of a job have to be; 0 where nobody wants any."""
        sides = (v.side for v in self._viewers if v.owner == owner and v.wants(job))
        return max(sides, default=0)

    def tell(self, owner: str, event: dict[str, Any]) -> None:
        """An event, to all pages of a visitor."""
        text, replaces = json.dumps(event), None
        if event["type"] in ("step", "queue"):
            replaces = (event["type"], str(event.get("job", "")))
        for viewer in self._viewers:
            if viewer.owner == owner:
                viewer.tell(text, replaces=replaces)

    def show(self, owner: str, job: str, head: dict[str, Any], picture: bytes) -> None:
        """A preview, to all pages of a visitor that want it; one copy of its bytes serves them all."""
        header = json.dumps(head).encode()
        data = struct.pack(">I", len(header)) + header + picture
        for viewer in self._viewers:
            if viewer.owner == owner and viewer.wants(job):
                viewer.show(job, data)
