"""The protocol of every job: what it will cost, doing it, what came of it, and who is told on the way.

    job = DreamJob(recipe=preset("reverie"), photo="me.jpg", output="dream.png")
    print(job.estimate().text)
    result = job.run(listener)

A job is a value: kind, recipe, inputs and output, all of which JSON holds. ``document()`` writes it down, and
``jobs.document.read_job`` makes the same job of what was written: that is what a queue, a web page or another
machine passes around. What runs it is a ``Workspace``, and what watches it is a ``Listener``.
"""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Generic, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict

from reverie.jobs.claims import Claim, Named, claimed, reads_of
from reverie.jobs.foreign_names import check_no_functions
from reverie.jobs.output import Written, memory_errors
from reverie.jobs.workspace import Workspace
from reverie.media.picture import Picture
from reverie.media.picture.picture import no_larger
from reverie.process.notices import collect_warnings
from reverie.recipe.recipe import Recipe

#: Version of the job documents' own format, raised when a field changes its meaning.
FORMAT = 1


@dataclass(frozen=True)
class Started:
    """A job begins: what it is called, and how many items it makes (None where nobody knows)."""

    label: str
    total: int | None = None


@dataclass(frozen=True)
class Step:
    """One step of the work: of gradient ascent, a frame of a film, a generation.

    Attributes:
        label: The item that is being made.
        text: How far it is, in words: ``octave 1/4, step 3/30, score 1.23``.
        share: How much of the whole job is done, 0 to 1; None where nobody knows.
        score: The objective before the step.
        moved: RMS distance from the start, 0..1.
        ends: Whether an octave, or the item, ends with this step.
        more: All of it for a line of a log.
        source: What the maker yielded: a frame of the loop, of a film, or a generation.
        draw: Makes the picture.
        draw_small: Makes it with its longer side no longer than so many pixels, in less time.
    """

    label: str
    text: str
    share: float | None = None
    score: float = 0.0
    moved: float = 0.0
    ends: bool = False
    more: str = ""
    source: Any = field(default=None, repr=False, compare=False)
    draw: Callable[[], Picture] | None = field(default=None, repr=False, compare=False)
    draw_small: Callable[[int], Picture] | None = field(default=None, repr=False, compare=False)

    def small(self, side: int) -> Picture | None:
        """``picture`` with its longer side no longer than ``side`` pixels, made as ``picture`` is."""
        if self.draw_small is not None:
            return self.draw_small(side)
        picture = self.picture
        return None if picture is None else no_larger(picture, side)

    @property
    def picture(self) -> Picture | None:
        """The picture as it would be saved now, made when it is asked for; None where there is none.

        Ask while the event is being handled: the next step moves on.
        """
        return None if self.draw is None else self.draw()


@dataclass(frozen=True)
class ItemFinished:
    """One item is finished: a photograph of a batch, a portrait, a file; ``path`` is where it is.

    ``result`` says what came of it, ``skipped`` that it had been there already, ``error`` why it failed.
    """

    label: str
    done: int
    total: int | None
    path: str | None = None
    result: Result | None = None
    skipped: bool = False
    error: Exception | None = None


@dataclass(frozen=True)
class Kept:
    """The job ends before its time and can be gone on with: ``done`` of ``total`` frames are safe."""

    label: str
    done: int
    total: int | None


@dataclass(frozen=True)
class Warned:
    """Something that the user should know and that does not stop the work."""

    text: str


@dataclass(frozen=True)
class Finished:
    """The job ended, before its time if ``result.stopped`` says where."""

    result: Result


Event = Started | Step | ItemFinished | Kept | Warned | Finished


class Stopped(Exception):
    """A listener asked to stop, deep within the work; says where, in words. It ends in a job's result."""


class Listener:
    """Who is told of a job and asked whether it goes on. Every method does nothing unless it is overridden.

    Methods are called in the thread that works; what one raises ends the job as an error does.
    """

    def on_event(self, event: Event) -> None:
        """Take an event."""

    def should_stop(self) -> bool:
        """Whether to stop after this step; what there is is kept, and the result says where it ended."""
        return False

    def steer(self, recipe: Recipe) -> Recipe | None:
        """The recipe to go on with from the next step on, or None for the one at work.

        Asked before each step of a dream, and each frame of a zoom. Only settings of ``STEERABLE`` may
        change, and of a zoom its own but for ``OPENING``; what changed is recorded in the result, so that it
        can be made again.
        """
        return None

    def writes(self) -> Iterable[Claim]:
        """The files that it writes itself, such as a preview's."""
        return ()


