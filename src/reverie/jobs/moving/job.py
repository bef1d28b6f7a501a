"""A zoom or a film carried out into a file that goes on after any end."""

from __future__ import annotations

import math
import time
from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import ValidationError

from reverie.jobs.claims import Claim, film_claims
from reverie.jobs.estimate import clock, runs_in_words, what_runs
from reverie.jobs.faces import FaceNotice
from reverie.jobs.job import Estimate, ItemFinished, Job, Kept, Listener, Result
from reverie.jobs.moving.film_frames import FrameSource, FrameWriter, Shrunk
from reverie.jobs.open_recipe import OpenRecipe
from reverie.jobs.output import FilmOutput
from reverie.jobs.provenance.note import EngineNote, MovingNote, Provenance, Steered
from reverie.jobs.steering import Steering
from reverie.jobs.workspace import Workspace
from reverie.media.picture import Picture
from reverie.process.notices import warn
from reverie.recipe.recipe import Recipe

if TYPE_CHECKING:
    from reverie.ascent.session import Session
    from reverie.media.video.write.formats import VideoEncoding
    from reverie.motion.flashing.guard import FlashReport

#: Seconds after which frames are made safe, even where fewer than a second of the film is there.
PATIENCE = 10.0
#: Longest side in pixels of frames that are tried, and how many of them after the opening.
TRIAL_FRAME_SIDE = 320
TRIAL_FRAMES = 4
#: Pictures that a zoom or a film keeps besides those of a dream: the last frame, its motion, what is carried.
MORE_PLANES = 8


