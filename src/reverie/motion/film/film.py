"""Films that dream without flicker: each frame's dream is carried to the next by the motion in the film.

As in Ruder, Dosovitskiy & Brox 2016, "Artistic style transfer for videos": optical flow moves what was made
of the last frame, and only what it uncovers is made anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reverie.ascent.loop import Frame, dream
from reverie.ascent.session import Session, session_of
from reverie.ascent.start import prepare
from reverie.deepdream.state import Origin, State, as_picture
from reverie.media.picture import Picture
from reverie.motion.film.motion import FrameMotion, Masks, moves
from reverie.motion.film.state import FilmState
from reverie.motion.frame import MovingFrame
from reverie.network.network import Network
from reverie.recipe.film import Film
from reverie.recipe.recipe import Recipe

if TYPE_CHECKING:
    from reverie.media.video.read.reader import Video

#: Loudness and beat of the music at a time in seconds from the first frame, 0..1.
Pulse = Callable[[float], float]
#: Frames whose motion is measured while an earlier one is dreamt.
AHEAD = 2
#: Rounds of a frame's steps after a full dream, so that its first frame is like those that follow.
FIRST = 2


@dataclass(frozen=True)
class FilmFrame(MovingFrame):
    """What a film yields for each frame; ``frames`` is None where the film does not say how many it has.

    ``fresh`` says that it was dreamt from nothing: the first frame, and the first after a cut. ``uncovered``
    is the share of the frame that no earlier one showed, ``origin`` what it keeps of the film's own frame.
    """

    fresh: bool
    uncovered: float
    origin: Origin | None

    @cached_property
    def picture(self) -> Picture:
        """As of any frame, with the film's transparency."""
        return as_picture(self.planes, self.recipe, self.origin)

    @property
    def alpha(self) -> NDArray[np.float32] | None:
        """How opaque each pixel is, (H, W) in [0, 1]; None where all are."""
        return self.picture.alpha if self.origin is not None and self.origin.alpha is not None else None


def film(
    recipe: Recipe,
    movie: Video,
    *,
    session: Session | None = None,
    net: Network | None = None,
    state: FilmState | None = None,
    first: int = 0,
    masks: Video | None = None,
    pulse: Pulse | None = None,
    opening: Callable[[Frame], object] | None = None,
) -> Iterator[FilmFrame]:
    """Let a film dream, frame by frame; to stop is to leave the ``for``.

    Args:
        recipe: The settings; ``recipe.film`` says how the dream is carried, the rest is the dream itself.
        movie: The film, as ``open_movie`` gives it.
        session: The network, to share between films; made from the recipe if missing.
        net: The network that dreams, instead of the one that the recipe names; for a session of its own.
        state: The state that an earlier film left (of ``FilmFrame.state``, or ``FilmState.from_dict``), to go
            on from: the frames it has done are skipped, and what follows has the bytes of an unbroken film.
        first: Where to begin without a state: a frame that a scene begins with, see ``scenes``.
        masks: A film of masks, white where dreams may be; its last frame holds on.
        pulse: Moves the strength by the music.
        opening: Called after each step of the loop for a frame that begins a scene, which takes far longer
            than any other; what it raises ends the film.

    Yields:
        A FilmFrame for each frame. Its state is the one that moves on: to keep one, ``state_dict()`` it
        before the next frame is asked for.

    Raises:
        UsageError, BadInput, NetworkError, ResourceError: as their docstrings say.
    """
    from reverie.media.video.read.prefetch import Ahead

    settings = recipe.film or Film()
    # The film comes at its size: what ``size`` and ``max_size`` say is for whoever opens it.
    recipe = recipe.model_copy(update={"size": None, "max_size": None, "film": settings})
    session = session_of(recipe, session, net)
    index, last = (state.index, state.last) if state else (first, None)
    if state is not None:
        state.runtime = session.runtime
    mask = Masks(recipe.mask, masks, session)
    measured = partial(moves, movie, settings, skip=index, last=None if last is None else last.numpy())
    with closing(Ahead(lambda: session.runtime.over(measured()), AHEAD, "reverie-motion")) as ahead:
        for move in ahead:
            source, score, told = _source(move, recipe, session), 0.0, None
            if state is None or move.begins:
                told = opening
                state, score = _opened(recipe, move, source, mask.at(move.shot.time), session, told)
            else:
                state.carry(move, source, mask.at(move.shot.time))
            state.aim(recipe, *_strength(recipe, settings, move, index, pulse))
            state.cut(recipe, session)
            for _ in range(0 if move.blank else FIRST if move.begins else 1):
                score = _dreamt(recipe, state, session, told)
                state.settle(begins=move.begins)
            index = state.index = index + 1
            yield _frame(recipe, move, state, score, movie.info.frames)


def _source(move: FrameMotion, recipe: Recipe, session: Session) -> Tensor:
    """The film's own frame, (1, C, H, W)."""
    with session.runtime.use():
        frame = torch.from_numpy(move.shot.rgb).permute(2, 0, 1)[None].contiguous().float().div_(255)
        return prepare(recipe, frame, torch.Generator(), session.net.channels).to(session.device)


def _dreamt(recipe: Recipe, state: State, session: Session, told: Callable[[Frame], object] | None) -> float:
    """Dream to the end, each step of it told: the score."""
    score = 0.0
    for step in dream(recipe, session=session, state=state):
        score = step.score
        if told is not None:
            told(step)
    return score


def _opened(
    recipe: Recipe,
    move: FrameMotion,
    source: Tensor,
    mask: Tensor | None,
    session: Session,
    told: Callable[[Frame], object] | None,
) -> tuple[FilmState, float]:
    """The full dream that a scene begins with, and its score; where nothing is to be seen there is none."""
    settings = recipe.film or Film()
    full = recipe.model_copy(update={"mask": None})
    if settings.strength is not None:
        full = full.model_copy(update={"strength": settings.strength.most})
    state = State.begin(full, source, session)
    with session.runtime.use():
        state.canvas = state.canvas.rebased(source, mask)
    score = 0.0 if move.blank else _dreamt(full, state, session, told)
    return FilmState.over(state, move, recipe), score


def _strength(
    recipe: Recipe, settings: Film, move: FrameMotion, index: int, pulse: Pulse | None
) -> tuple[float | None, float | None, float]:
    """The strength at a frame, the greatest there will be, and the share of it that the pulse leaves."""
    seconds = float(move.shot.time)
    beat = 1.0 if pulse is None else 1 - settings.pulse_depth * (1 - min(1.0, max(0.0, pulse(seconds))))
    if settings.strength is not None:
        return settings.strength.value(index, seconds), settings.strength.most, beat
    return recipe.strength, recipe.strength, beat


def _frame(
    recipe: Recipe, move: FrameMotion, state: FilmState, score: float, frames: int | None
) -> FilmFrame:
    shot = move.shot
    return FilmFrame(
        index=state.index - 1,
        frames=frames,
        time=shot.time,
        duration=shot.duration,
        planes=state.shown(recipe),
        score=score,
        moved=state.moved(),
        recipe=recipe,
        state=state,
        fresh=move.begins,
        uncovered=1.0 if move.begins else move.motion.share if move.motion else 0.0,
        origin=state.origin,
    )
