"""The line: which job is next, who works on it, and what becomes of it when a worker dies.

Visitors take turns: the next job is of the one who has the fewest at work and has waited longest for a turn, and
of that one's the first in the line. Small pictures of layers come when nobody waits.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from reverie.errors import ReverieError
from reverie.studio.hub import Hub
from reverie.studio.settings import Settings
from reverie.studio.store.database import MADE, Database
from reverie.studio.store.given import GivenFiles
from reverie.studio.store.jobs import JobRow, Jobs, State
from reverie.studio.worker.process import Process

#: How often a worker may die at the same place of a job before that is given up.
DEATHS: Final = 3
_MODULE: Final = "reverie.studio.worker.child"


@dataclass
class Errand:
    """Work that no visitor asked for: a job's document, and what is done with its end."""

    id: str
    document: dict[str, Any]
    done: Callable[[dict[str, Any]], None]


@dataclass(eq=False)
class Worker:
    """A child and what it is at; ``place`` is the last it said of where it is."""

    process: Process
    ready: bool = False
    job: str | None = None
    owner: str | None = None
    errand: Errand | None = None
    place: str = ""
    paused: bool = False
    leaving: bool = False

    @property
    def idle(self) -> bool:
        """Whether it can be given something."""
        return self.ready and self.job is None and self.errand is None


