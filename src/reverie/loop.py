"""THE loop: gradient ascent on a picture, octave by octave (Mordvintsev, Olah & Tyka 2015)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from torch import Tensor

from reverie.picture import Picture
from reverie.recipe import Recipe
from reverie.schedule import Octave
from reverie.session import Session
from reverie.state import State
from reverie.transform import Roll

Ask = Callable[["State | None"], Recipe]


@dataclass(frozen=True)
class Frame:
    """What the loop yields after each step.

    ``score`` is the objective before the step; ``moved`` the RMS distance from the source, 0..1, after it.
    """

    octave: Octave
    octaves: int
    step: int
    score: float
    moved: float
    recipe: Recipe
    state: State

    @property
    def picture(self) -> Picture:
        """The picture as it would be saved if the dream ended here."""
        return self.state.finished(self.recipe)


def dream(
    recipe: Recipe | Ask,
    picture: Picture | Tensor | None = None,
    *,
    session: Session | None = None,
    state: State | None = None,
) -> Iterator[Frame]:
    """Gradient ascent on a picture, octave by octave; to stop is to leave the ``for``.

    Args:
        recipe: The settings, or a callable asked for them at each step (a dream that is steered); it is given
            the state, and None the first time if there is none yet.
        picture: What to dream on, a Picture or a tensor (C, H, W) in [0, 1]; None with a ``start`` of noise
            or clouds.
        session: The network, bound objectives and tiles, to share between dreams; made from the recipe if
            missing.
        state: A state that an earlier dream left, to go on from; ``picture`` is then not looked at.

    Yields:
        A Frame after each step.

    Raises:
        UsageError, BadInput, NetworkError, ResourceError: as their docstrings say.
    """
    ask: Ask = recipe if callable(recipe) else lambda _: recipe
    first = ask(state)
    session = session or Session(first)
    state = state or State.begin(first, picture, session)
    plan = state.plan(first)
    for octave in plan[state.octave :]:
        state.enter(octave, first)
        while state.step < octave.steps:
            now = ask(state)
            goal = session.goal(now, octave.index)
            roll = Roll.draw(state.rng, now.jitter)
            score, gradient = session.gradient(goal, state.canvas, roll)
            state.ascend(gradient, octave, now)
            del gradient  # given up: at the next octave's size it would only take memory
            step = state.step - 1
            if state.satisfied(score, octave, now):
                state.step = octave.steps  # over, also for whoever goes on from this state later
            yield Frame(octave, len(plan), step, score, state.moved(), now, state)
        state.leave(octave)


def render(
    recipe: Recipe,
    picture: Picture | Tensor | None = None,
    *,
    session: Session | None = None,
) -> Picture:
    """Dream to the end and return the finished picture."""
    session = session or Session(recipe)
    state = State.begin(recipe, picture, session)
    for _ in dream(recipe, session=session, state=state):
        pass
    return state.finished(recipe)
