"""A keyframe of the show: the picture as it will be seen in a moment, dreamt over as a frame of a zoom is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import torch
from torch import Tensor

from reverie.ascent.loop import dream
from reverie.ascent.octaves import octave_sizes
from reverie.ascent.session import Session
from reverie.canvas.detail import DetailCanvas
from reverie.canvas.fast import deviation, fast_resize, fast_warp
from reverie.canvas.moving import MovingCanvas
from reverie.deepdream.looks import Looks
from reverie.deepdream.state import REACH, REACH_OF_STD, State
from reverie.live.dreamer.governor import work_of
from reverie.motion.zoom.steady import SteadyReference, evened_onto, hold
from reverie.network.network import Network
from reverie.ops.warp import Similarity
from reverie.recipe.presets.preset import preset
from reverie.recipe.recipe import Recipe
from reverie.recipe.zoom import Zoom

#: How much of where something is seen is kept in a step of a keyframe: they lie further apart than frames.
WATCHES: Final = 0.7
#: How far a keyframe's dream goes, 0 to 1: further than a frame of a zoom, as there are fewer.
STRENGTH: Final = 0.2
#: The most that it goes however fresh a topic is.
MOST_STRENGTH: Final = 0.5
#: What is new comes in large and soon: while it is, a small look comes first, of sides this share of the
#: picture's, with its own octaves and steps, so many times as strong ...
LARGE_FORMS, LARGE_OCTAVES, LARGE_STEPS, LARGE_STRENGTH = 0.39, 2, 6, 1.8
#: ... and the largest octave has so many steps, however many there are in time.
FRESH_STEPS: Final = 1
#: Dreams of what is new go further than one ``hold`` brings back: it is done so often.
FRESH_HOLDS: Final = 3
#: They stand for longer, and are seen enlarged the longer: their fine detail is held at so much more.
FRESH_FINE: Final = 1.05
#: What the first look adds to the work of a whole keyframe.
LARGE_WORK: Final = 0.6


@dataclass(frozen=True)
class Wanted:
    """What one keyframe is to be.

    Attributes:
        objective: What is dreamt of.
        strength: How far, 1 is as usual.
        fresh: How new that is, 0 to 1.
        look: Sides of the largest look as a share of the picture's.
        steps: Steps in each octave but the largest, which has one less if there are several.
    """

    objective: str
    strength: float = 1.0
    fresh: float = 0.0
    look: float = 1.0
    steps: int = 2

    @property
    def work(self) -> float:
        """How much it is, where 1 is a keyframe with the largest looks."""
        first = LARGE_WORK if self.fresh > 0 else 0.0
        return first + work_of(self.look, self.steps, self.largest)

    @property
    def largest(self) -> int:
        """Steps in the largest octave: it costs twice what all others do together."""
        return FRESH_STEPS if self.fresh > 0 else max(1, self.steps - 1)


@dataclass(frozen=True)
class KeyframeJob:
    """A keyframe to be dreamt: from which picture and where, to which frame's view, and what."""

    picture: Tensor
    way: Similarity
    frame: int
    wanted: Wanted


