"""The process that dreams the show: ``python -m reverie.live.dreamer.child``, a child of the server.

It takes orders from standard input, tells of itself on standard output, and puts frames into a ring. When the
server is gone its input ends, and so does it, in good order. Killed, it goes on from what it kept last.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from reverie.engine.environment import ENVIRONMENT
from reverie.errors import BadInput, ReverieError
from reverie.live.dreamer.protocol import (
    KeepState,
    Order,
    SetTopics,
    ShowCount,
    ShowError,
    ShowReady,
    StateKept,
)
from reverie.live.dreamer.talk import ChildOptions, Talk
from reverie.live.frames import FrameRing
from reverie.process.cores import cores

#: Seconds between two writings of the state.
KEEPS: Final = 10.0
#: Networks whose classes the server knows.
KNOWN: Final = ("lite0", "lite1", "lite2")
_TICK: Final = 0.05


class ShowChild:
    """The dream, its projector, and the talk with the server."""

    def __init__(self, options: ChildOptions) -> None:
        self._options = options
        self._talk = Talk(self._obey)
        self._waiting: list[Order] = []
        self._turn = threading.Lock()
        self._dream: Any = None
        self._keep_now = threading.Event()
        self._problem: BaseException | None = None
        self._told: tuple[int, dict[str, float]] = (0, {})

    def run(self) -> int:
        """Show until the server says ``end`` or is gone; the exit status."""
        self._talk.listen()
        try:
            with FrameRing.create(self._options.ring, self._options.size) as ring:
                return self._run(ring)
        except ReverieError as error:
            self._talk.voice.say(ShowError(words=str(error)))
            return error.exit_code

    def _run(self, ring: FrameRing) -> int:
        from reverie.live.dreamer.projector import Projector

        dream, ready = self._begun()
        projector = Projector(dream, ring, failed=self._failed)
        projector.start()
        try:
            self._tend(dream, projector, ring, ready)
        finally:
            projector.end()
            self._keep(dream)
        if self._problem is not None:
            self._talk.voice.say(ShowError(words=f"{type(self._problem).__name__}: {self._problem}"[:500]))
            return 1
        return 0

    def _begun(self) -> tuple[Any, ShowReady]:
        """The dream as it was kept, or a new one, and what is said once its first frame is there."""
        import cv2

        from reverie.live.dreamer.keyframe import live_recipe, live_session
        from reverie.live.dreamer.show_dream import ShowDream

        options = self._options
        cv2.setNumThreads(1)
        recipe = live_recipe(
            options.size, network=options.network, seed=options.seed, threads=threads_for(cores())
        )
        session = live_session(recipe, offline=options.offline)
        classes = None
        if options.network not in KNOWN and session.net.classes is not None:
            classes = tuple(session.net.classes.name(k) for k in range(len(session.net.classes)))
        dream = ShowDream(
            recipe,
            session,
            fps=options.fps,
            pace=options.pace,
            aside=lambda: live_session(recipe.model_copy(update={"threads": 1}), net=session.net),
            kept=self._kept(),
        )
        with self._turn:
            self._dream, waiting = dream, self._waiting
        for order in waiting:
            try:
                self._obey(order)
            except ReverieError as error:
                self._talk.voice.say(ShowError(words=str(error)))
        return dream, ShowReady(size=options.size, fps=options.fps, ring=options.ring, classes=classes)

    def _kept(self) -> dict[str, Any] | None:
        from reverie.live.dreamer.kept_dream import WHERE, kept

        try:
            return kept(self._options.data, self._options.size)
        except BadInput as error:
            file = self._options.data / WHERE
            with suppress(OSError):
                os.replace(file, file.with_name(file.name + ".bad"))
            self._talk.voice.say(ShowError(words=str(error)))
            return None

    # -- orders -------------------------------------------------------------------------------------------

    def _obey(self, order: Order) -> None:
        """Do what the server says; what comes before the dream has begun waits for it."""
        with self._turn:
            if self._dream is None:
                self._waiting.append(order)
                return
        if isinstance(order, KeepState):
            self._keep_now.set()
            return
        if isinstance(order, SetTopics):
            self._dream.check(order)
        self._dream.order(order)

    # -- while it runs ------------------------------------------------------------------------------------

    def _tend(self, dream: Any, projector: Any, ring: FrameRing, ready: ShowReady) -> None:
        """Say ready and counts, and keep the state, until all is over."""
        said = False
        counted = kept = time.monotonic()
        while not self._talk.over.wait(_TICK) and self._problem is None:
            now = time.monotonic()
            if not said and ring.count:
                self._talk.voice.say(ready)
                said = True
            if said and now - counted >= 1:
                self._talk.voice.say(self._count(dream, projector))
                counted = now
            if said and (now - kept >= KEEPS or self._keep_now.is_set()):
                self._keep_now.clear()
                self._keep(dream)
                kept = now

    def _count(self, dream: Any, projector: Any) -> ShowCount:
        tally = dream.tally
        before, spent = self._told
        frames, seconds = max(1, tally.shown - before), dict(tally.seconds)
        self._told = tally.shown, seconds
        late, projector.latest = projector.latest, 0.0
        return ShowCount(
            shown=tally.shown,
            dreamt=tally.dreamt,
            repeated=tally.repeated,
            late_ms=round(max(0.0, late) * 1e3, 1),
            look=round(dream.governor.look, 3),
            gap=round(dream.governor.gap, 3),
            ms={part: round((seconds[part] - spent.get(part, 0.0)) * 1e3 / frames, 2) for part in seconds},
        )

    def _keep(self, dream: Any) -> None:
        from reverie.live.dreamer.kept_dream import keep

        try:
            self._talk.voice.say(StateKept(file=str(keep(self._options.data, dream.state_dict()))))
        except ReverieError as error:
            self._talk.voice.say(ShowError(words=str(error)))

    def _failed(self, problem: BaseException) -> None:
        self._problem = self._problem or problem


def threads_for(cores: int) -> int:
    """Threads of a keyframe on so many cores: what frames, their encoder and the server leave."""
    return max(1, cores * 3 // 4 - 1)


def main() -> int:
    """Begin."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    options = ChildOptions.of()
    Path(options.data).mkdir(parents=True, exist_ok=True)
    status = ShowChild(options).run()
    sys.stderr.flush()
    os._exit(status)  # the thread that hears may wait for ever


if __name__ == "__main__":
    main()
