"""Portraits: what units want to see, many at a time, through the one loop."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from torch import Tensor

from reverie.ascent.loop import Frame, dream
from reverie.ascent.session import Session
from reverie.engine.engine import is_out_of_memory
from reverie.errors import ResourceError
from reverie.media.picture import Picture
from reverie.portrait.state import PortraitState, facets_of, plan_of, portrait_of, seen_size, shared, size_of
from reverie.recipe.recipe import Recipe, Stop

#: Views that go through the network at once, at most, of all pictures that are made together ...
TOGETHER = 64
#: ... and the memory they may take there, in bytes.
MEMORY = 2 << 30


@dataclass(frozen=True)
class FinishedPortrait:
    """One portrait: which of the recipes it is of, its own recipe, and what came of it."""

    index: int
    recipe: Recipe
    picture: Picture
    score: float
    moved: float
    seconds: float  # of the batch, over its pictures
    stopped: Stop | None = None


def make_portraits(
    recipes: Sequence[Recipe],
    session: Session,
    *,
    picture: Picture | Tensor | None = None,
    each: Callable[[Frame], None] | None = None,
    begun: Callable[[Sequence[int]], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Iterator[FinishedPortrait]:
    """Make portraits, those together that can be; each is the same as if it were made alone.

    Args:
        recipes: One for each portrait; one with several ``facets`` gives as many.
        session: The network.
        picture: What they start from; None for noise.
        each: Called with each frame of the loop.
        begun: Called with the places of the recipes that are made together next.
        stop: Asked after each step; on True what there is is given out, and no more is begun.

    Yields:
        The portraits, batch by batch.

    Raises:
        UsageError, BadInput, NetworkError, ResourceError: as ``dream`` does. Where memory runs out, fewer
            are made together; one alone that does not fit is a ResourceError.
    """
    waiting = list(_groups(recipes, session))
    while waiting:
        group = waiting.pop(0)
        if begun is not None:
            begun(group)
        try:
            made = _together(group, recipes, session, picture, each, stop)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            if len(group) == 1:
                raise ResourceError("out of memory; use a smaller --size or fewer --views") from error
            half = len(group) // 2
            waiting[:0] = [group[:half], group[half:]]
            session.release()
            continue
        yield from made
        if stop is not None and stop():
            return


def portraits(recipes: Sequence[Recipe], session: Session) -> list[Picture]:
    """The finished portraits, in the order of the recipes (of facets, the first)."""
    found: dict[int, Picture] = {}
    for made in make_portraits(recipes, session):
        found.setdefault(made.index, made.picture)
    return [found[i] for i in range(len(recipes))]


def _together(
    group: Sequence[int],
    recipes: Sequence[Recipe],
    session: Session,
    picture: Picture | Tensor | None,
    each: Callable[[Frame], None] | None,
    stop: Callable[[], bool] | None,
) -> list[FinishedPortrait]:
    """The portraits of a group, to their end or to where they are stopped."""
    began = time.monotonic()
    places = [(i, recipe) for i in group for recipe in facets_of(recipes[i])]
    state = PortraitState.begin([recipe for _, recipe in places], picture, session)
    cut = last = None
    for last in dream(places[0][1], session=session, state=state):
        if each is not None:
            each(last)
        ends = last.step + 1 >= last.octave.steps and last.octave.index + 1 >= last.octaves
        if stop is not None and stop() and not ends:
            cut = Stop(octave=last.octave.index, step=last.step)
            break
    assert last is not None
    seconds = (time.monotonic() - began) / len(places)
    found = zip(places, state.pictures(), last.scores, state.moves(), strict=True)
    return [
        # A facet's recipe is the one that was given: it makes all of them, and says which this is.
        FinishedPortrait(i, r.model_copy(update={"seed": recipes[i].seed}), made, score, moved, seconds, cut)
        for (i, r), made, score, moved in found
    ]


def _groups(recipes: Sequence[Recipe], session: Session) -> Iterator[list[int]]:
    """Which recipes are carried out together: they share all but objective and seed, and a depth."""
    kinds: dict[tuple[Recipe, tuple[str, ...], int], list[int]] = {}
    for index, recipe in enumerate(recipes):
        # Facets are a group by themselves; so is what ends as soon as its own score is high enough.
        alone = portrait_of(recipe).facets > 1 or recipe.max_score is not None
        layers = {
            name
            for octave in plan_of(recipe, size_of(recipe))
            for name in session.goal(recipe, octave.index, octave.size).layers
        }
        kinds.setdefault((shared(recipe), tuple(sorted(layers)), index if alone else -1), []).append(index)
    for (recipe, names, _), members in kinds.items():
        count = _room(recipe, names, session)
        for first in range(0, len(members), count):
            yield members[first : first + count]


def _room(recipe: Recipe, layers: Sequence[str], session: Session) -> int:
    """How many portraits of a kind are made at once."""
    settings = portrait_of(recipe)
    sizes = [seen_size(settings, o.index, o.size) for o in plan_of(recipe, size_of(recipe))]
    pixels = max(width * height for width, height in sizes)
    memory = session.engine.bytes_per_pixel(layers) * pixels * settings.views if layers else 1.0
    return max(1, min(TOGETHER // settings.views, int(MEMORY / max(memory, 1.0))))