@dataclass
class Line:
    """The jobs of all visitors, and the workers.

    Attributes:
        settings: How many workers there are, and what each visitor may use up.
        jobs: The jobs in the index.
        given: Files that jobs need in their folder.
        database: For what changes together.
        hub: Who is told.
        made: Called with a job and the file that it made; takes it into the gallery.
        heard: Takes what else a worker says: layers of a network.
    """

    settings: Settings
    jobs: Jobs
    given: GivenFiles
    database: Database
    hub: Hub
    made: Callable[[JobRow, str, str], Any]
    heard: Callable[[dict[str, Any]], None]
    errands: list[Errand] = field(default_factory=list)
    workers: list[Worker] = field(default_factory=list)
    _served: dict[str, float] = field(default_factory=dict)
    _deaths: dict[tuple[str, str], int] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _newest: dict[str, bytes] = field(default_factory=dict)
    _ended: bool = False

    # -- workers ------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Begin where an earlier server ended."""
        self.jobs.unfinished()
        for _ in range(self.settings.workers):
            await self._begin_worker()

    async def stop(self) -> None:
        """End the workers; what they were at waits for the next server."""
        self._ended = True
        for worker in self.workers:
            await worker.process.end()

    async def _begin_worker(self) -> None:
        arguments = [_MODULE, "--data", os.fspath(self.settings.data)]
        arguments += [word for name in self.settings.networks for word in ("--network", name)]
        arguments += ["--offline"] if self.settings.offline else []
        worker: Worker
        process = Process(
            arguments,
            heard=lambda message, more: self._hear(worker, message, more),
            gone=lambda: self._gone(worker),
            environment={"OMP_NUM_THREADS": str(self.settings.threads_each)},
        )
        worker = Worker(process)
        self.workers.append(worker)
        await process.start()

    def _gone(self, worker: Worker) -> None:
        """A worker died: its job waits again, unless it dies there again and again."""
        if self._ended:
            return
        self.workers.remove(worker)
        if worker.errand is not None:
            worker.errand.done({"outcome": "failed"})
        if worker.job is not None:
            self._died(self.jobs.by_id(worker.job), worker.place)
        slow = 0.0 if worker.ready else 5.0  # one that cannot even begin
        self._later(self._replace(slow))

    async def _replace(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        if not self._ended:
            await self._begin_worker()

    def _died(self, job: JobRow, place: str) -> None:
        key = (job.id, place)
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

    # -- the line -----------------------------------------------------------------------------------------

    def pump(self) -> None:
        """Give whoever is idle the next job."""
        for worker in self.workers:
            if not worker.idle:
                continue
            job = self._next()
            if job is not None:
                self._give(worker, job)
            elif self.errands:
                worker.errand, worker.place = self.errands.pop(0), ""
                self._send(worker, worker.errand.id, worker.errand.document, [], 60.0, 0)
        if self.jobs.line() and not any(w.idle or not w.ready for w in self.workers):
            held = [w for w in self.workers if w.paused and not w.leaving]
            if held:  # others wait for a worker that only holds a dream; that begins anew when it goes on
                held[0].leaving = True
                held[0].process.say({"do": "give up", "why": "yielded"})

    def order(self) -> list[tuple[str, str]]:
        """Ids and owners of all jobs that wait, in the order in which they will be begun."""
        queues: dict[str, list[str]] = {}
        for id, owner, _ in self.jobs.line():
            queues.setdefault(owner, []).append(id)
        at_work = {owner: sum(w.owner == owner for w in self.workers) for owner in queues}
        served, found = dict(self._served), []
        clock = max(served.values(), default=0.0)
        while queues:
            owner = min(queues, key=lambda o: (at_work[o], served.get(o, 0.0), self._first(o, queues)))
            found.append((queues[owner].pop(0), owner))
            at_work[owner] += 1
            clock += 1
            served[owner] = clock
            if not queues[owner]:
                del queues[owner]
        return found

    def _first(self, owner: str, queues: dict[str, list[str]]) -> float:
        return self._ranks.get(queues[owner][0], 0.0)

    @property
    def _ranks(self) -> dict[str, float]:
        return {id: rank for id, _, rank in self.jobs.line()}

    def _next(self) -> JobRow | None:
        order = self.order()
        return self.jobs.by_id(order[0][0]) if order else None

    def _give(self, worker: Worker, job: JobRow) -> None:
        worker.job, worker.owner, worker.place, worker.paused = job.id, job.owner, "", False
        worker.leaving = False
        self._served[job.owner] = time.monotonic()
        self.jobs.change(job.id, state="running", share=0.0, started=job.started or time.time())
        try:
            self._lay_out(job)
        except OSError as error:
            worker.job = worker.owner = None
            self._end(job, "failed", error=f"its files cannot be laid out: {error.strerror or error}")
            return
        side = self.hub.side(job.owner, job.id)
        quota = self.settings.quota
        self._send(worker, job.id, job.document, job.steered, quota.seconds, side)
        self.told(job.owner)

    def _send(
        self,
        worker: Worker,
        id: str,
        document: dict[str, Any],
        steered: list[dict[str, Any]],
        seconds: float,
        side: int,
    ) -> None:
        more = {"steered": steered, "seconds": seconds, "side": side, "pixels": self.settings.quota.pixels}
        worker.process.say({"do": "job", "id": id, "document": document, **more})

    def _lay_out(self, job: JobRow) -> None:
        """The files that a job names, in its folder."""
        folder = self.settings.data / MADE / job.id
        folder.mkdir(exist_ok=True)
        for name, id in job.files.items():
            one, there = self.given.find(id, job.owner), folder / name
            if one is None or there.exists():
                continue
            try:
                os.link(self.given.path(one), there)
            except OSError:
                shutil.copyfile(self.given.path(one), there)

    # -- what workers say ---------------------------------------------------------------------------------

    def _hear(self, worker: Worker, message: dict[str, Any], more: bytes) -> None:
        kind = message["type"]
        if kind == "ready":
            worker.ready = True
            self.pump()
        elif worker.errand is not None and message.get("job") == worker.errand.id:
            if kind == "end":
                errand, worker.errand = worker.errand, None
                errand.done(message)
                self.pump()
        elif message.get("job") is None:
            self.heard(message)
        elif message["job"] == worker.job and worker.owner is not None:
            self._of_job(worker, worker.owner, message, more)

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
                self._later(self._take_in(id, message))
            case "end":
                self._later(self._finish(worker, message))
            case _:
                self.hub.tell(owner, message)

    async def _take_in(self, id: str, message: dict[str, Any]) -> None:
        await self.made(self.jobs.by_id(id), message["path"], message["label"])

    async def _finish(self, worker: Worker, message: dict[str, Any]) -> None:
        """A job is over: what it made is taken in first, so that it is neither lost nor there twice."""
        job = self.jobs.by_id(message["job"])
        outcome = message["outcome"]
        try:
            if outcome in ("done", "stopped"):
                for file in message["files"]:
                    await self.made(job, file, job.label)
            state: State = "failed" if outcome == "failed" else outcome
            if outcome == "yielded":
                self.jobs.change(job.id, share=None, state="paused")
            elif outcome == "failed" and _is_of_a_lock(message["error"]):
                self._later(self._again(job))
            else:
                words = {"error": message.get("error"), "stopped": message.get("stopped") or None}
                self._end(job, state, **words, warnings=message.get("warnings", []))
        except ReverieError as error:
            self._end(job, "failed", error=str(error))
        finally:
            worker.job = worker.owner = None
            worker.paused = worker.leaving = False
            self.pump()
            self.told(job.owner)

    async def _again(self, job: JobRow) -> None:
        """Its folder is still held by a worker of a server that was killed, and that is about to end."""
        await asyncio.sleep(0.5)
        self._back(job)
        self.pump()

    def _end(self, job: JobRow, state: State, **values: Any) -> None:
        share = {"share": 1.0} if state == "done" else {}
        self.jobs.change(job.id, state=state, ended=time.time(), **share, **values)
        kind = {"failed": "error", "cancelled": "stopped"}.get(state, state)
        told = {"type": kind, "job": job.id, "state": state}
        self.hub.tell(job.owner, {**told, **{n: v for n, v in values.items() if v}})
        self._newest.pop(job.id, None)
        self._deaths = {key: n for key, n in self._deaths.items() if key[0] != job.id}
        if state in ("failed", "cancelled"):
            self._clean(job)

    def _clean(self, job: JobRow) -> None:
        """Remove the folder of a job of which nothing is kept."""
        if self.database.one("SELECT 1 FROM pictures WHERE job = ?", job.id) is None:
            shutil.rmtree(self.settings.data / MADE / job.id, ignore_errors=True)

    # -- what visitors want -------------------------------------------------------------------------------

    def at(self, id: str) -> Worker | None:
        """Who works on a job."""
        return next((w for w in self.workers if w.job == id), None)

    def newest(self, id: str) -> bytes | None:
        """The newest preview of a job that runs."""
        return self._newest.get(id)

    def ask_layers(self, network: str) -> None:
        """Have a worker say what layers a network has; it comes by ``heard``."""
        for worker in self.workers:
            if worker.ready:
                worker.process.say({"do": "layers", "network": network})
                return

    def stop_job(self, job: JobRow) -> None:
        """Keep what there is; of a job that has not begun, there is nothing."""
        worker = self.at(job.id)
        if worker is None:
            self._end(job, "cancelled")
            self.told(job.owner)
            return
        worker.paused = False
        worker.process.say({"do": "stop"})

    def cancel(self, job: JobRow) -> None:
        """Keep nothing."""
        worker = self.at(job.id)
        if worker is None:
            self._end(job, "cancelled")
            self.told(job.owner)
            return
        worker.process.say({"do": "give up", "why": "cancelled"})

    def pause(self, job: JobRow, paused: bool) -> None:
        """Hold a job, or let it go on."""
        worker = self.at(job.id)
        state: State = "paused" if paused else "running" if worker is not None else "waiting"
        self.jobs.change(job.id, state=state)
        if worker is not None:
            worker.paused = paused
            worker.process.say({"do": "pause", "paused": paused})
        self.pump()
        self.told(job.owner)

    def move(self, job: JobRow, to: int) -> None:
        """Put a waiting job at a place among those of its visitor."""
        mine = [one for one in self.jobs.in_states("waiting", owner=job.owner)]
        ranks = [one.rank for one in mine]
        ids = [one.id for one in mine if one.id != job.id]
        ids.insert(max(0, min(to, len(ids))), job.id)
        with self.database.together():
            for id, rank in zip(ids, ranks, strict=True):
                self.jobs.change(id, rank=rank)
        self.told(job.owner)

    def steer(self, job: JobRow, changes: dict[str, Any]) -> None:
        """Go on with changed settings from the next step on."""
        worker = self.at(job.id)
        if worker is not None:
            worker.process.say({"do": "steer", "changes": changes})

    def begin_anew(self, job: JobRow) -> None:
        """Give up what was done of a running job, and do it with what its document says now."""
        worker = self.at(job.id)
        if worker is not None:
            worker.process.say({"do": "give up", "why": "waiting"})

    def look(self) -> None:
        """Someone watches, or no longer does: the workers make previews as large as is wanted."""
        for worker in self.workers:
            if worker.job is not None and worker.owner is not None:
                worker.process.say({"do": "show", "side": self.hub.side(worker.owner, worker.job)})

    def told(self, owner: str) -> None:
        """Tell a visitor's pages that the line has changed."""
        self.hub.tell(owner, {"type": "queue"})

    def _later(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _is_of_a_lock(words: str) -> bool:
    return "is being made" in words or "another process" in words.lower()
