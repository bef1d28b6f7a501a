"""Dreams and portraits alike, from a recipe: the only place that knows which state a recipe asks for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from torch import Tensor

from reverie.ascent.loop import Ask, Frame
from reverie.ascent.loop import dream as ascent
from reverie.ascent.session import Session, session_of
from reverie.ascent.state import AscentState
from reverie.deepdream.state import State
from reverie.media.picture import Picture
from reverie.network.network import Network
from reverie.recipe.recipe import Recipe

if TYPE_CHECKING:
    from reverie.deepdream.apparition.state import ApparitionState
    from reverie.portrait.state import PortraitState

__all__ = ["Frame", "begin", "dream", "render"]


def dream(
    recipe: Recipe | Ask,
    picture: Picture | Tensor | None = None,
    *,
    session: Session | None = None,
    net: Network | None = None,
    state: AscentState[Any] | None = None,
) -> Iterator[Frame]:
    """Gradient ascent on a picture, octave by octave; to stop is to leave the ``for``.

    Args:
        recipe: The settings, or a callable asked for them at each step (a dream that is steered); it is given
            the state, and None the first time if there is none yet.
        picture: What to dream on, a Picture or a tensor (C, H, W) in [0, 1]; None with a ``start`` of noise
            or clouds.
        session: The network, bound objectives and tiles, to share between dreams; made from the recipe if
            missing.
        net: The network that dreams, instead of the one that the recipe names; for a session of its own.
        state: A state that an earlier dream left, to go on from; ``picture`` is then not looked at.

    Yields:
        A Frame after each step.

    Raises:
        UsageError, BadInput, NetworkError, ResourceError: as their docstrings say.
    """
    first, ask = (recipe(state), recipe) if callable(recipe) else (recipe, None)
    session = session_of(first, session, net)
    yield from ascent(first, session=session, state=state or begin(first, picture, session), ask=ask)


def begin(
    recipe: Recipe, picture: Picture | Tensor | None, session: Session
) -> State | PortraitState | ApparitionState:
    """The state before the first step, of a dream all over or at sites, or of a portrait."""
    if recipe.sites is not None:
        from reverie.deepdream.apparition.state import ApparitionState

        return ApparitionState.begin(recipe, picture, session)
    if recipe.portrait is None:
        return State.begin(recipe, picture, session)
    from reverie.portrait.state import PortraitState

    return PortraitState.begin(recipe, picture, session)


def render(
    recipe: Recipe,
    picture: Picture | Tensor | None = None,
    *,
    session: Session | None = None,
    net: Network | None = None,
) -> Picture:
    """Dream to the end and return the finished picture; arguments and errors as of ``dream``.

    Nothing is told of how it was made; ``reverie.render``, of the layer above, does that.
    """
    session = session_of(recipe, session, net)
    state = begin(recipe, picture, session)
    for _ in ascent(recipe, session=session, state=state):
        pass
    return state.finished(recipe)
