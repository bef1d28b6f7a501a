"""The show as the server holds it: its crowd, what dreams, what is on the air, what is kept of it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from reverie.engine.environment import ENVIRONMENT
from reverie.errors import BadInput, ResourceError, ReverieError
from reverie.live.air.air import Air, AirPlan
from reverie.live.air.child import ChildPatience, KeptChild
from reverie.live.crowd.crowd import Crowd, Tableau, make_crowd
from reverie.live.dreamer.protocol import (
    CalmDown,
    GoOn,
    MoveCamera,
    Order,
    PauseDream,
    SetPace,
    SetTopics,
    ShowCount,
    ShowError,
    ShowReady,
    line,
    read_report,
)
from reverie.live.frames import FrameRing
from reverie.live.hours import HourNotes
from reverie.live.kept import EVERY, KeptState
from reverie.live.show import Show

_log = logging.getLogger("reverie.live")
#: Seconds between two looks whether another topic's time has come.
TICK: Final = 0.25
#: How long the dreamer is waited for, its first frame longest.
DREAMER: Final = ChildPatience(12.0, first=900.0)
#: Seconds before a task that failed is begun again, at first and at most.
SOON: Final = 1.0
LATEST: Final = 30.0
#: Orders of which the latest holds for a dreamer that is begun anew.
_LASTING: Final = (SetPace, CalmDown, SetTopics)


#: What is counted of frames.
_COUNTED: Final = ("shown", "dreamt", "repeated")


@dataclass(frozen=True)
class RoomPlan:
    """How a show is run on this machine.

    Attributes:
        show: What it is.
        data: The folder that holds what is kept.
        ring: The name of the ring of frames.
        token: What lets a moderator in.
        rtmp: The address of a service with its key, if it is streamed.
        offline: Whether no weights may be downloaded.
        dreamer: The module that makes the frames.
        words: Further words for it.
    """

    show: Show
    data: Path
    ring: str
    token: str = ""
    rtmp: str | None = None
    offline: bool = False
    dreamer: str = "reverie.live.dreamer.child"
    words: tuple[str, ...] = ()


@dataclass
class Totals:
    """Frames since the show first began: of the dreamers before this one, and of this one."""

    before: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_COUNTED, 0))
    now: ShowCount | None = None

    def turn(self) -> None:
        """Another dreamer counts from nought."""
        if self.now is not None:
            self.before = self.all()
            self.now = None

    def all(self) -> dict[str, int]:
        """``shown``, ``dreamt`` and ``repeated``."""
        return {key: self.before[key] + (getattr(self.now, key) if self.now else 0) for key in _COUNTED}


class ShowRoom:
    """Everything that the server knows of the show."""

    def __init__(self, plan: RoomPlan) -> None:
        """What there is before anything runs. Raises UsageError where the show cannot be."""
        self.plan, self.show, self.data, self.token = plan, plan.show, plan.data, plan.token
        self.crowd: Crowd = make_crowd(plan.show, plan.data)
        self.notes = HourNotes(plan.show.record, plan.show) if plan.show.record else None
        show = plan.show
        self.air = Air(
            AirPlan(
                show.size,
                show.fps,
                music=show.music,
                record=show.record,
                record_bytes=round(show.record_gb * 1e9),
                rtmp=plan.rtmp,
            ),
            self._film,
        )
        self.dreamer = KeptChild(
            "dreamer",
            plan.dreamer,
            self._words,
            self._hear,
            begun=self._begun,
            patience=DREAMER,
            environment=ENVIRONMENT,
        )
        self.totals = Totals()
        #: Whether a dreamer is on the air.
        self.ready = False
        #: What is dreamt; None before the first topic.
        self.scene: Tableau | None = None
        #: Called after every change of what is dreamt.
        self.listeners: list[Callable[[], None]] = []
        #: Further tasks that run as long as the show does, by name; begun again where they end.
        self.tasks: dict[str, Callable[[], Awaitable[None]]] = {}
        #: What says how often other connections came back, as a chat's.
        self.links: list[Callable[[], int]] = []
        self.restarts: dict[str, int] = {}
        self._orders: dict[type, Order] = {}
        self._paused = False
        self._awake = asyncio.Event()
        self._kept = KeptState(plan.data / "state")
        self._running: list[asyncio.Task[None]] = []
        self._trouble = ""
        #: Set where no dreamer can ever begin; ``why`` says why in a sentence.
        self.failed = asyncio.Event()
        self.why = ""
        self._once_ready = False
        self._ring: FrameRing | None = None

    # -- What others use -------------------------------------------------------------------------------------

    @property
    def topics(self) -> Any:
        """What may be wished for."""
        return self.crowd.topics

    @property
    def viewers(self) -> int:
        """How many see the picture."""
        return len(self.air.picture)

    @property
    def counts(self) -> ShowCount | None:
        """What the dreamer said last of its frames."""
        return self.totals.now

    @property
    def reconnects(self) -> int:
        """How often connections to elsewhere came back: the stream's, the chat's."""
        stream = self.air.stream_state.reconnects if self.air.stream_state else 0
        return stream + sum(link() for link in self.links)

    def newest(self) -> NDArray[np.uint8] | None:
        """The newest frame, (H, W, 3); None before the first."""
        try:
            if self._ring is None or self._ring.replaced:
                if self._ring is not None:
                    self._ring.close()
                self._ring = FrameRing.open(self.plan.ring)
        except ResourceError:
            self._ring = None
            return None
        frame = self._ring.newest()
        return None if frame is None else frame.rgb

    def order(self, order: Order) -> None:
        """Tell the dreamer something; what lasts is told again to one that is begun anew."""
        if isinstance(order, _LASTING):
            self._orders[type(order)] = order
        elif isinstance(order, PauseDream | GoOn):
            self._paused = isinstance(order, PauseDream)
        self.dreamer.say(line(order))

    def wake(self) -> None:
        """Look at once whether something else is to be dreamt."""
        self._awake.set()

    # -- From beginning to end -------------------------------------------------------------------------------

    async def start(self) -> None:
        """Take up what was kept, and begin."""
        await asyncio.to_thread(self._take_up)
        self.air.start()
        work: dict[str, Callable[[], Awaitable[None]]] = {"topics": self._turn, "kept state": self._keep}
        for name, task in {**work, **self.tasks}.items():
            self._running.append(asyncio.create_task(self._always(name, task)))
        self._running.append(asyncio.create_task(self.dreamer.run()))

    async def stop(self) -> None:
        """End all in good order, and keep what there is."""
        await asyncio.gather(self.dreamer.end(), self.air.stop())
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._write()

    async def _always(self, name: str, task: Callable[[], Awaitable[None]]) -> None:
        """Have a task done for ever, whatever goes wrong in it."""
        wait = SOON
        while True:
            began = time.monotonic()
            try:
                await task()
            except Exception:
                _log.exception("%s: broke; it is begun again", name)
            self.restarts[name] = self.restarts.get(name, 0) + 1
            wait = SOON if time.monotonic() - began > LATEST else min(LATEST, 2 * wait)
            await asyncio.sleep(wait)

    # -- Topics ----------------------------------------------------------------------------------------------

    async def _turn(self) -> None:
        while True:
            if (found := self.crowd.next_topics(time.time())) is not None:
                self._show(found)
            self._awake.clear()
            try:
                async with asyncio.timeout(TICK):
                    await self._awake.wait()
            except TimeoutError:
                continue

    def _show(self, scene: Tableau) -> None:
        self.scene = scene
        order = scene.order()
        self.order(order)
        if self.notes is not None:
            self.notes.note(order, time.time())
            self._later(self._write_notes())
        for listener in self.listeners:
            listener()

    # -- The dreamer -----------------------------------------------------------------------------------------

    def _words(self) -> list[str]:
        show = self.show
        words = ["--ring", self.plan.ring, "--data", str(self.data), "--size", "{}x{}".format(*show.size)]
        words += ["--fps", str(show.fps), "--pace", show.pace, "--network", show.network]
        words += ["--seed", str(show.seed)]
        return [*words, *(["--offline"] if self.plan.offline else []), *self.plan.words]

    def _begun(self) -> None:
        """Tell a new dreamer what holds."""
        if self.why and not self._once_ready and self.dreamer.restarts:
            self.failed.set()
        camera = self.show.camera
        self.totals.turn()
        moves = MoveCamera(
            zoom=camera.zoom,
            turn=camera.rotate,
            pan_x=camera.pan_x,
            pan_y=camera.pan_y,
            repeat=camera.repeat,
        )
        for order in (moves, *self._orders.values(), *([PauseDream()] if self._paused else [])):
            self.dreamer.say(line(order))

    async def _hear(self, stream: asyncio.StreamReader) -> None:
        try:
            while text := await stream.readline():
                try:
                    report = read_report(text)
                except BadInput as error:
                    _log.warning("the dreamer: %s", error)
                    continue
                self._reported(report)
        finally:
            self.ready = False

    def _reported(self, report: object) -> None:
        self.dreamer.alive()
        if isinstance(report, ShowReady):
            self.ready = self._once_ready = True
            self.air.take(report.ring)
            if classes := getattr(report, "classes", None):
                self.crowd.learn(classes)
        elif isinstance(report, ShowCount):
            self.totals.now = report
        elif isinstance(report, ShowError):
            self.why = report.words
            if self._once_ready:
                _log.warning("the dreamer: %s", report.words)

    # -- What is kept ----------------------------------------------------------------------------------------

    def _film(self, name: str, began: float) -> None:
        if self.notes is not None:
            self.notes.begin(name, began, self.scene.order() if self.scene else None)
            self._later(self._write_notes())

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            await self._write()

    async def _write(self) -> None:
        """Keep all of it; a disk that is full or gone ends nothing."""
        state = {
            "saved": time.time(),
            "totals": self.totals.all(),
            "paused": self._paused,
            "calm": order.factor if isinstance(order := self._orders.get(CalmDown), CalmDown) else None,
            "crowd": self.crowd.state(),
        }
        try:
            await asyncio.to_thread(self._kept.write, state)
            self._trouble = ""
        except OSError as error:
            words = f"{self._kept.path}: cannot be written ({error.strerror}); the show goes on"
            if words != self._trouble:
                _log.warning("%s", words)
            self._trouble = words
        await self._write_notes()

    async def _write_notes(self) -> None:
        if self.notes is not None:
            try:
                await asyncio.to_thread(self.notes.write)
            except OSError as error:
                _log.warning("notes beside the recording cannot be written (%s)", error.strerror)

    def _take_up(self) -> None:
        """Go on where the show was; what cannot be read is said, and the show begins anew."""
        try:
            state = self._kept.read()
            if state is None:
                return
            self.crowd.restore(state["crowd"], time.time())
            self.totals.before.update({key: int(state["totals"][key]) for key in _COUNTED})
            self._paused = bool(state["paused"])
            if state["calm"] is not None:
                self._orders[CalmDown] = CalmDown(factor=state["calm"])
        except (ReverieError, KeyError, TypeError, ValueError) as error:
            _log.warning("%s", error if isinstance(error, ReverieError) else f"{self._kept.path}: {error!r}")

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._running = [one for one in self._running if not one.done()]
        self._running.append(task)
