"""What lies between the show and the pages: who watches, what they are told, the code of the room."""

from __future__ import annotations

import asyncio
import io
import json
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from reverie.live.crowd.crowd import Crowd, Tableau
from reverie.live.crowd.diary import TurningFile
from reverie.live.crowd.limits import RateLimit
from reverie.live.crowd.moderator import Moderator
from reverie.live.crowd.room_code import RoomCode
from reverie.live.dreamer.protocol import CalmDown, GoOn, Order, PauseDream, SetPulse, ShowCount
from reverie.live.gate import Caller, LiveGate
from reverie.live.keys import Keys, Role
from reverie.live.show import Show
from reverie.live.snapshot import snapshot
from reverie.live.thumbs import TopicPictures
from reverie.live.topics import Topic

#: Seconds between two messages to a page, and between two looks at what changes by itself.
PACE, LOOK = 0.25, 1.0
#: Seconds after which what was dreamt is clear enough for a small picture of it.
CLEAR: Final = 12.0
#: Searches of one address a minute, and how loud it may be said to be, times a second.
SEARCHES, LOUD = 600, 25
Sight = Literal["guest", "stage", "moderator"]


class OnAir(Protocol):
    """What of the server the pages are about."""

    show: Show
    crowd: Crowd
    data: Path
    token: str
    listeners: list[Callable[[], None]]

    @property
    def viewers(self) -> int:
        """Pages that are shown the picture."""

    @property
    def counts(self) -> ShowCount | None:
        """What the dreamer said last."""

    @property
    def ready(self) -> bool:
        """Whether there is a picture."""

    def order(self, order: Order, /) -> None:
        """Tell the dreamer something."""

    def wake(self) -> None:
        """Ask the crowd at once what is next."""

    def newest(self) -> NDArray[np.uint8] | None:
        """The newest frame, (H, W, 3)."""


class Watcher:
    """One open page: it is told the newest, and nothing twice."""

    def __init__(self, sight: Sight) -> None:
        self.sight: Sight = sight
        self._news = asyncio.Event()
        self._news.set()

    def call(self) -> None:
        """There is something new."""
        self._news.set()

    async def wait(self) -> None:
        """Until there is."""
        await self._news.wait()
        self._news.clear()


