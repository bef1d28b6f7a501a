"""A zoom or a film carried out into a file that goes on after any end."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import ValidationError

from reverie.errors import BadInput, Interrupted, ResourceError
from reverie.jobs.moving_source import Made, Work, vanished
from reverie.jobs.old_run import Run, check_writable, memory_errors
from reverie.jobs.provenance import EngineNote, MovingNote, Provenance
from reverie.media.picture import MAX_PIXELS, Picture
from reverie.notices import collect_warnings, warn
from reverie.recipe.recipe import Recipe

if TYPE_CHECKING:
    from reverie.ascent.loop import Frame
    from reverie.ascent.session import Session
    from reverie.media.video.write.formats import Encoding
    from reverie.media.video.write.render import Render
    from reverie.motion.flashing.guard import FlashGuard, FlashReport
    from reverie.network.network import Net

#: Seconds after which frames are made safe, even where fewer than a second of the film is there.
PATIENCE = 10.0


@dataclass(frozen=True)
class MovingOutput:
    """How a film is written; ``codec`` and ``quality`` None take what suits the name's ending."""

    codec: str | None = None
    quality: int | None = None
    metadata: bool = True
    overwrite: bool = False
    allow_flashes: bool = False

    def check(self, out: str, *, writes: bool = True) -> Encoding:
        """How a film of this name is packed, asked before the work; ``writes``: and whether it can be there.

        Raises:
            UsageError: No such container, codec or quality, or something else is there.
            ResourceError: Nothing can be written there.
        """
        from reverie.media.video.write.formats import encoding_for
        from reverie.media.video.write.work_folder import check_target, target

        encoding = encoding_for(out, codec=self.codec, quality=self.quality)
        if not writes:
            return encoding
        place = target(out, encoding)
        check_target(place, out, encoding, overwrite=self.overwrite)
        if not place.parent.is_dir():
            raise ResourceError(f"cannot write {out}: there is no folder {place.parent}; create it first")
        check_writable(os.fspath(place.parent), out)
        return encoding


@dataclass(frozen=True)
class Progress:
    """How far it is: after frame ``index`` of ``frames`` (None where nobody knows how many there are).

    ``before`` frames were there when this sitting began.
    """

    made: Made
    frames: int | None
    before: int


@dataclass(frozen=True)
class MovingResult:
    """What came of a zoom or a film."""

    path: str
    size: tuple[int, int]
    frames: int
    length: float  # seconds that it plays
    rate: Fraction
    seconds: float  # of this sitting
    before: int  # frames that earlier sittings made
    recipe: Recipe
    flashes: FlashReport
    warnings: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """A JSON object."""
        return {
            "path": self.path,
            "size": list(self.size),
            "frames": self.frames,
            "length": round(self.length, 6),
            "rate": str(self.rate),
            "seconds": round(self.seconds, 3),
            "resumed_at": self.before,
            "flashes": self.flashes.as_dict(),
            "recipe": self.recipe.model_dump(mode="json"),
            "warnings": list(self.warnings),
        }


@dataclass(frozen=True)
class _Listener:
    """Who is told how far it is, and asked whether to go on."""

    each: Callable[[Progress], None] | None
    opening: Callable[[Frame], None] | None
    stop: Callable[[], bool] | None

    def tell(self, progress: Progress) -> None:
        """A frame is made."""
        if self.each is not None:
            self.each(progress)

    def tell_step(self, frame: Frame) -> None:
        """A step of a dream that a scene opens with is made; Interrupted if it was the last one wanted."""
        if self.opening is not None:
            self.opening(frame)
        if self.stops():
            raise Interrupted("stopped in the dream that a scene opens with")

    def stops(self) -> bool:
        """Whether to stop here."""
        return self.stop is not None and self.stop()


class _Shrunk(Exception):
    """Memory ran out before anything was safe: all of it is done again in smaller tiles."""


