"""The studio itself: what its parts are, and how they know of each other."""

from __future__ import annotations

import asyncio
import json
import secrets
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from reverie.errors import ReverieError
from reverie.jobs.provenance.note import Provenance
from reverie.studio.asking import Asking
from reverie.studio.estimates import Estimates
from reverie.studio.hub import Hub
from reverie.studio.line import Line
from reverie.studio.media import Media
from reverie.studio.settings import StudioSettings
from reverie.studio.sketches import Sketches
from reverie.studio.store.database import CACHE, Database, new_id
from reverie.studio.store.given import Given, GivenFiles
from reverie.studio.store.jobs import JobRow, Jobs
from reverie.studio.store.pictures import Gallery, PictureRow
from reverie.studio.store.visitors import Visitors
from reverie.studio.thumbs import Thumbs

#: Longest side of a picture in the gallery, and the sides that a photograph is shown at, in pixels.
THUMB, SIDES = 320, (160, 320, 640, 1280, 2048)
#: Seconds between two looks at what is to be removed, and after which copies in other formats are.
HOUR, OLD = 3600.0, 86_400.0


class Studio:
    """All of it.

    Args:
        settings: How it is run.
    """

    def __init__(self, settings: StudioSettings) -> None:
        """Opens the data folder; errors as of ``Database``."""
        self.settings = settings
        self.database = Database(settings.data)
        self.cache = settings.data / CACHE
        self.given = GivenFiles(self.database)
        self.jobs = Jobs(self.database)
        self.pictures = Gallery(self.database)
        self.visitors = Visitors(self.database)
        self.media = Media()
        self.hub = Hub()
        self.line = Line(
            settings, self.jobs, self.given, self.database, self.hub, made=self.made, heard=self._heard
        )
        self.thumbs = Thumbs(self.database, self.line, self.hub, self.cache)
        self.sketches = Sketches(self.line)
        self.estimates = Estimates(self.line)
        self.broken: dict[str, str] = {}
        self._taking = asyncio.Lock()
        self._hour: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Have children ready, and go on with what waits."""
        await self.media.start()
        await self.line.start()
        self._hour = asyncio.create_task(self._empty_bins())

    async def stop(self) -> None:
        """End every child; nothing is lost."""
        if self._hour is not None:
            self._hour.cancel()
        await self.line.stop()
        await self.media.stop()
        self.database.close()

    def asking(self, owner: str) -> Asking:
        """What a visitor may ask for."""
        return Asking(self.settings, self.given, owner)

    def used(self, owner: str) -> int:
        """Bytes that a visitor takes up."""
        return self.given.bytes_of(owner) + self.pictures.bytes_of(owner)

    async def made(self, job: JobRow, file: str, label: str) -> None:
        """Take what a job made into the gallery; once more, it is the same picture."""
        async with self._taking:
            await self._take(job, file, label)

    async def _take(self, job: JobRow, file: str, label: str) -> None:
        path = self.pictures.folder / job.id / file
        known = self.database.one("SELECT 1 FROM pictures WHERE job = ? AND file = ?", job.id, file)
        if known is not None or not path.is_file():
            return
        found, data = await self.media.ask(
            "view", path, name=label, side=THUMB, pixels=self.settings.quota.pixels, at=0.0
        )
        row = self.pictures.add(job, file, label, (found["width"], found["height"]))
        self.keep(f"thumb-{row.id}.webp", data)
        told = {"type": "item", "job": job.id, "picture": row.id}
        self.hub.tell(job.owner, told)
        self.hub.tell(job.owner, {**told, "type": "picture", "item": row.as_json()})

    async def view(self, one: Given, side: int, at: float = 0.0) -> bytes:
        """A photograph, or a film's frame at a time in seconds, as WebP no larger than a side in pixels."""
        side = next((s for s in SIDES if s >= side), SIDES[-1])
        at = round(at, 1) if one.kind == "film" else 0.0
        name = f"view-{one.id}-{side}-{at}.webp" if at else f"view-{one.id}-{side}.webp"
        return await self._cached(name, self.given.path(one), one.name, side, at=at)

    async def thumb(self, row: PictureRow) -> bytes:
        """A result as WebP, small."""
        return await self._cached(f"thumb-{row.id}.webp", self.pictures.path(row), row.name, THUMB)

    async def _cached(self, name: str, path: Path, called: str, side: int, at: float = 0.0) -> bytes:
        there = self.cache / name
        if there.is_file():
            return there.read_bytes()
        pixels = self.settings.quota.pixels
        _, data = await self.media.ask("view", path, name=called, side=side, pixels=pixels, at=at)
        self.keep(name, data)
        return data

    def keep(self, name: str, data: bytes) -> None:
        """Keep what can be made again; whole, or not at all where there is no room."""
        part = self.cache / f".{secrets.token_hex(8)}.part"
        try:
            part.write_bytes(data)
            part.replace(self.cache / name)
        except OSError:
            part.unlink(missing_ok=True)

    async def converted(self, row: PictureRow, ending: str, depth: int) -> Path:
        """A result in another format."""
        path = self.cache / f"copy-{row.id}-{depth}{ending}"
        if not path.is_file():
            out = self.cache / f"{new_id()}{ending}"
            try:
                plain = row.kind == "fool"  # evolved, and without a recipe
                more: dict[str, Any] = {"name": row.name, "out": str(out), "depth": depth, "plain": plain}
                await self.media.ask("convert", self.pictures.path(row), **more)
                out.replace(path)
            finally:
                out.unlink(missing_ok=True)
        return path

    async def note(self, row: PictureRow) -> Provenance:
        """How a result was made."""
        found, _ = await self.media.ask("read", self.pictures.path(row), name=row.name)
        return Provenance(**found["note"])

    def _heard(self, message: dict[str, Any]) -> None:
        """What a worker says that is of no job."""
        if message["type"] == "layers" and "error" not in message:
            found = {"layers": message["layers"], "classes": message["classes"]}
            self.database.do(
                "INSERT OR REPLACE INTO layers VALUES (?, ?)", message["network"], json.dumps(found)
            )
            self.thumbs.known(message["network"])
        elif message["type"] == "network":
            self.broken[message["name"]] = message["error"]

    def forget_views(self, id: str) -> None:
        """Remove what was made to show a file or a result."""
        for name in ("view", "thumb", "copy"):
            for path in self.cache.glob(f"{name}-{id}*"):
                path.unlink(missing_ok=True)

    def forget_given(self, one: Given) -> None:
        """Remove what was given, and all small pictures of it."""
        self.given.forget(one)
        self.forget_views(one.id)
        self.thumbs.forget(one.id)

    def forget(self, owner: str) -> None:
        """Remove for good all that a visitor gave and made; nothing of theirs may wait or run."""
        with self.database.together():
            for one in self.given.of(owner):
                self.forget_given(one)
            for id in self.pictures.forget(owner):
                self.forget_views(id)
            for id in self.jobs.forget(owner):
                shutil.rmtree(self.pictures.folder / id, ignore_errors=True)
        self.database.settle()

    def tidy(self, now: float) -> None:
        """Empty the bins, and remove copies of yesterday and what an upload left that was cut off."""
        for id in self.pictures.empty_bin(now):
            self.forget_views(id)
        for pattern in ("copy-*", ".*.upload", ".*.part"):
            for path in self.cache.glob(pattern):
                if path.stat().st_mtime < now - OLD:
                    path.unlink(missing_ok=True)

    async def _empty_bins(self) -> None:
        while True:
            with suppress(ReverieError, OSError):  # where there is no room; later there may be
                self.tidy(time.time())
            await asyncio.sleep(HOUR)
