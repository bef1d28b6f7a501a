"""THE loop: gradient ascent on a picture, octave by octave (Mordvintsev, Olah & Tyka 2015)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from torch import Tensor

from reverie.ascent.octaves import Octave
from reverie.ascent.session import Session
from reverie.deepdream.state import State
from reverie.media.picture import Picture
from reverie.notices import warn
from reverie.recipe.recipe import Recipe

if TYPE_CHECKING:
    from reverie.portrait.state import PortraitState

#: Given the state of a dream or of portraits, or None at the very first.
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
    state: State | PortraitState

    @property
    def score(self) -> float:
        """The objective of the picture that the recipe is of."""
        portrait = self.recipe.portrait
        return self.scores[portrait.facet if portrait else 0]

    @property
    def picture(self) -> Picture:
        """The picture as it would be saved if the dream ended here."""
        return self.state.finished(self.recipe)


def dream(
    recipe: Recipe | Ask,
    picture: Picture | Tensor | None = None,
    *,
    session: Session | None = None,
    state: State | PortraitState | None = None,
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
    state = state or begin(first, picture, session)
    # The session's threads and kernels do every piece of this, and nothing of what others do between frames.
    runtime = state.runtime = session.runtime
    plan = state.plan(first)
    for remark in state.remarks(first):
        warn(remark)
    for octave in plan[state.octave :]:
        with runtime.use():
            state.enter(octave, first)
        while state.step < octave.steps:
            now = ask(state)
            with runtime.use():
                goal = state.goal(session, now, octave)
                look = state.look(now)  # drawn at random: a roll of the picture, or several views of it
                scores, gradient = session.gradient(goal, state.canvas, look)
                state.ascend(gradient, octave, now)
                del gradient, look  # given up: at the next octave's size they would only take memory
                step = state.step - 1
                if state.satisfied(scores, octave, now):
                    state.step = octave.steps  # over, also for whoever goes on from this state later
                frame = Frame(octave, len(plan), step, scores, state.moved(), now, state)
            yield frame
        with runtime.use():
            state.leave(octave)


def begin(recipe: Recipe, picture: Picture | Tensor | None, session: Session) -> State | PortraitState:
    """The state before the first step, of a dream or of a portrait."""
    if recipe.portrait is None:
        return State.begin(recipe, picture, session)
    from reverie.portrait.state import PortraitState

    return PortraitState.begin(recipe, picture, session)


def render(
    recipe: Recipe,
    picture: Picture | Tensor | None = None,
    *,
    session: Session | None = None,
) -> Picture:
    """Dream to the end and return the finished picture."""
    session = session or Session(recipe)
    state = begin(recipe, picture, session)
    for _ in dream(recipe, session=session, state=state):
        pass
    return state.finished(recipe)
