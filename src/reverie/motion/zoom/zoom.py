"""The endless zoom: a picture that feeds on its own output (Mordvintsev, Olah & Tyka 2015)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import torch
import torch.nn.functional as F
from torch import Tensor

from reverie.ascent.loop import Frame, dream
from reverie.ascent.session import Session, session_of
from reverie.ascent.tensors import as_tensor
from reverie.canvas.detail import DetailCanvas
from reverie.canvas.fast import fast_warp
from reverie.canvas.moving import MovingCanvas
from reverie.deepdream.looks import Looks
from reverie.deepdream.state import REACH, State, canvas_over
from reverie.media.picture import Picture
from reverie.motion.frame import MovingFrame
from reverie.motion.zoom.camera import Camera
from reverie.motion.zoom.edges import moved
from reverie.motion.zoom.loop_closing import LoopClosing
from reverie.motion.zoom.steady import SteadyReference, evened, evened_onto, hold
from reverie.motion.zoom.timeline import Timeline, with_halves
from reverie.native.runtime import computes
from reverie.network.network import Network
from reverie.ops.colour import keep_colour
from reverie.ops.warp import Border, Similarity
from reverie.recipe.recipe import Recipe
from reverie.recipe.zoom import OPENING, Zoom

#: Rounds in which the opening dream is brought to where all is held.
SETTLING = 4
#: How much of where something is seen is kept in a step of a frame.
WATCHES = 0.85
#: The settings of a zoom that decide what is dreamed of when.
_SCENES: Final = ("scenes", "crossfade", "undertone")
#: How far a frame's step goes on where the last frame's went.
MOMENTUM = 0.6
#: A view that does not move.
STILL: Final = Similarity()
#: A place that has gone over to a loop's first frame is exactly that by this power of how far it has.
HOME = 4


@dataclass
class ZoomState:
    """All that changes from frame to frame. ``index`` is the next frame to make."""

    index: int
    picture: Tensor  # (1, C, H, W), the last frame
    rng: torch.Generator
    reach: float  # RMS that a frame's dream of strength 0.5 goes
    reference: SteadyReference | None  # where the picture is held
    mask: Tensor | None  # (1, 1, H', W'), where it may dream
    first: Tensor | None  # of a loop, frame 0
    since: Similarity = STILL  # how the view moved since the mirrors at its edges were put up
    looks: Looks = field(default_factory=lambda: Looks(WATCHES, MOMENTUM))  # what earlier frames' dreams saw

    def state_dict(self) -> dict[str, Any]:
        """Everything needed to go on later, as tensors and numbers (``torch.save`` takes it)."""
        return {
            "index": self.index,
            "picture": self.picture,
            "generator": self.rng.get_state(),
            "reach": self.reach,
            "reference": self.reference.as_dict() if self.reference else None,
            "mask": self.mask,
            "first": self.first,
            "since": _numbers(self.since),
            "looks": self.looks.state_dict(),
        }

    @staticmethod
    def from_dict(kept: dict[str, Any], recipe: Recipe | None = None) -> ZoomState:
        """The state that ``state_dict`` described; ``recipe`` is not looked at."""
        rng = torch.Generator()
        rng.set_state(kept["generator"])
        reference = SteadyReference.from_dict(kept["reference"]) if kept["reference"] else None
        rest = {name: kept[name] for name in ("index", "picture", "reach", "mask", "first")}
        state = ZoomState(rng=rng, reference=reference, **rest)
        if "since" in kept:  # of an earlier version it is not: its mirrors are put up anew
            a, b, c, d = kept["since"]
            state.since = Similarity(complex(a, b), complex(c, d))
        state.looks.load_state_dict(kept.get("looks", {}))
        return state


def zoom(
    recipe: Recipe,
    picture: Picture | Tensor | None = None,
    *,
    session: Session | None = None,
    net: Network | None = None,
    state: ZoomState | None = None,
    opening: Callable[[Frame], object] | None = None,
    steer: Callable[[int], Recipe] | None = None,
) -> Iterator[MovingFrame]:
    """An endless zoom, frame by frame; to stop is to leave the ``for``.

    Args:
        recipe: The settings; ``recipe.zoom`` says how it moves, with the defaults of ``Zoom`` if it is None.
        picture: What it begins with, a Picture or a tensor (C, H, W) in [0, 1]; None with a ``start`` of
            noise or clouds.
        session: The network, to share between zooms; made from the recipe if missing.
        net: The network that dreams, instead of the one that the recipe names; for a session of its own.
        state: A state that an earlier zoom left, to go on after the frame that it came with; ``picture`` is
            then not looked at.
        opening: Called after each step of the loop until the first frame is there, which takes far longer
            than any other; what it raises ends the zoom.
        steer: Asked before each frame, by its number, for the recipe of its own dream; an objective or
            strength in it that is not ``recipe``'s goes before the scenes, or the strength over time. What
            its ``zoom`` says holds from that frame on: steps, octaves, how the view moves, scenes; all but
            ``recipe.zoom.OPENING``.

    Yields:
        A frame, ``recipe.zoom.frames`` of them in all; its size is the recipe's.

    Raises:
        UsageError, BadInput, NetworkError, ResourceError: as ``dream`` does, before the first frame.
    """
    journey = Journey(recipe, session_of(recipe, session, net), opening, steer)
    if state is None:
        state, frame = journey.open(picture)
        yield frame
    else:
        journey.settle(State(DetailCanvas(state.picture), state.rng, state.reach), recipe)
    while state.index < journey.settings.frames:
        yield journey.advance(state)


class Journey:
    """A zoom's settings at work: how its first frame comes about, and each from the one before."""

    def __init__(
        self,
        recipe: Recipe,
        session: Session,
        opening: Callable[[Frame], object] | None = None,
        steer: Callable[[int], Recipe] | None = None,
    ) -> None:
        self.recipe = self.now = recipe
        self.session = session
        self.runtime = session.runtime
        self.opening = opening
        self.steer = steer
        self.settings = self._wanted = settings = recipe.zoom or Zoom.model_validate({})
        self.timeline = Timeline.of(settings, recipe.objective[-1])
        if settings.halves:
            session.open_file = with_halves(session.open_file)
        for seconds in self.timeline.begins:  # names that do not exist are said before any work is done
            for octave in range(len(self.objective(seconds))):
                session.goal(recipe.model_copy(update={"objective": self.objective(seconds)}), octave)

    def objective(self, seconds: float) -> tuple[str, ...]:
        """What is dreamed of at a time, one for all octaves or several."""
        if self.now.objective != self.recipe.objective:
            return self.now.objective
        return self.timeline.objective(seconds) or self.recipe.objective

    def settle(self, state: State, recipe: Recipe) -> None:
        """Choose the tiles, once for the whole zoom."""
        self.session.settle(recipe, state.plan(recipe))

    def open(self, picture: Picture | Tensor | None) -> tuple[ZoomState, MovingFrame]:
        """Frame 0: a whole dream, or a photograph as it is where the frames' own dreams begin with none."""
        self._ask(0)
        changes: dict[str, Any] = {"objective": self.objective(0)}
        if picture is not None and self.settings.strength.at(0, self.settings.fps) == 0:
            changes |= {"strength": 0.0, "octaves": 1, "steps": (1,), "soften": 0.0}
        recipe = self.now.model_copy(update=changes)
        begun = State.begin(recipe, picture, self.session)
        self.settle(begun, recipe)
        last = self._dreamt(recipe, begun, opens=True)
        first, reference = self._settled(as_tensor(begun.finished(recipe)).to(self.session.device))
        reach, mask = min(begun.reach, REACH), begun.canvas.mask_source
        before = 0 if picture is not None else self.settings.warm_up
        state = ZoomState(1 - before, first, begun.rng, reach, reference, mask, None)
        frame = self._frame(state, last)
        while state.index < 1:
            frame = self.advance(state)
        state.first = state.picture if self.settings.loop else None
        return state, frame

    @computes
    def _settled(self, first: Tensor) -> tuple[Tensor, SteadyReference | None]:
        """The opening dream's picture (1, C, H, W) as it is held, and where; as it is if nothing is held."""
        if not self.settings.steady:
            return first, None
        reference = SteadyReference.of(first).healthy(self.settings.vivid)
        for _ in range(SETTLING):
            first = hold(first, reference, circular=self.recipe.seamless)
        return first, reference

    def _ask(self, index: int) -> None:
        """Have the recipe of a frame."""
        if self.steer is None:
            return
        self.now = self.steer(index)
        wanted = self.now.zoom
        if wanted is None or wanted == self._wanted:
            return
        self._wanted, before = wanted, self.settings
        opening = {name: getattr(before, name) for name in OPENING}
        self.settings = wanted.model_copy(update=opening)
        if any(getattr(before, name) != getattr(wanted, name) for name in _SCENES):
            self.timeline = Timeline.of(self.settings, self.recipe.objective[-1])

    def advance(self, state: ZoomState) -> MovingFrame:
        """The next frame: the last one seen from nearer, and a short dream over it."""
        if state.index > 0:
            self._ask(state.index)
        view = self._view(state)
        dreamt, last = self._dream(view, state)
        state.picture = self._shown(dreamt, view, state)
        state.index += 1
        return self._frame(state, last)

    @computes
    def _view(self, state: ZoomState) -> _View:
        """What the next frame shows before it is dreamt over."""
        index, first = state.index, state.first
        height, width = state.picture.shape[2:]
        camera = Camera(self.settings, width, height)
        state.looks.move(partial(self._map_moved, index=index))
        if self.recipe.seamless:
            source = fast_warp(state.picture, camera.step(index), border="wrap", clamp=True)
        else:
            source, state.since = moved(state.picture, camera.step(index), state.since)
        home = LoopClosing(camera)
        if first is None or not home.way(index):
            return _View(source, state.mask)
        seen, shown = home.first_seen(first, index), home.shown(index).to(source)
        source = torch.lerp(source, seen, home.entering(index).to(source))
        free = 1 - shown if state.mask is None else (1 - shown) * _fitted(state.mask, shown)
        return _View(source, free, seen, shown)

    def _map_moved(self, plane: Tensor, index: int) -> Tensor:
        """A map (1, 1, h, w) of the frame before one, of any size, as the next view shows it."""
        camera = Camera(self.settings, plane.shape[3], plane.shape[2])
        border: Border = "wrap" if self.recipe.seamless else "mirror"
        return fast_warp(plane, camera.step(index), border=border, sharp=False)

    def _dream(self, view: _View, state: ZoomState) -> tuple[DetailCanvas, Frame]:
        """A frame's own short dream over what the view shows, and the loop's last frame."""
        recipe = self._short(state.index)
        with self.runtime.use():
            canvas = MovingCanvas.of(canvas_over(recipe, view.source, view.mask))
        short = State(canvas, state.rng, state.reach, runtime=self.runtime)
        short.looks = state.looks
        return canvas, self._dreamt(recipe, short, opens=state.index < 1)

    @computes
    def _shown(self, canvas: DetailCanvas, view: _View, state: ZoomState) -> Tensor:
        """The frame (1, C, H, W) that comes of a dream: held, and gone over to where a loop comes home."""
        source, recipe = view.source, self.recipe
        size = int(source.shape[3]), int(source.shape[2])
        canvas = canvas if canvas.size == size else canvas.at(size)
        change, circular = canvas.picture().sub_(source), recipe.seamless
        if recipe.colour_kept:
            change = evened(change, self.settings.even, circular=circular)
            picture = keep_colour(change.add_(source), source, recipe.colour_kept).clamp_(0, 1)
        else:
            picture = evened_onto(source, change, self.settings.even, circular=circular)
        if state.reference is not None:
            picture = hold(picture, state.reference, circular=recipe.seamless)
        if view.seen is None or view.home is None:
            return picture
        return torch.lerp(picture, view.seen, view.home**HOME)

    def _dreamt(self, recipe: Recipe, state: State, *, opens: bool) -> Frame:
        """The loop's last frame; of those before the first of the zoom, every one is told."""
        for frame in dream(recipe, session=self.session, state=state):
            if opens and self.opening is not None:
                self.opening(frame)
        return frame

    def _short(self, index: int) -> Recipe:
        """The recipe of a frame's own dream."""
        settings = self.settings
        changes: dict[str, Any] = {
            "objective": self.objective(index / settings.fps),
            "steps": settings.steps,
            "octaves": settings.octaves,
            "soften": 0.0,  # what is done to a photograph once would be done to it with every frame
        }
        if self.now.strength is not None and self.now.strength == self.recipe.strength:
            changes["strength"] = settings.strength.at(index, settings.fps)
        return self.now.model_copy(update=changes)

    def _frame(self, state: ZoomState, last: Frame) -> MovingFrame:
        index, rate = state.index - 1, self.settings.rate
        return MovingFrame(
            index=index,
            frames=self.settings.frames,
            time=index / rate,
            duration=1 / rate,
            planes=state.picture,
            score=last.score,
            moved=last.moved,
            recipe=last.recipe,
            state=state,
        )


@dataclass(frozen=True)
class _View:
    """What a frame shows before it is dreamt over.

    Attributes:
        source: (1, C, H, W), the last frame seen from nearer.
        mask: (1, 1, h, w), where it may dream.
        seen: Of a loop that comes home, (1, C, H, W), its first frame seen from here.
        home: (1, 1, H, W), how far each place has gone over to that.
    """

    source: Tensor
    mask: Tensor | None
    seen: Tensor | None = None
    home: Tensor | None = None


def _numbers(warp: Similarity) -> list[float]:
    return [warp.factor.real, warp.factor.imag, warp.offset.real, warp.offset.imag]


def _fitted(mask: Tensor, like: Tensor) -> Tensor:
    """A mask (1, 1, H', W') at the size of another."""
    return F.interpolate(mask.to(like), size=like.shape[2:], mode="bilinear", antialias=True).clamp_(0, 1)
