"""Where the frames of a zoom or a film come from, and into its file: told of, and made safe."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Self, TypeAlias, cast

import numpy as np

from reverie.errors import BadInput, ResourceError
from reverie.jobs.job import Listener, Step, Stopped
from reverie.jobs.provenance.note import FileNote, Steered
from reverie.jobs.steering import Steering
from reverie.motion.flashing.guard import FlashGuard
from reverie.recipe.recipe import Recipe

if TYPE_CHECKING:
    from reverie.ascent.loop import Frame
    from reverie.ascent.session import Session
    from reverie.deepdream.state import State
    from reverie.jobs.faces import FaceNotice
    from reverie.jobs.moving.film_pieces import FilmPieces
    from reverie.jobs.open_recipe import OpenRecipe
    from reverie.media.picture import Picture, Source
    from reverie.media.video.read.audio import Sound
    from reverie.media.video.write.render import Render
    from reverie.motion.frame import MovingFrame


Kept: TypeAlias = Mapping[str, Any] | None
Told: TypeAlias = "Callable[[Frame], object] | None"
Steer: TypeAlias = Callable[[int], Recipe] | None


class FrameSource(ABC):
    """A zoom or a film before it is begun: what it reads, and how large and long it will be.

    Attributes:
        recipe: With the size that was found, and file names that are paths.
        size: (width, height) in pixels of what is made.
        rate: Frames a second, nominal where they vary.
        frames: How many there will be, or None where nobody knows.
        aspect: Width of a pixel over its height.
        alpha: Whether frames have an alpha channel.
        warnings: What is to be said of it before it begins.
        name: What it is called when progress is told.
        photo: What a zoom begins with.
    """

    recipe: Recipe
    size: tuple[int, int]
    rate: Fraction
    frames: int | None
    aspect: Fraction = Fraction(1)
    alpha: bool = False
    warnings: tuple[str, ...] = ()
    name: str
    photo: Picture | None = None

    @property
    @abstractmethod
    def source(self) -> Source | None:
        """Name and SHA-256 of the photograph or film, if there is one."""

    def notes(self) -> tuple[FileNote, ...]:
        """Files that were read besides the source and the pictures that the recipe names."""
        return ()

    def bare(self, recipe: Recipe) -> Recipe:
        """The recipe with names of such files without their folders."""
        return recipe

    def objectives(self, recipe: Recipe) -> tuple[Recipe, ...]:
        """The recipe with each of the objectives that will be climbed: they are bound before the work."""
        return (recipe,)

    def away(self, opened: OpenRecipe, render: Render) -> FilmPieces | None:
        """The pieces that others dream, where the workspace says so and they can; None: this process does."""
        return None

    @abstractmethod
    def render(
        self, recipe: Recipe, session: Session, kept: Kept = None, told: Told = None, steer: Steer = None
    ) -> Generator[MovingFrame]:
        """The frames, one after the other.

        Args:
            recipe: With bare file names.
            session: The network.
            kept: The state of the last frame that is there already; None to begin.
            told: Called after each step of the dreams that scenes open with.
            steer: Asked before each frame, by its number, for the recipe; where a source can be steered.
        """

    def sound(self) -> Sound | None:
        """The sound that is kept, if there is any."""
        return None

    def gone(self) -> str | None:
        """The name of the source if it is no longer there."""
        return None

    def close(self) -> None:  # noqa: B027 (a zoom has nothing open)
        """Close every file."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Shrunk(Exception):
    """Memory ran out before anything was safe: all of it is done again in smaller tiles."""