class Listeners(Listener):
    """Several listeners as one: all are told, one is enough to stop, the last one that steers does."""

    def __init__(self, *listeners: Listener) -> None:
        self.listeners = listeners

    def on_event(self, event: Event) -> None:
        for listener in self.listeners:
            listener.on_event(event)

    def should_stop(self) -> bool:
        return any([listener.should_stop() for listener in self.listeners])

    def steer(self, recipe: Recipe) -> Recipe | None:
        found = None
        for listener in self.listeners:
            found = listener.steer(found or recipe) or found
        return found

    def writes(self) -> Iterable[Claim]:
        return [target for listener in self.listeners for target in listener.writes()]


@dataclass(frozen=True)
class Estimate:
    """What a job will cost, measured on a small trial of it.

    Attributes:
        seconds: How long it takes; None where nobody knows how much there is to do.
        bytes: Memory that it takes beside the program itself; None where it was not looked at.
        text: All of it in words, as lines.
        details: All of it as JSON.
        parts: The estimates of its items, where it has several.
    """

    seconds: float | None
    bytes: int | None
    text: str
    details: Mapping[str, Any]
    parts: tuple[Estimate, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Result:
    """What came of a job.

    Attributes:
        files: What was written, the most important first.
        seconds: How long it took.
        warnings: What was warned of, each once.
        stopped: Where it was stopped, in words; empty if it came to its end.
    """

    files: tuple[str, ...] = ()
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()
    stopped: str = ""

    def said(self, named: Callable[[str], str]) -> Self:
        """The same with every text of it as ``named`` gives it: of a part that another machine made."""
        return replace(self, warnings=tuple(map(named, self.warnings))) if self.warnings else self

    def as_json(self) -> dict[str, Any]:
        """A JSON object."""
        return {"files": list(self.files), "seconds": round(self.seconds, 3), "warnings": list(self.warnings)}


R = TypeVar("R", bound=Result)


class Job(BaseModel, Generic[R]):
    """What is to be made, from what, into what: a value that JSON holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    kind: str

    def document(self) -> dict[str, Any]:
        """The job as a JSON object; ``read_job`` makes the same job of it.

        Raises:
            UsageError: Its objective is a function of Python, which no document holds.
        """
        if isinstance(recipe := getattr(self, "recipe", None), Recipe):
            check_no_functions(recipe, "job")
        return self.model_dump(mode="json")

    @property
    @abstractmethod
    def label(self) -> str:
        """What the job is called when it is told of."""

    def total(self) -> int | None:
        """How many items it makes; None where that is not known before it runs."""
        return 1

    def reads(self, workspace: Workspace) -> Iterable[Named]:
        """Every file that it reads: what it is, in words, and its path; none of them is ever written."""
        return reads_of(self, workspace)

    def writes(self, workspace: Workspace) -> Iterable[Claim]:
        """Everything that it writes; nobody else writes it meanwhile."""
        output = getattr(self, "output", None)
        return [Claim(output.path)] if isinstance(output, Written) else []

    @abstractmethod
    def estimate(self, workspace: Workspace | None = None) -> Estimate:
        """What it will cost, measured on a small trial; nothing is written. Errors as of ``run``."""

    def run(self, listener: Listener | None = None, workspace: Workspace | None = None) -> R:
        """Do it; what an earlier run left unfinished is gone on with.

        Args:
            listener: Who is told, and asked whether to stop.
            workspace: Networks that are loaded, how references are opened, limits; a new one if missing.

        Returns:
            What came of it; ``stopped`` says where, if the listener stopped it.

        Raises:
            UsageError: It would write over what it reads; nothing is touched.
            ResourceError: Another process is making the same.
            ReverieError: Of the kind that fits. What is finished by then is kept.
        """
        told, place = listener or Listener(), workspace or Workspace()
        began = time.monotonic()
        with collect_warnings(lambda text: told.on_event(Warned(text))) as said, memory_errors():
            told.on_event(Started(self.label, self.total()))
            reads = [*place.given, *self.reads(place)]
            with claimed(reads, [*self.writes(place), *told.writes()]):
                result = self._work(told, place)
        result = replace(result, seconds=time.monotonic() - began, warnings=tuple(said))
        told.on_event(Finished(result))
        return result

    @abstractmethod
    def _work(self, listener: Listener, workspace: Workspace) -> R:
        """What ``run`` does between its first event and its last."""


class PartJob(Job[R], Generic[R]):
    """A part of another job, which nobody has measured: the other one is asked."""

    #: Whose part it is, as its estimate says it.
    part_of: ClassVar[str]

    def total(self) -> None:
        return None

    def estimate(self, workspace: Workspace | None = None) -> Estimate:
        """Nothing is known but whose part it is."""
        return Estimate(None, None, f"{self.label}: {self.part_of}", {})