@dataclass(frozen=True, kw_only=True)
class MovingResult(Result):
    """What came of a zoom or a film.

    Attributes:
        path: Where it is; where it will be, if it was stopped.
        size: (width, height) in pixels.
        frames: How many are safe: all of them, unless it was stopped.
        total: How many there are to be, or None where nobody knows.
        length: Seconds that they play.
        rate: Frames a second, nominal where they vary.
        before: How many of them were made by earlier runs.
        recipe: With bare file names.
        flashes: What was found of flashing light, and damped.
        steered: What a listener changed on the way.
    """

    path: str
    size: tuple[int, int]
    frames: int
    total: int | None
    length: float
    rate: Fraction
    before: int
    recipe: Recipe
    flashes: FlashReport
    steered: tuple[Steered, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Where the film is, its size, frames, length and time."""
        document = {
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
        return document | ({"stopped": self.stopped} if self.stopped else {})


class MovingWork:
    """A source of frames, and the network at it. Use it once.

    Attributes:
        faces: Says where somebody's face is about to be dreamt over; silent where ``engine`` is given.
        kept: Frames that are safe, also after an error.
        recipe: With bare file names.
    """

    def __init__(
        self,
        source: FrameSource,
        workspace: Workspace,
        *,
        engine: EngineNote | None = None,
        paths: Mapping[str, str] | None = None,
    ) -> None:
        """A source at work; ``engine``, ``paths`` and errors are those of ``OpenRecipe``."""
        self.source = source
        self.workspace = workspace
        self.kept = 0
        self._engine = engine
        self._paths = paths
        self.faces = FaceNotice(wanted=engine is None)
        self.opened = self._opened(engine)
        self.recipe = source.bare(self.opened.recipe)

    def on(self, source: FrameSource) -> MovingWork:
        """Another source at the same work, as a trial."""
        return MovingWork(source, self.workspace, engine=self._engine, paths=self._paths)

    def _opened(self, engine: EngineNote | None) -> OpenRecipe:
        return OpenRecipe(self.source.recipe, self.workspace, engine=engine, paths=self._paths)

    @property
    def session(self) -> Session:
        """The network at work."""
        return self.opened.session

    def settle(self) -> None:
        """Load the network, resolve every name and choose the tiles: what cannot be is said now."""
        width, height = self.source.size
        for recipe in self.source.objectives(self.recipe):
            for octave in range(len(recipe.objective)):
                self.session.goal(recipe, octave)
        self.opened.begin(Picture(np.zeros((height, width, 3), np.float32)))

    def carry_out(
        self,
        output: FilmOutput,
        encoding: VideoEncoding,
        listener: Listener,
        *,
        replay: Sequence[Steered] | None = None,
    ) -> MovingResult:
        """Make the film, or go on with the one that was begun under this name.

        Args:
            output: Where it goes.
            encoding: What ``output.check`` said.
            listener: Who is told of each frame and of each step of the dreams that scenes open with, which
                take far longer, and asked after each whether to stop; asked for the recipe of each frame.
            replay: Changes of an earlier run, which are made again instead of asking for it.

        Raises:
            UsageError: Something else was begun or stands under this name.
            ResourceError: Disk or memory ran out, or the source vanished; ``kept`` frames are safe.
            ReverieError: Of other kinds, before the work or where the source is damaged.
        """
        source, result = self.source, None
        try:
            for words in source.warnings:
                warn(words)
            self._check_sound(encoding, output.path)
            self._pin(output.path)
            while result is None:
                try:
                    result = self._sitting(output, encoding, listener, replay)
                except Shrunk:
                    continue
        finally:
            if result is None or result.stopped:
                listener.on_event(Kept(source.name, self.kept, source.frames))
        if not result.stopped:
            if words := result.flashes.words():
                warn(words)
            listener.on_event(ItemFinished(source.name, 1, 1, result.path, result))
        return result

    def _check_sound(self, encoding: VideoEncoding, out: str) -> None:
        """Say now what cannot be kept of the sound, before any frame is made."""
        sound = self.source.sound() if encoding.keeps_sound else None
        if sound is None:
            return
        from reverie.media.video.write.sound_plan import plan_sound

        with sound:
            plan_sound(sound, encoding.container, out)

    def _pin(self, out: str) -> None:
        """Settle; where this very film was begun, on the engine and in the tiles that began it."""
        from reverie.engine.select import NoEngineError
        from reverie.media.video.write.render import key_of

        found = key_of(out)
        if found is not None and self._engine is None:
            same = found.get("recipe") == self.recipe.model_dump(mode="json")
            note = _engine_in(found) if same else None
            if note is not None:
                self.opened = self._opened(note)
                try:
                    _ = self.session
                except NoEngineError:  # another machine: the key will tell
                    self.opened = self._opened(None)
        self.settle()

    def _sitting(
        self,
        output: FilmOutput,
        encoding: VideoEncoding,
        listener: Listener,
        replay: Sequence[Steered] | None,
    ) -> MovingResult:
        """One sitting at the film, to its end or to where it is stopped."""
        from reverie.media.video.write.render import Render

        began, source = time.monotonic(), self.source
        note = self._provenance(output, encoding)
        with Render(
            output.path,
            note.document(),
            size=source.size,
            rate=source.rate,
            encoding=encoding,
            aspect=source.aspect,
            alpha=source.alpha,
            overwrite=output.overwrite,
            patience=PATIENCE if self.workspace.elsewhere is None else math.inf,
        ) as render:
            self.kept = before = render.done
            steering = Steering(listener, replay)
            writer = FrameWriter(
                source,
                self.recipe,
                render,
                steering,
                faces=self.faces,
                allow_flashes=output.allow_flashes,
                away=source.away(self.opened, render),
            )
            try:
                stopped = "" if render.complete else writer.fill(self.session, listener)
                report, steered = writer.guard.report(), tuple(steering.steered)
                if not stopped:
                    found = {name: float(value) for name, value in report.as_dict().items()}
                    document = note.model_copy(update={"flashes": found, "steered": steered}).document()
                    sound = source.sound() if encoding.keeps_sound else None
                    render.finish(sound=sound, metadata=document if output.metadata else None)
            finally:
                self.kept = render.done
        return MovingResult(
            files=() if stopped else (output.path,),
            seconds=time.monotonic() - began,
            stopped=stopped,
            path=output.path,
            size=source.size,
            frames=self.kept,
            total=source.frames,
            length=float(writer.length),
            rate=source.rate,
            before=before,
            recipe=self.recipe,
            flashes=report,
            steered=steered,
        )

    def _provenance(self, output: FilmOutput, encoding: VideoEncoding) -> Provenance:
        """What is written into the result, and what decides its bytes."""
        source = self.source
        note = self.opened.provenance(source.source, 8, output.quality, self.recipe)
        moving = MovingNote(
            size=source.size,
            rate=str(source.rate),
            codec=encoding.codec,
            container=encoding.container,
            allow_flashes=output.allow_flashes,
        )
        return note.model_copy(update={"files": note.files + source.notes(), "moving": moving})


def _engine_in(key: Mapping[str, Any]) -> EngineNote | None:
    """The engine that a key names, if it does."""
    try:
        return EngineNote.model_validate(key.get("engine"))
    except ValidationError:
        return None


def estimate_frames(work: MovingWork, opened: Callable[[Recipe], FrameSource]) -> Estimate:
    """What a zoom or a film would cost; ``opened`` opens the same with another recipe, for a small trial."""
    from reverie.gradient.tiles import PLANES

    for words in work.source.warnings:
        warn(words)
    work.settle()
    source, session = work.source, work.session
    opening, each = seconds_per_frame_pixel(work, opened)
    width, height = source.size
    recipes = source.objectives(work.recipe)
    layers = max((session.goal(r, 0).layers for r in recipes), key=session.engine.bytes_per_pixel)
    path, pixels = session.record(), width * height
    seen = min(pixels, (path.tile_width or path.tile) * path.tile) if path.tile else pixels
    memory = round(seen * session.engine.bytes_per_pixel(layers) + pixels * 12 * (PLANES + MORE_PLANES))
    seconds = None if source.frames is None else (opening + each * (source.frames - 1)) * pixels
    length = None if source.frames is None else round(float(source.frames / source.rate), 3)
    details = {
        "size": [width, height],
        "frames": source.frames,
        "rate": str(source.rate),
        "length": length,
        "opening_seconds": opening * pixels,
        "seconds_a_frame": each * pixels,
        "seconds": seconds,
        "bytes": memory,
        **what_runs(session, source.recipe),
        "objective": [text for recipe in recipes for text in recipe.objective],
    }
    frames = f"{source.frames} frames" if source.frames else "nobody knows how many frames"
    plays = f", plays {length:.2f} s" if length else ""
    whole = f"about {clock(seconds)}" if seconds else "time for each frame as said"
    text = (
        f"{source.name}: {width} x {height}, {frames}{plays}, {'; '.join(details['objective'])}\n"
        f"  {runs_in_words(details)}\n"
        f"  opening {clock(opening * pixels)}, then {each * pixels:.2f} s a frame\n"
        f"  {whole} and {memory / 1e6:.0f} MB for the dream"
    )
    return Estimate(seconds, memory, text, details)


def seconds_per_frame_pixel(work: MovingWork, opened: Callable[[Recipe], FrameSource]) -> tuple[float, float]:
    """Seconds for each pixel of the opening dream, and of each frame after it, measured on small ones."""
    width, height = work.source.size
    factor = min(1.0, TRIAL_FRAME_SIDE / max(width, height))
    size = tuple(max(32, round(side * factor / 2) * 2) for side in (width, height))
    with opened(work.source.recipe.but(size=size, max_size=None)) as source:
        trial = work.on(source)
        trial.settle()
        times = [time.perf_counter()]
        between = work.workspace.between
        with closing(source.render(trial.recipe, trial.session, told=lambda _: between())) as frames:
            for _ in islice(frames, 1 + TRIAL_FRAMES):
                times.append(time.perf_counter())
                between()
    pixels = size[0] * size[1]
    spent = [(b - a) / pixels for a, b in pairwise(times)]
    return spent[0], min(spent[1:], default=spent[0])


class MovingJob(Job[MovingResult]):
    """What zooms and films share: a recipe carried out into a film; file names in it are paths.

    The same job once more goes on with a film that was stopped or killed, to the same bytes.
    """

    recipe: Recipe
    output: FilmOutput

    @abstractmethod
    def open(self, recipe: Recipe, encoding: VideoEncoding, workspace: Workspace) -> FrameSource:
        """What the frames come from, with its files open."""

    def writes(self, workspace: Workspace) -> Iterable[Claim]:
        """The film, and what it keeps beside it until it is done."""
        return film_claims(self.output)

    def estimate(self, workspace: Workspace | None = None) -> Estimate:
        place, encoding = workspace or Workspace(), self.output.check(writes=False)
        with self.open(self.recipe, encoding, place) as source:
            work = MovingWork(source, place)
            return estimate_frames(work, lambda recipe: self.open(recipe, encoding, place))

    def _work(self, listener: Listener, workspace: Workspace) -> MovingResult:
        encoding = self.output.check()
        with self.open(self.recipe, encoding, workspace) as source:
            return MovingWork(source, workspace).carry_out(self.output, encoding, listener)
