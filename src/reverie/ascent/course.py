"""The octaves of a dream whose plan may be steered: what is done stays, what is to come is planned anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from reverie.ascent.octaves import PLANNED, Octave
from reverie.ascent.state import AscentState
from reverie.recipe.recipe import Recipe

#: A dream that goes back to smaller octaves keeps at most this share of the movement; the rest is theirs.
KEPT: Final = 0.5


class Course:
    """The plan of one dream as it is steered.

    Octaves that are done keep their place in it, so every step has a place of its own, also where the dream
    goes back to smaller sizes.

    Attributes:
        plan: All octaves in order, also those that are done.
    """

    def __init__(self, recipe: Recipe, state: AscentState[Any]) -> None:
        self._state, self._settings = state, _settings(recipe)
        self.plan = state.plan(recipe)

    @property
    def octave(self) -> Octave:
        """The one that the state is at."""
        return self.plan[self._state.octave]

    def follow(self, recipe: Recipe) -> Octave:
        """The octave that the state is at, by settings that may be others than before.

        Its size stays; it is over where it has as many steps as are wanted now. The larger ones of the new
        plan come after it. Where the new plan has smaller ones than were ever dreamed at, the dream goes back
        to these, and climbs again.
        """
        if (settings := _settings(recipe)) != self._settings:
            self._settings = settings
            done, now = self.plan[: self._state.octave], self.octave
            wanted = self._state.plan(recipe)
            self.plan = [*done, *onwards([*done, now], self._state.step, wanted, recipe.octave_scale)]
        return self.octave


def onwards(been: Sequence[Octave], step: int, wanted: Sequence[Octave], scale: float) -> list[Octave]:
    """The octave that a dream is at, as it goes on, and those that come after it.

    Args:
        been: The octaves so far; the last is the one that it is at.
        step: The next step of that one.
        wanted: The new plan, as for a dream that begins.
        scale: Ratio of its neighbours.
    """
    now, lowest = been[-1], min(_area(one) for one in been)
    if _area(wanted[0]) * scale**2 <= 1.02 * lowest:  # a whole octave below; 2 % are for rounded sizes
        used = min(KEPT, now.before + (now.share - now.before) * step / now.steps)
        return [replace(now, steps=step), *_after(now.index, used, wanted)]
    apart = scale  # of areas, half an octave: what is nearly as large as this one is not dreamed at again
    larger = [one for one in wanted if _area(one) > apart * _area(now)]
    if not larger and _area(wanted[-1]) > _area(now):
        larger = [wanted[-1]]
    alike = [one for one in wanted if _area(one) <= apart * _area(now)] or wanted[:1]
    share = now.share if larger else 1.0
    here = replace(now, steps=max(step, alike[-1].steps), share=share)
    return [here, *_after(now.index, share, larger)]


def _after(index: int, share: float, octaves: Sequence[Octave]) -> list[Octave]:
    """Octaves after one of an index, which share what is left of the movement as they would in their plan."""
    if not octaves:
        return []
    first = octaves[0].before
    left = (1 - share) / (1 - first)
    return [
        replace(
            one,
            index=index + place,
            before=share + left * (one.before - first),
            share=share + left * (one.share - first),
        )
        for place, one in enumerate(octaves, 1)
    ]


def _settings(recipe: Recipe) -> tuple[object, ...]:
    return tuple(getattr(recipe, name) for name in PLANNED)


def _area(octave: Octave) -> int:
    return octave.size[0] * octave.size[1]