class Lobby:
    """The pages' side of a show.

    Attributes:
        room: The show.
        keys: Its tokens.
        gate: Who is who.
        moderator: What a moderator does.
        thumbs: Small pictures of topics.
        searches: How often somebody may search.
        url: The address that phones use.
    """

    def __init__(self, room: OnAir, url: str, *, describe: Path | None = None) -> None:
        """The lobby of a show.

        Args:
            room: The show.
            url: The address of this server, where the show names no other.
            describe: A file in which it is written line by line what is dreamt, for those who cannot see it.

        Raises:
            BadInput, ResourceError: The file of tokens cannot be used.
        """
        self.room, self.crowd = room, room.crowd
        self.url, self._here = (room.show.stage.url or url).rstrip("/"), url
        self.keys = Keys.of(room.data / "state", moderator=room.token)
        self.gate = LiveGate(self.keys)
        self.code = RoomCode(self.keys.secret, room.show.voices.code)
        self.moderator = Moderator(room.crowd)
        self.thumbs = TopicPictures(room.data / "thumbs")
        self.searches = RateLimit(SEARCHES)
        self._loud = RateLimit(60 * LOUD)
        self._watchers: set[Watcher] = set()
        self._texts: dict[Sight, str] = {}
        self._described = TurningFile(describe) if describe is not None else None
        self._seen: object = None
        self._pictured: Tableau | None = None
        room.listeners.append(self.scene_changed)

    def link(self, role: Role) -> str:
        """The address of this server by which somebody comes in as that."""
        return self.keys.link(self._here, role)

    # -- Pages ---------------------------------------------------------------------------------------------

    def enter(self, caller: Caller) -> Watcher:
        """One more open page."""
        sight: Sight = "moderator" if caller.moderates else "stage" if caller.stages else "guest"
        watcher = Watcher(sight)
        self._watchers.add(watcher)
        return watcher

    def leave(self, watcher: Watcher) -> None:
        """One fewer."""
        self._watchers.discard(watcher)

    @property
    def pages(self) -> int:
        """How many are open."""
        return len(self._watchers)

    def changed(self) -> None:
        """Something is to be told to the pages."""
        self._texts.clear()
        for watcher in self._watchers:
            watcher.call()

    def heard(self) -> None:
        """Somebody wished: what is next may be something else."""
        self.room.wake()
        self.changed()

    def scene_changed(self) -> None:
        """Something else is dreamt."""
        self._describe(time.time())
        self.changed()

    def text(self, sight: Sight) -> str:
        """What a page is told, as JSON; made once for all that see the same."""
        if sight not in self._texts:
            self._texts[sight] = json.dumps(self.told(sight, time.time()), ensure_ascii=False)
        return self._texts[sight]

    def told(self, sight: Sight, now: float) -> dict[str, Any]:
        """What a page is told."""
        found = snapshot(self.crowd, now, self.thumb)
        counts = self.room.counts
        found |= {
            "viewers": self.room.viewers,
            "pages": self.pages,
            "ready": self.room.ready,
            "url": self.url,
        }
        if sight != "guest":
            ends = now + self.code.changes_in(now)
            found["code"] = {"id": self.code.now(now), "ends": ends}
            found["pulse"] = self.room.show.pulse
        if sight == "moderator":
            found["counts"] = counts.model_dump(exclude={"is_"}) if counts is not None else None
            found["banned"] = sorted(topic.label for topic in self.crowd.rules.banned.values())
            found["crowd"] = {"voices": len(self.crowd.ballot), "banned": self.crowd.controls.banned}
            found["recent"] = [
                {"at": one.at, "label": one.label, "who": one.person.id, "name": one.person.name}
                | {"from": self.crowd.hashed(one.person.address), "room": one.person.room}
                for one in reversed(self.crowd.recent)
            ]
        return found

    async def run(self) -> None:
        """Tell what changes by itself, and keep small pictures of what is dreamt; ends by being cancelled."""
        while True:
            now = time.time()
            seen = (self.room.viewers, self.pages, self.code.now(now), self.room.ready)
            counts = self.room.counts if any(one.sight == "moderator" for one in self._watchers) else None
            if (seen, counts) != self._seen:
                self._seen = (seen, counts)
                self.changed()
            await self._picture(now)
            await asyncio.sleep(LOOK)

    # -- What is dreamt ------------------------------------------------------------------------------------

    def thumb(self, topic: Topic) -> str | None:
        """Where a page finds the small picture of a topic, if there is one."""
        name = self.thumbs.name(topic)
        return f"/api/thumbs/{name}" if name else None

    async def _picture(self, now: float) -> None:
        """A small picture of what is dreamt, once it is clear."""
        tableau = self.crowd.tableau
        if tableau is None or tableau is self._pictured or len(tableau.topics) > 1:
            return
        if now < self.crowd.began + CLEAR or not self.room.ready or self.crowd.controls.calm < 1:
            return
        self._pictured = tableau
        with suppress(Exception):  # the picture of a list: nothing that a show may end of
            frame = await asyncio.to_thread(self.room.newest)
            if frame is not None:
                await asyncio.to_thread(self.thumbs.take, tableau.topics[0], frame)
                self.changed()

    def _describe(self, now: float) -> None:
        tableau = self.crowd.tableau
        if self._described is not None and tableau is not None:
            self._described.write(f"{datetime.fromtimestamp(now):%Y-%m-%d %H:%M:%S} {described(tableau)}")

    def code_picture(self, sight: Sight, now: float) -> bytes:
        """The QR code by which phones come in, as SVG; on the stage with the room's code."""
        import segno

        code = f"?room={self.code.now(now)}" if sight != "guest" else ""
        out = io.BytesIO()
        made = segno.make(f"{self.url}/{code}", error="m")
        made.save(
            out, kind="svg", xmldecl=False, svgns=True, border=2, dark="#000", light="#fff", omitsize=True
        )
        return out.getvalue()

    # -- What is done --------------------------------------------------------------------------------------

    def pause(self, on: bool, now: float) -> None:
        """Let the dream stand still, or go on."""
        self.moderator.pause(on, now)
        self.room.order(PauseDream() if on else GoOn())

    def calm(self, on: bool, now: float) -> None:
        """Let the dream be weaker, or as strong as usual."""
        self.moderator.calm_down(on, now)
        self.room.order(CalmDown(factor=self.crowd.controls.calm))

    def loud(self, level: float, now: float) -> None:
        """How loud it is before the stage, 0 to 1."""
        if self.room.show.pulse and self._loud.takes("stage", now):
            self.room.order(SetPulse(level=min(1.0, max(0.0, level))))

    def close(self) -> None:
        """The show is over."""
        if self._described is not None:
            self._described.close()


def described(tableau: Tableau) -> str:
    """What is dreamt, in words."""
    placed = zip(tableau.topics, tableau.places, strict=True)
    return ", ".join(topic.label + ("" if place == "whole" else f" ({place})") for topic, place in placed)
