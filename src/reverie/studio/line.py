"""The line: which job is next, what becomes of it, and what its visitor may do to it meanwhile."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from reverie.errors import ReverieError
from reverie.studio.crew import Crew, Worker
from reverie.studio.films import keep_so_far, so_far
from reverie.studio.hub import Hub
from reverie.studio.media import Unreadable
from reverie.studio.settings import StudioSettings
from reverie.studio.store.database import MADE, Database
from reverie.studio.store.given import GivenFiles
from reverie.studio.store.jobs import JobRow, Jobs, State
from reverie.studio.turns import Waiting, in_turn

#: How often a worker may die at the same place of a job before that is given up.
DEATHS: Final = 3
#: Seconds until a folder is tried again that a worker of a killed server still holds.
SOON: Final = 0.5
#: Seconds until it is tried again to note the end of a job, where the disk is full.
ROOM: Final = 5.0


@dataclass
class Line:
    """The jobs of all visitors.

    Attributes:
        settings: What each visitor may use up.
        jobs: The jobs in the index.
        given: Files that jobs need in their folder.
        database: For what changes together.
        hub: Who is told.
        made: Takes a file that a job made into the gallery.
        heard: Takes what a worker says that is of no job.
        trouble: Why the end of a job could not be noted yet, by its id.
    """

    settings: StudioSettings
    jobs: Jobs
    given: GivenFiles
    database: Database
    hub: Hub
    made: Callable[[JobRow, str, str], Awaitable[None]]
    heard: Callable[[dict[str, Any]], None]
    crew: Crew = field(init=False)
    trouble: dict[str, str] = field(default_factory=dict)
    _served: dict[str, float] = field(default_factory=dict)
    _deaths: dict[tuple[str, str], int] = field(default_factory=dict)
    _newest: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.crew = Crew(self.settings, heard=self._hear, lost=self._lost, lay_out=self._lay_out)

    async def start(self) -> None:
        """Begin where an earlier server ended."""
        self.jobs.unfinished()
        await self.crew.start()

    async def stop(self) -> None:
        """End the workers; what they were at waits for the next server."""
        await self.crew.stop()

    # -- whose turn it is ---------------------------------------------------------------------------------

    def order(self) -> list[Waiting]:
        """All jobs that wait, in the order in which they will be begun."""
        return list(self._in_turn())

    def _in_turn(self) -> Iterator[Waiting]:
        return in_turn(self.jobs.line(), self.crew.at_work(), self._served)

    def pump(self) -> None:
        """Give whoever is idle the next job, and what time is left to errands."""
        for worker in self.crew.idle:
            first = next(self._in_turn(), None)
            if first is None:
                break
            self._give(worker, self.jobs.by_id(first[0]))
        self.crew.make_way(len(self.jobs.line()))
        if self.jobs.line() and all(w.ready and w.job is not None for w in self.crew.workers):
            held = [w for w in self.crew.workers if w.paused and not w.leaving]
            if held:  # others wait for a worker that only holds a dream; that begins anew when it goes on
                held[0].leaving = True
                held[0].say("give up", why="yielded")
        self.crew.run_errands()

    def _give(self, worker: Worker, job: JobRow) -> None:
        worker.free()
        self._served[job.owner] = time.monotonic()
        self.jobs.change(job.id, state="running", share=0.0, started=job.started or time.time())
        try:
            self._lay_out(job.id, job.owner, job.files)
        except OSError as error:
            self._end(job, "failed", error=f"its files cannot be laid out: {error.strerror or error}")
            return
        worker.job, worker.owner = job.id, job.owner
        quota, side = self.settings.quota, self.hub.side(job.owner, job.id)
        more = {"steered": job.steered, "seconds": quota.seconds, "pixels": quota.pixels, "side": side}
        worker.say("job", id=job.id, document=job.document, **more)
        self.told(job.owner)

    def _folder(self, job: JobRow) -> Path:
        """Where a job makes what it makes."""
        return self.settings.data / MADE / job.id

    def _lay_out(self, job: str, owner: str, files: dict[str, str]) -> None:
        """The files that a job names, in its folder."""
        folder = self.settings.data / MADE / job
        folder.mkdir(exist_ok=True)
        for name, id in files.items():
            one, there = self.given.find(id, owner), folder / name
            if one is None or there.exists():
                continue
            try:
                os.link(self.given.path(one), there)
            except OSError:
                shutil.copyfile(self.given.path(one), there)

    # -- what workers say ---------------------------------------------------------------------------------

    def _hear(self, worker: Worker, message: dict[str, Any], more: bytes) -> None:
        job = message.get("job")
        if job is not None and job == worker.job and worker.owner is not None:
            with suppress(ReverieError):  # where the disk is full, how far it is goes without being noted
                self._of_job(worker, worker.owner, message, more)
        elif job is None and message["type"] != "ready":
            self.heard(message)
        else:  # it is ready, or has done an errand
            self._pump_if_it_can()

    def _of_job(self, worker: Worker, owner: str, message: dict[str, Any], more: bytes) -> None:
        id = message["job"]
        match message["type"]:
            case "preview":
                head = {n: v for n, v in message.items() if n not in ("type", "media")}
                self._newest[id] = more
                self.hub.show(owner, id, {**head, "type": message["media"]}, more)
            case "step":
                worker.place = message["text"]
                self.jobs.change(id, share=message["share"])
                self.hub.tell(owner, message)
            case "steered":
                steered = [one for one in self.jobs.by_id(id).steered if one["at"] != message["at"]]
                self.jobs.change(id, steered=[*steered, {"at": message["at"], "changes": message["changes"]}])
                self.hub.tell(owner, message)
            case "item":
                self.crew.later(self.made(self.jobs.by_id(id), message["path"], message["label"]))
            case "end":
                self.crew.later(self._finish(worker, message))
            case _:
                self.hub.tell(owner, message)

    async def _finish(self, worker: Worker | None, message: dict[str, Any]) -> None:
        """A job is over: what it made is taken in first, so that it is neither lost nor there twice."""
        job, outcome = self.jobs.by_id(message["job"]), message["outcome"]
        try:
            files = message.get("files", [])
            if outcome == "stopped" and not files and job.kind in ("zoom", "film"):
                files = keep_so_far(self._folder(job), job.document["output"]["path"])
            for file in files:
                await self.made(job, file, message.get("labels", {}).get(file, job.label))
            self._settle(job, outcome, message)
            self.trouble.pop(job.id, None)
        except Unreadable as error:
            self._end(job, "failed", error=str(error))
        except ReverieError as error:  # the disk is full: it is taken in when there is room again
            self.trouble[job.id] = str(error)
            self.hub.tell(job.owner, {"type": "warning", "job": job.id, "text": str(error)})
            self.crew.later(self._finish_later(message))
        finally:
            if worker is not None and worker.job == job.id:
                worker.free()
            self._pump_if_it_can()
            self.told(job.owner)

    async def _finish_later(self, message: dict[str, Any]) -> None:
        await asyncio.sleep(ROOM)
        await self._finish(None, message)

    def _pump_if_it_can(self) -> None:
        """Give out jobs, unless the index cannot be written: then they wait for the next occasion."""
        with suppress(ReverieError):
            self.pump()

    def _settle(self, job: JobRow, outcome: str, message: dict[str, Any]) -> None:
        """What a job's end means for it."""
        if outcome == "yielded":
            self.jobs.change(job.id, state="paused", share=None)
        elif outcome == "anew":
            self._clean(job)
            self._back(job)
        elif outcome == "failed" and "is being made by" in message["error"]:
            self.crew.later(self._try_again(job))
        elif outcome in ("done", "stopped", "failed", "cancelled"):
            words = {"error": message.get("error"), "stopped": message.get("stopped") or None}
            self._end(job, outcome, **words, warnings=message.get("warnings", []))  # type: ignore[arg-type]

    async def _try_again(self, job: JobRow) -> None:
        """Its folder is still held by a worker whose server was killed, and which is about to end."""
        await asyncio.sleep(SOON)
        self._back(job)
        self._pump_if_it_can()

    def _lost(self, worker: Worker) -> None:
        """A worker died: its job waits again, unless it dies there again and again."""
        if worker.job is None:
            return
        job, key = self.jobs.by_id(worker.job), (worker.job, worker.place)
        self._deaths[key] = deaths = self._deaths.get(key, 0) + 1
        if deaths < DEATHS:
            self._back(job)
            return
        words = f"the process that worked on it ended {DEATHS} times at the same place"
        self._end(job, "failed", error=f"{words}; perhaps memory ran out: make it smaller")

    def _back(self, job: JobRow) -> None:
        """A job waits again, where it was in the line."""
        self.jobs.change(job.id, state="waiting", share=None)
        self.told(job.owner)

    def _end(self, job: JobRow, state: State, **values: Any) -> None:
        share = {"share": 1.0} if state == "done" else {}
        self.jobs.change(job.id, state=state, ended=time.time(), **share, **values)
        kind = {"failed": "error", "cancelled": "stopped"}.get(state, state)
        told = {"type": kind, "job": job.id, "state": state}
        self.hub.tell(job.owner, {**told, **{n: v for n, v in values.items() if v}})
        self.told(job.owner)
        self._newest.pop(job.id, None)
        self._deaths = {key: n for key, n in self._deaths.items() if key[0] != job.id}
        if state in ("failed", "cancelled"):
            self._clean(job)

    def _clean(self, job: JobRow) -> None:
        """Remove the folder of a job of which nothing is kept."""
        if self.database.one("SELECT 1 FROM pictures WHERE job = ?", job.id) is None:
            shutil.rmtree(self._folder(job), ignore_errors=True)

    # -- what visitors want -------------------------------------------------------------------------------

    def newest(self, id: str) -> bytes | None:
        """The newest preview of a job that runs."""
        return self._newest.get(id)

    def film(self, job: JobRow) -> Path | None:
        """What is safe of a zoom or a film that is being made."""
        name = job.document["output"]["path"]
        return so_far(self._folder(job), name) if job.kind in ("zoom", "film") else None

    def end(self, job: JobRow, *, keep: bool) -> None:
        """End a job: keep what there is, or nothing; of one that has not begun, there is nothing."""
        worker = self.crew.at(job.id)
        if worker is None:
            self._end(job, "cancelled")
        elif keep:
            worker.paused = False
            worker.say("stop")
        else:
            worker.say("give up", why="cancelled")

    def pause(self, job: JobRow, paused: bool) -> None:
        """Hold a job, or let it go on."""
        worker = self.crew.at(job.id)
        state: State = "paused" if paused else "running" if worker is not None else "waiting"
        self.jobs.change(job.id, state=state)
        if worker is not None:
            worker.paused = paused
            worker.say("pause", paused=paused)
        self.pump()
        self.told(job.owner)

    def move(self, job: JobRow, to: int) -> None:
        """Put a waiting job at a place among those of its visitor."""
        mine = self.jobs.in_states("waiting", owner=job.owner)
        ids = [one.id for one in mine if one.id != job.id]
        ids.insert(min(to, len(ids)), job.id)
        with self.database.together():
            for id, one in zip(ids, mine, strict=True):
                self.jobs.change(id, rank=one.rank)
        self.told(job.owner)

    def steer(self, job: JobRow, changes: dict[str, Any]) -> None:
        """Go on with changed settings from the next step on."""
        if (worker := self.crew.at(job.id)) is not None:
            worker.say("steer", changes=changes)

    def begin_anew(self, job: JobRow) -> None:
        """Give up what was done of a running job, and do it as its document says now."""
        if (worker := self.crew.at(job.id)) is not None:
            worker.paused = False
            worker.say("give up", why="anew")

    def look(self) -> None:
        """Someone watches, or no longer does: the workers make previews as large as is wanted."""
        for worker in self.crew.workers:
            if worker.job is not None and worker.owner is not None:
                worker.say("show", side=self.hub.side(worker.owner, worker.job))

    def told(self, owner: str) -> None:
        """Tell a visitor's pages that the line has changed."""
        self.hub.tell(owner, {"type": "queue"})