@dataclass
class KeyframeMaker:
    """Dreams keyframes; one thread at a time.

    Attributes:
        recipe: As ``live_recipe`` gives it.
        session: The network.
        rng: All chance.
        reference: Where the picture is held.
        looks: What earlier keyframes saw.
    """

    recipe: Recipe
    session: Session
    rng: torch.Generator
    reference: SteadyReference
    looks: Looks = field(default_factory=lambda: Looks(WATCHES))

    @property
    def settings(self) -> Zoom:
        """How it is held, and made even."""
        return self.recipe.zoom or Zoom.model_validate({})

    def make(
        self, picture: Tensor, way: Similarity, wanted: Wanted, breathe: Callable[[], None] | None = None
    ) -> Tensor:
        """The next keyframe.

        Args:
            picture: (1, C, H, W), the last one.
            way: The warp from where that one is seen to where this one will be.
            wanted: What it is to be.
            breathe: Called between any two steps.
        """
        with self.session.runtime.use():
            view = fast_warp(picture, way, clamp=True)
            self.looks.move(lambda plane: _moved(plane, way, view))
        change = self._change(view, wanted, breathe)
        if breathe is not None:
            breathe()
        with self.session.runtime.use():
            return self._held(evened_onto(view, change, self.settings.even), wanted.fresh)

    def _held(self, picture: Tensor, fresh: float) -> Tensor:
        """A dream (1, C, H, W) brought to where the picture is held."""
        if fresh <= 0:
            return hold(picture, self.reference)
        reference = self.reference.finer(1 + (FRESH_FINE - 1) * fresh)
        for _ in range(FRESH_HOLDS):
            picture = hold(picture, reference)
        return picture

    def _change(self, view: Tensor, wanted: Wanted, breathe: Callable[[], None] | None) -> Tensor:
        """What a dream does to a view, (1, C, H, W)."""
        first: Tensor | None = None
        if wanted.fresh > 0:
            strength = _strength(wanted.strength * LARGE_STRENGTH)
            changes = {"octaves": LARGE_OCTAVES, "steps": (LARGE_STEPS,), "strength": strength}
            first = self._dreamt(view, LARGE_FORMS, wanted, changes, None, breathe)
        source = view if first is None else (view + first).clamp_(0, 1)
        changes = {"steps": (*(wanted.steps,) * (self.settings.octaves - 1), wanted.largest)}
        change = self._dreamt(source, wanted.look, wanted, changes, self.looks, breathe)
        return change + (source - view)

    def _dreamt(
        self,
        view: Tensor,
        look: float,
        wanted: Wanted,
        changes: dict[str, Any],
        looks: Looks | None,
        breathe: Callable[[], None] | None,
    ) -> Tensor:
        """What a dream over a view does to it, at a share of its sides."""
        height, width = view.shape[2:]
        with self.session.runtime.use():
            small = (
                view
                if look >= 1
                else fast_resize(view, max(32, round(height * look)), max(32, round(width * look)))
            )
            source = small.clamp(0, 1)
            reach = min(REACH, REACH_OF_STD * deviation(source))
            short = State(
                MovingCanvas.of(DetailCanvas(source)), self.rng, reach, runtime=self.session.runtime
            )
        short.looks = looks
        recipe = self._recipe(wanted, changes)
        sizes = octave_sizes(short.canvas.size, count=recipe.octaves, scale=recipe.octave_scale)
        recipe = recipe.model_copy(update={"octaves": len(sizes)})  # of a small picture there are fewer
        for _ in dream(recipe, session=self.session, state=short):
            if breathe is not None:
                breathe()
        with self.session.runtime.use():
            change = short.canvas.at((source.shape[3], source.shape[2])).picture() - source
            return change if look >= 1 else fast_resize(change, height, width)

    def _recipe(self, wanted: Wanted, more: dict[str, Any]) -> Recipe:
        changes: dict[str, Any] = {
            "objective": (wanted.objective,),
            "octaves": self.settings.octaves,
            "strength": _strength(wanted.strength),
            "soften": 0.0,
        }
        return self.recipe.model_copy(update=changes | more)


def live_recipe(size: tuple[int, int], *, network: str = "lite0", seed: int = 0, threads: int = 1) -> Recipe:
    """The recipe of the show: the zoom's, at a (width, height)."""
    return preset("zoom", size=size, network=network, seed=seed, threads=threads, start="clouds")


def live_session(recipe: Recipe, *, net: Network | None = None, offline: bool = False) -> Session:
    """A session that never cuts a picture: they are all of one size."""
    return Session(recipe, net=net, tile=0, offline=offline)


def _strength(times: float) -> float:
    """The strength of a dream that is so many times as strong as usual."""
    return min(MOST_STRENGTH, STRENGTH * times)


def _moved(plane: Tensor, way: Similarity, view: Tensor) -> Tensor:
    """A map (1, 1, h, w) of a picture as the next view shows it."""
    share = plane.shape[3] / view.shape[3]
    return fast_warp(plane, Similarity(way.factor, way.offset * share), sharp=False)