class FrameWriter:
    """Frames on their way into a render.

    Attributes:
        length: Seconds that the frames in it play.
        guard: Holds their light where it flashes.
        steering: What the recipe of each frame is, where the source can be steered.
    """

    def __init__(
        self,
        source: FrameSource,
        recipe: Recipe,
        render: Render,
        steering: Steering,
        *,
        faces: FaceNotice,
        allow_flashes: bool,
        away: FilmPieces | None = None,
    ) -> None:
        """Goes on after the frames of the render; ``recipe`` has bare file names."""
        self.source, self.recipe, self.render, self.steering = source, recipe, render, steering
        self.faces, self.away = faces, away
        kept: Mapping[str, Any] = render.state or {}
        self.length = Fraction(kept.get("length", 0))
        self.guard = (
            FlashGuard.from_dict(kept["guard"])
            if kept
            else FlashGuard(source.size, source.rate, allow=allow_flashes)
        )
        steering.begin(recipe, [Steered.model_validate(one) for one in kept.get("steered", ())])

    def fill(self, session: Session, listener: Listener) -> str:
        """Make every frame that is missing; where the listener stopped it, or "" if they are all there.

        Raises:
            Shrunk: Memory ran out and nothing is safe.
            ReverieError: All frames before are safe.
        """
        source, render, shrunk = self.source, self.render, session.shrunk
        watch = FrameWatch(listener, source)
        kept = None if render.state is None else render.state["work"]

        def opening(frame: Frame) -> None:
            if source.source is not None and frame.octave.index == frame.step == 0:
                seen = source.photo or cast("State", frame.state).canvas.source
                self.faces.look(self.recipe, seen, session, source.name)
            watch.opening(frame)

        frames = (
            source.render(self.recipe, session, kept, opening, lambda n: self.steering.at(frame=n))
            if self.away is None
            else self.away.render(kept, listener.should_stop, watch.came)
        )
        try:
            with closing(frames):
                for frame in frames:
                    if session.shrunk != shrunk:
                        self._out_of_memory()
                    self._add(frame)
                    watch.frame(frame)
        except Stopped as stopped:
            render.keep()  # what a scene opens with has a state of its own: the last frame's is as it was
            return str(stopped)
        except (BadInput, ResourceError, OSError) as error:
            name = source.gone()
            if name is None:
                raise
            render.keep()  # it was read ahead: nothing had begun to move since the last frame
            raise ResourceError(f"{name}: is no longer there; put it back ({error})") from error
        return ""

    def _add(self, frame: MovingFrame) -> None:
        """One frame, with the state to go on from."""
        self.length = max(self.length, frame.time + frame.duration)

        def state() -> dict[str, Any]:
            steered = [one.model_dump() for one in self.steering.steered if (one.frame or 0) <= frame.index]
            work, guard = frame.state.state_dict(), self.guard.state_dict()
            return {"work": work, "guard": guard, "length": str(self.length), "steered": steered}

        rgb, alpha = self.guard(frame.rgb, frame.time), frame.alpha
        if self.source.alpha and alpha is not None:
            rgb = np.dstack([rgb, np.rint(alpha.clip(0, 1) * 255).astype(np.uint8)])
        self.render.add(rgb, frame.time, frame.duration, state)

    def _out_of_memory(self) -> None:
        """Begin again in smaller tiles, or end where that would throw away what is safe."""
        if self.render.done:
            raise ResourceError("out of memory; close other programs and go on, or begin with --max-size")
        raise Shrunk


class FrameWatch:
    """Tells a listener of frames, and of the steps of dreams that scenes open with; raises when it stops."""

    def __init__(self, listener: Listener, source: FrameSource) -> None:
        self.listener = listener
        self.label, self.total = source.name, source.frames
        self._first: tuple[float, int] | None = None  # when, and at which frame, it began to be counted
        self._share: float | None = None if self.total is None else 0.0
        self._opened = False

    def frame(self, frame: MovingFrame) -> None:
        """A frame is in the film."""
        now, done = time.monotonic(), frame.index + 1
        first = self._first is None
        self._first = began, before = self._first or (now, done)
        speed = f", {(done - before) / (now - began):.2f} frames/s" if done > before and now > began else ""
        of = f"/{self.total}" if self.total else ""
        text = f"frame {done}{of}{speed}, score {frame.score:.4g}"
        self._share = done / self.total if self.total else None
        step = Step(
            self.label,
            text,
            share=self._share,
            score=frame.score,
            moved=frame.moved,
            ends=first or done == self.total,
            more=f"{text}, moved {frame.moved:.3f}",
            source=frame,
            draw=lambda: frame.picture,
        )
        self.listener.on_event(step)
        if frame.keeps and self.listener.should_stop() and done != self.total:
            raise Stopped(f"frame {done} of {self.total or 'a film'}")

    def came(self, count: int) -> None:
        """So many frames came back from others; those whose turn it is come into the film."""
        of = f" of {self.total}" if self.total else ""
        text = f"{count}{of} frames are dreamt"
        self.listener.on_event(Step(self.label, text, share=self._share, ends=True))

    def opening(self, frame: Frame) -> None:
        """A step of a dream that a scene opens with is made."""
        octave, first = frame.octave, not self._opened and self._first is None
        self._opened = True
        of = f"octave {octave.index + 1}/{frame.octaves}, step {frame.step + 1}/{octave.steps}"
        width, height = octave.size
        step = Step(
            self.label,
            f"a scene opens: {of}",
            share=self._share,
            score=frame.score,
            moved=frame.moved,
            ends=first,  # said at once: it takes far longer than a frame
            more=f"a scene opens, {width} x {height}, {of}, score {frame.score:.4g}",
            draw_small=frame.small,
        )
        self.listener.on_event(step)
        if self.listener.should_stop():
            raise Stopped("a step of the dream that a scene opens with")