class Moving:
    """A work, and the network at it. Use it once.

    Attributes:
        kept: Frames that are safe, also after an error.
    """

    def __init__(
        self,
        work: Work,
        *,
        max_pixels: int = MAX_PIXELS,
        offline: bool = False,
        engine: EngineNote | None = None,
        paths: Mapping[str, str] | None = None,
        net: Net | None = None,
    ) -> None:
        """A work to be carried out; the arguments are those of ``Run``, and so are its errors."""
        self.work = work
        self.kept = 0
        self._engine = engine
        self._more: dict[str, Any] = {
            "max_pixels": max_pixels,
            "offline": offline,
            "paths": paths,
            "net": net,
        }
        self.run = Run(work.recipe, engine=engine, **self._more)
        self.recipe = work.bare(self.run.recipe)

    @property
    def session(self) -> Session:
        """The network at work."""
        return self.run.session

    def settle(self) -> None:
        """Load the network, resolve every name and choose the tiles: what cannot be is said now."""
        width, height = self.work.size
        for recipe in self.work.objectives(self.recipe):
            for octave in range(len(recipe.objective)):
                self.session.goal(recipe, octave)
        self.run.begin(Picture(np.zeros((height, width, 3), np.float32)))

    def provenance(self, output: MovingOutput, encoding: Encoding) -> Provenance:
        """What is written into the result, and what decides its bytes."""
        work = self.work
        blank = Picture(np.zeros((1, 1, 3), np.float32), source=work.source)
        note = self.run.provenance(blank, 8, output.quality, None, self.recipe)
        moving = MovingNote(
            size=work.size,
            rate=str(work.rate),
            codec=encoding.codec,
            container=encoding.container,
            allow_flashes=output.allow_flashes,
        )
        return note.model_copy(update={"files": note.files + work.notes(), "moving": moving})

    def carry_out(
        self,
        out: str,
        output: MovingOutput | None = None,
        *,
        each: Callable[[Progress], None] | None = None,
        opening: Callable[[Frame], None] | None = None,
        stop: Callable[[], bool] | None = None,
    ) -> MovingResult:
        """Make the film, or go on with the one that was begun under this name.

        Args:
            out: The result; its ending chooses the container.
            output: How it is written.
            each: Called after each frame.
            opening: Called after each step of the dreams that scenes open with, which take far longer.
            stop: Asked after each frame and each of those steps; on True what there is is made safe and
                ``Interrupted`` raised.

        Raises:
            Interrupted: As asked for; the same call goes on.
            UsageError: Something else was begun or stands under this name.
            ResourceError: Disk or memory ran out, or the source vanished; ``kept`` frames are safe.
            ReverieError: Of other kinds, before the work or where the source is damaged.
        """
        output = output or MovingOutput()
        encoding = output.check(out)
        began, listener = time.monotonic(), _Listener(each, opening, stop)
        with collect_warnings() as said, memory_errors():
            for words in self.work.warnings:
                warn(words)
            self._pin(out)
            while True:
                try:
                    made = self._sitting(out, output, encoding, listener)
                    break
                except _Shrunk:
                    continue
            frames, length, before, report = made
            if words := report.words():
                warn(words)
        return MovingResult(
            out,
            self.work.size,
            frames,
            float(length),
            self.work.rate,
            time.monotonic() - began,
            before,
            self.recipe,
            report,
            tuple(said),
        )

    def _pin(self, out: str) -> None:
        """Settle; where this very film was begun, on the engine and in the tiles that began it."""
        from reverie.engine.select import NoEngineError
        from reverie.media.video.write.render import key_of

        found = key_of(out)
        if found is not None and self._engine is None:
            same = found.get("recipe") == self.recipe.model_dump(mode="json")
            note = _engine_in(found) if same else None
            if note is not None:
                self.run = Run(self.work.recipe, engine=note, **self._more)
                try:
                    _ = self.session
                except NoEngineError:  # another machine: the key will tell
                    self.run = Run(self.work.recipe, engine=None, **self._more)
        self.settle()

    def _sitting(
        self,
        out: str,
        output: MovingOutput,
        encoding: Encoding,
        listener: _Listener,
    ) -> tuple[int, Fraction, int, FlashReport]:
        """One sitting at the film: (frames, seconds that they play, frames of earlier sittings, flashes)."""
        from reverie.media.video.write.render import Render
        from reverie.motion.flashing.guard import FlashGuard

        work = self.work
        note = self.provenance(output, encoding)
        with Render(
            out,
            note.document(),
            size=work.size,
            rate=work.rate,
            encoding=encoding,
            aspect=work.aspect,
            alpha=work.alpha,
            overwrite=output.overwrite,
            patience=PATIENCE,
        ) as render:
            self.kept = before = render.done
            kept = render.state
            length = Fraction(0)
            guard = FlashGuard(work.size, work.rate, allow=output.allow_flashes)
            if kept is not None:
                guard, length = FlashGuard.from_dict(kept["guard"]), Fraction(kept["length"])
            try:
                frames = before
                if not render.complete:
                    frames, length = self._frames(render, guard, length, listener)
                report = guard.report()
                found = {name: float(value) for name, value in report.as_dict().items()}
                document = note.model_copy(update={"flashes": found}).document()
                sound = work.sound() if encoding.keeps_sound else None
                render.finish(sound=sound, metadata=document if output.metadata else None)
            finally:
                self.kept = render.done
        return frames, length, before, report

    def _frames(
        self, render: Render, guard: FlashGuard, length: Fraction, listener: _Listener
    ) -> tuple[int, Fraction]:
        """Every frame that is missing, into the render: how many there are then, and how long they play."""
        work, before, state = self.work, render.done, render.state
        shrunk = self.session.shrunk
        count = before
        kept = None if state is None else state["work"]
        frames = work.make(self.recipe, self.session, kept, listener.tell_step)
        try:
            with closing(frames):
                for made in frames:
                    if self.session.shrunk != shrunk:
                        self._out_of_memory(render)
                    length = max(length, made.time + made.duration)
                    self._add(render, guard, made, length)
                    count += 1
                    listener.tell(Progress(made, work.frames, before))
                    if listener.stops() and count != work.frames:
                        raise Interrupted(f"stopped after frame {count} of {work.frames or 'a film'}")
        except Interrupted:
            render.keep()  # what a scene opens with has a state of its own: the last frame's is as it was
            raise
        except (BadInput, ResourceError, OSError) as error:
            gone = vanished(work, error)
            if gone is None:
                raise
            render.keep()  # it was read ahead: nothing had begun to move since the last frame
            raise gone from error
        return count, length

    def _add(self, render: Render, guard: FlashGuard, made: Made, length: Fraction) -> None:
        """One frame, its light held where it flashes, with the state to go on from."""

        def state() -> dict[str, Any]:
            work = made.state.state_dict()
            return {"work": work, "guard": guard.state_dict(), "length": str(length)}

        rgb = guard(made.rgb, made.time)
        if self.work.alpha and made.alpha is not None:
            rgb = np.dstack([rgb, made.alpha])
        render.add(rgb, made.time, made.duration, state)

    def _out_of_memory(self, render: Render) -> None:
        """Begin again in smaller tiles, or end where that would throw away what is safe."""
        if render.done:
            raise ResourceError("out of memory; close other programs and go on, or begin with --max-size")
        raise _Shrunk


def _engine_in(key: Mapping[str, Any]) -> EngineNote | None:
    """The engine that a key names, if it does."""
    try:
        return EngineNote.model_validate(key.get("engine"))
    except ValidationError:
        return None
