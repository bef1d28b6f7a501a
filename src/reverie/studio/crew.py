"""The workers: begun, spoken to, and replaced when they die."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from reverie.errors import UsageError
from reverie.studio.settings import StudioSettings
from reverie.studio.worker.messages import MADE_WAY
from reverie.studio.worker.process import Process

_MODULE: Final = "reverie.studio.worker.child"
#: Seconds before a worker is begun in the place of one that could not even begin.
SLOW: Final = 5.0
#: Seconds that an errand may take.
ERRAND: Final = 60.0
#: Seconds that a page waits to hear whether a layer is there.
CHECK: Final = 5.0


@dataclass
class Errand:
    """Work that no visitor asked for: a job's document, and what is done with its end.

    ``idle``: only where no visitor's job is at work; otherwise between its steps. ``owner``: whose page
    shows what comes of it. ``files`` are names in its folder, and ids of what was given. ``again``: where it
    made way for a visitor's job, it is done later. ``do``: whether it is carried out, or how long that would
    take is said.
    """

    id: str
    document: dict[str, Any]
    done: Callable[[dict[str, Any]], None]
    idle: bool = False
    owner: str = ""
    files: dict[str, str] = field(default_factory=dict)
    again: bool = True
    do: Literal["errand", "estimate"] = "errand"


@dataclass(eq=False)
class Worker:
    """A child and what it is at.

    Attributes:
        process: The child.
        ready: Whether it has loaded what it needs.
        job: What it works on, with its visitor.
        owner: That visitor.
        errand: What it does besides, between two steps or while it has no job.
        making_way: Whether it was told to leave that for a visitor's job.
        place: The last that it said of where it is.
        paused: Whether it only holds its job.
        leaving: Whether it was told to give its job up.
    """

    process: Process
    ready: bool = False
    job: str | None = None
    owner: str | None = None
    errand: Errand | None = None
    making_way: bool = False
    place: str = ""
    paused: bool = False
    leaving: bool = False

    def free(self) -> None:
        """It has no job any more."""
        self.job = self.owner = None
        self.place = ""
        self.paused = self.leaving = False

    def say(self, do: str, **more: Any) -> None:
        """Tell it something."""
        self.process.say({"do": do, **more})


@dataclass
class Crew:
    """All workers.

    Attributes:
        settings: How many there are.
        heard: Takes what a worker says.
        lost: Is told of a worker that died.
        lay_out: Puts the files of an errand, by its id and its visitor, into its folder.
        errands: What is to be done when there is time.
    """

    settings: StudioSettings
    heard: Callable[[Worker, dict[str, Any], bytes], None]
    lost: Callable[[Worker], None]
    lay_out: Callable[[str, str, dict[str, str]], None]
    errands: list[Errand] = field(default_factory=list)
    workers: list[Worker] = field(default_factory=list)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _checks: dict[int, asyncio.Future[str | None]] = field(default_factory=dict)
    _number: int = 0
    _ended: bool = False

    async def start(self) -> None:
        """Begin them all."""
        for _ in range(self.settings.workers):
            await self._begin()

    async def stop(self) -> None:
        """End them all."""
        self._ended = True
        for worker in self.workers:
            await worker.process.end()

    @property
    def idle(self) -> list[Worker]:
        """Those that could begin a job."""
        return [w for w in self.workers if w.ready and w.job is None and w.errand is None]

    def make_way(self, jobs: int) -> None:
        """Have so many workers that have no job leave their errands: a visitor waits."""
        for worker in self.workers:
            if jobs > 0 and worker.ready and worker.job is None and worker.errand is not None:
                jobs -= 1
                if not worker.making_way:
                    worker.making_way = True
                    worker.say("make way")

    def at(self, job: str) -> Worker | None:
        """Who works on a job."""
        return next((w for w in self.workers if w.job == job), None)

    def at_work(self) -> dict[str, int]:
        """How many workers each visitor has."""
        counts: dict[str, int] = {}
        for worker in self.workers:
            if worker.owner is not None:
                counts[worker.owner] = counts.get(worker.owner, 0) + 1
        return counts

    def run_errands(self) -> None:
        """Give every worker that has none an errand: who has a job does it between two steps."""
        for worker in self.workers:
            if not worker.ready or worker.errand is not None or worker.paused:
                continue
            for errand in self.errands:
                if worker.job is None or not errand.idle:
                    self.errands.remove(errand)
                    with suppress(OSError):  # where there is no room it fails, and says so
                        self.lay_out(errand.id, errand.owner, errand.files)
                    worker.errand = errand
                    worker.say(errand.do, id=errand.id, document=errand.document, seconds=ERRAND)
                    break

    def ask_layers(self, network: str) -> None:
        """Have a worker say what layers a network has."""
        ready = [w for w in self.workers if w.ready]
        for worker in sorted(ready, key=lambda w: w.job is not None)[:1]:
            worker.say("layers", network=network)

    async def check(self, recipe: dict[str, Any]) -> None:
        """Have a worker look whether a network has what a recipe's objective names.

        Where no worker is ready to say it soon, it is not known yet: the job itself will tell.

        Raises:
            UsageError: It has not.
        """
        ready = [w for w in self.workers if w.ready]
        if not ready:
            return
        self._number += 1
        number = self._number
        answer = self._checks[number] = asyncio.get_running_loop().create_future()
        ready[0].say("check", number=number, recipe=recipe)
        try:
            async with asyncio.timeout(CHECK):
                error = await answer
        except TimeoutError:
            return
        finally:
            del self._checks[number]
        if error is not None:
            raise UsageError(error)

    async def _begin(self) -> None:
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

    def _hear(self, worker: Worker, message: dict[str, Any], more: bytes) -> None:
        errand = worker.errand
        if message["type"] == "ready":
            worker.ready = True
        elif message["type"] == "checked":
            answer = self._checks.get(message["number"])
            if answer is not None and not answer.done():
                answer.set_result(message["error"])
            return
        elif errand is not None and message["type"] == "end" and message.get("job") == errand.id:
            worker.errand, worker.making_way = None, False
            if message["outcome"] == MADE_WAY and errand.again:
                self.errands.insert(0, errand)
            else:
                errand.done(message)
        self.heard(worker, message, more)

    def _gone(self, worker: Worker) -> None:
        if self._ended:
            return
        self.workers.remove(worker)
        self.later(self._replace(0.0 if worker.ready else SLOW))
        if worker.errand is not None:
            worker.errand.done({"outcome": "failed"})
        self.lost(worker)

    async def _replace(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        if not self._ended:
            await self._begin()

    def later(self, work: Any) -> None:
        """Do something without waiting for it."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
