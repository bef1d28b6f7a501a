"""What a worker tells of a job while it works, and how it is stopped, paused and steered meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from reverie.errors import ReverieError
from reverie.jobs.job import Event, ItemFinished, Listener, Started, Step, Warned
from reverie.jobs.steering import STEERABLE
from reverie.recipe.recipe import Recipe
from reverie.web.previews import TYPE, webp

Tell = Callable[..., None]
#: The least seconds from one preview to the next.
BETWEEN: Final = 0.04
#: How much longer than an errand the job goes on before the next one; likewise than a picture that has to
#: be drawn for its preview, as the sheet of an evolution.
ERRANDS: Final = 2.0
DRAWN: Final = 4.0


class GivenUp(Exception):
    """The job was given up: cancelled, or put back into the line for others."""


class JobWatch(Listener):
    """Listens to a job for the server; its other methods are called by the thread that hears the server.

    Args:
        tell: Sends a message, with bytes behind it or none.
        steered: What was changed in an earlier try, which is changed again at the same places.
        seconds: After which the job is stopped, and what there is is kept.
        check: Raises where a recipe cannot be gone on with.
        errand: Does something small if there is anything, and says whether there was.
    """

    def __init__(
        self,
        tell: Tell,
        steered: Sequence[dict[str, Any]],
        seconds: float,
        check: Callable[[Recipe], object],
        errand: Callable[[], bool] = lambda: False,
    ) -> None:
        self.ended = ""
        self._tell, self._check = tell, check
        self._again = {_key(one["at"]): one["changes"] for one in steered}
        self._until = time.monotonic() + seconds
        self._at: list[int] | None = None
        self._wishes: list[dict[str, Any]] = []
        self._first: Recipe | None = None
        self._paused = self._stop = False
        self._turn = threading.Condition()
        self._side, self._next_preview = 0, 0.0
        self._errand, self._next_errand = errand, 0.0

    # -- said by the server -------------------------------------------------------------------------------

    def stop(self) -> None:
        """End after this step, and keep what there is."""
        with self._turn:
            self._stop, self._paused = True, False
            self._turn.notify_all()

    def pause(self, paused: bool) -> None:
        """Wait after this step, or go on."""
        with self._turn:
            if paused:
                self._until -= time.monotonic()
            elif self._paused:
                self._until += time.monotonic()
            self._paused = paused
            self._turn.notify_all()

    def give_up(self, why: str) -> None:
        """End after this step, and keep nothing: ``cancelled``, or ``yielded`` to be begun anew later."""
        with self._turn:
            self.ended, self._paused = why, False
            self._turn.notify_all()

    def go_on(self) -> None:
        """GivenUp where it was, or took too long: for work that tells of no steps."""
        with self._turn:
            if self.ended or time.monotonic() > self._until:
                raise GivenUp(self.ended or "late")

    def steer(self, recipe: Recipe) -> Recipe | None:
        """What the loop asks before each step."""
        self._first = self._first or recipe
        with self._turn:
            wishes, self._wishes = self._wishes, []
        again = self._again.pop(_key(self._at), None)
        found = None
        for changes in [*([] if again is None else [again]), *wishes]:
            found = self._steered(changes) or found
        return found

    def _steered(self, changes: dict[str, Any]) -> Recipe | None:
        """The recipe that it began with, changed; None where that cannot be, of which is warned."""
        assert self._first is not None
        try:
            wanted = self._first.but(**{n: v for n, v in changes.items() if n in (*STEERABLE, "zoom")})
            self._check(wanted)
        except ReverieError as error:
            self._tell({"type": "warning", "text": str(error)})
            return None
        self._tell({"type": "steered", "at": self._at, "changes": changes})
        return wanted

    def want(self, changes: dict[str, Any]) -> None:
        """Steer: changes of the recipe that the job began with."""
        with self._turn:
            self._wishes.append(changes)

    def show(self, side: int) -> None:
        """Send previews whose longer side is so many pixels; none for 0."""
        self._side = side

    # -- said by the job ----------------------------------------------------------------------------------

    def should_stop(self) -> bool:
        return self._stop or time.monotonic() > self._until

    def on_event(self, event: Event) -> None:
        if isinstance(event, Step):
            self._step(event)
        elif isinstance(event, Started):
            self._tell({"type": "started", "label": event.label})
        elif isinstance(event, Warned):
            self._tell({"type": "warning", "text": event.text})
        elif isinstance(event, ItemFinished) and event.path is not None and event.error is None:
            size = getattr(event.result, "size", None)
            self._tell({"type": "item", "label": event.label, "path": event.path, "size": size})

    def _step(self, step: Step) -> None:
        frame = step.source
        told: dict[str, Any] = {"type": "step", "label": step.label, "text": step.text, "share": step.share}
        told |= {"score": step.score, "moved": step.moved}
        octave = getattr(frame, "octave", None)
        if octave is not None:
            self._at = [octave.index, frame.step]
            told |= {"octave": octave.index, "octaves": frame.octaves, "step": frame.step}
            told |= {"steps": octave.steps, "width": octave.size[0], "height": octave.size[1]}
        elif hasattr(frame, "frames"):
            self._at = [frame.index + 1]  # the frame that is asked for next
            told |= {"frame": frame.index, "frames": frame.frames}
        self._tell(told)
        self._preview(step, told)
        self._between()
        with self._turn:
            while self._paused:
                self._turn.wait()
            if self.ended:
                raise GivenUp(self.ended)

    def _between(self) -> None:
        """Do an errand, where the job had twice its time since the last one."""
        began = time.monotonic()
        if began >= self._next_errand and self._errand():
            ended = time.monotonic()
            self._next_errand = ended + ERRANDS * (ended - began)

    def _preview(self, step: Step, told: dict[str, Any]) -> None:
        side, now = self._side, time.monotonic()
        if not side or (now < self._next_preview and not step.ends):
            return
        picture = step.small(side)
        if picture is None:
            return
        drawn = 0.0 if step.draw_small is not None else time.monotonic() - now
        self._next_preview = now + max(BETWEEN, DRAWN * drawn)
        data, (width, height) = webp(picture, side)
        head = {"type": "preview", "step": told.get("step"), "octave": told.get("octave"), "media": TYPE}
        self._tell(head | {"width": width, "height": height}, data)


def _key(at: Sequence[int] | None) -> tuple[int, ...] | None:
    return None if at is None else tuple(at)
