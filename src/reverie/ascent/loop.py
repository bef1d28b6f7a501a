"""THE loop: gradient ascent on a picture, octave by octave (Mordvintsev, Olah & Tyka 2015)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from reverie.ascent.course import Course
from reverie.ascent.octaves import Octave
from reverie.ascent.session import Session
from reverie.ascent.state import AscentState
from reverie.errors import UsageError
from reverie.media.picture import Picture
from reverie.process.notices import warn
from reverie.recipe.recipe import Recipe

#: Given the state, says the settings of the next step.
Ask = Callable[[Any], Recipe]


@dataclass(frozen=True)
class Frame:
    """What the loop yields after each step.

    ``scores`` are the objective of each picture before the step (a dream has only one); ``moved`` is the RMS
    distance from the start, 0..1, after it.
    """

    octave: Octave
    octaves: int
    step: int
    scores: tuple[float, ...]
    moved: float
    recipe: Recipe
    state: AscentState[Any]

    @property
    def score(self) -> float:
        """The objective of the picture that the recipe is of."""
        portrait = self.recipe.portrait
        return self.scores[portrait.facet if portrait else 0]

    @property
    def picture(self) -> Picture:
        """The picture as it would be saved if the dream ended here."""
        return self.state.finished(self.recipe)

    def small(self, side: int) -> Picture:
        """The picture with its longer side no longer than ``side`` pixels, made in less time."""
        return self.state.small(self.recipe, side)


def dream(
    recipe: Recipe, *, session: Session, state: AscentState[Any], ask: Ask | None = None
) -> Iterator[Frame]:
    """Gradient ascent on what a state holds, octave by octave; to stop is to leave the ``for``.

    Args:
        recipe: The settings; the octaves are planned and entered by them, until others are asked for.
        session: The network, bound objectives and tiles.
        state: What moves; where it stands is where the loop begins.
        ask: Says the settings of each step instead (a dream that is steered). Octaves and steps may change
            too: see ``Course.follow``.

    Yields:
        A Frame after each step.

    Raises:
        UsageError, BadInput, NetworkError, ResourceError: as their docstrings say; a score, gradient or
            picture that is not finite is one of the first three, whichever is at fault.
    """
    # The session's threads and kernels do every piece of this, and nothing of what others do between frames.
    runtime = state.runtime = session.runtime
    course = Course(recipe, state)
    for remark in state.remarks(recipe):
        warn(remark)
    while state.octave < len(course.plan):
        octave = course.octave
        with runtime.use():
            state.enter(octave, recipe)
        while state.step < octave.steps:
            now = recipe if ask is None else ask(state)
            octave = course.follow(now)
            if state.step >= octave.steps:
                break  # as many steps as are wanted now, or smaller octaves come first
            with runtime.use():
                goal = state.goal(session, now, octave)
                look = state.look(now)  # drawn at random: a roll of the picture, or several views of it
                scores, gradient = look.gradient(session, goal)
                state.ascend(gradient, octave, now)
                del gradient, look  # given up: at the next octave's size they would only take memory
                step = state.step - 1
                if state.satisfied(scores, octave, now):
                    state.step = octave.steps  # over, also for whoever goes on from this state later
                frame = Frame(octave, len(course.plan), step, scores, _finite(state.moved()), now, state)
            yield frame
        with runtime.use():
            state.leave(octave)


def _finite(moved: float) -> float:
    """How far a picture has come; UsageError where a step has left it with numbers that are not finite."""
    if math.isfinite(moved):
        return moved
    raise UsageError(
        "step: it left the picture with NaN or infinite values; give a smaller step size or smaller weights"
    )
