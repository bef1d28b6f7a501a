"""Recipes that change while they are at work: as a listener says, or as it said in an earlier run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from reverie.ascent.octaves import PLANNED
from reverie.errors import UsageError
from reverie.jobs.job import Listener
from reverie.jobs.provenance.note import Steered
from reverie.recipe.recipe import Recipe
from reverie.recipe.zoom import OPENING

#: Settings that may change while a dream runs: what the loop reads anew at each step.
STEERABLE: Final = (
    "objective",
    "balance",
    "strength",
    "step_size",
    "jitter",
    "smoothing",
    "levels",
    "tilt",
    "centre",
    "normalise",
    "max_change",
    "max_score",
    "drift",
    "keep_colour",
    *PLANNED,
)


def steerable(recipe: Recipe, *, frames: bool = False) -> tuple[str, ...]:
    """The settings of a recipe that may change while it is at work.

    Octaves and steps are those of a dream all over: portraits, things at places, and the ``frames`` of a
    zoom, each of which is a dream of its own, have theirs from the beginning.
    """
    fixed = frames or recipe.portrait is not None or recipe.sites is not None
    return tuple(name for name in STEERABLE if not (fixed and name in PLANNED))


def fixed_in(first: Recipe, changes: Mapping[str, Any], *, frames: bool = False) -> list[str]:
    """Which of these changes cannot be made while a recipe is at work.

    Args:
        first: What it began with.
        changes: As JSON; ``zoom`` is all of it.
        frames: Whether it is at the frames of a zoom, of which also ``zoom`` may change, but for ``OPENING``.
    """
    may, mine = steerable(first, frames=frames), first.model_dump(mode="json")
    fixed = [name for name in changes if name not in (*may, "zoom")]
    fixed += [f"zoom.{name}" for name in OPENING if _differs(mine["zoom"], changes.get("zoom"), name)]
    if "zoom" in changes and None in (mine["zoom"], changes["zoom"]):
        fixed.append("zoom")
    return fixed


class Steering:
    """A recipe as it is steered from place to place: a step of a dream, or a frame of a zoom.

    Args:
        listener: Who is asked at each place.
        replay: Changes of an earlier run, which are made again instead of asking.

    Attributes:
        steered: What was changed from the recipe it began with, and where.
    """

    def __init__(self, listener: Listener, replay: Sequence[Steered] | None = None) -> None:
        self.steered: list[Steered] = []
        self._listener = listener
        self._replay = None if replay is None else {one.place: one.changes for one in replay}

    def begin(self, recipe: Recipe, steered: Sequence[Steered] = ()) -> None:
        """Begin with a recipe, or go on where it was changed before."""
        self.steered = list(steered)
        self._first = recipe
        self._now = recipe.but(**self.steered[-1].changes) if self.steered else recipe

    def at(self, **place: int) -> Recipe:
        """The recipe from here on: ``octave`` and ``step`` of a dream, or ``frame`` of a zoom.

        Raises:
            UsageError: Something is to change that cannot, or to be read that is not open.
        """
        here = Steered(**place, changes={})
        if self._replay is not None:
            changes = self._replay.get(here.place)
            wanted = self._now if changes is None else self._first.but(**changes)
        else:
            wanted = self._listener.steer(self._now) or self._now
        if wanted != self._now:
            self._record(here, wanted)
        return self._now

    def _record(self, here: Steered, wanted: Recipe) -> None:
        mine, theirs = self._first.model_dump(mode="json"), wanted.model_dump(mode="json")
        changes = {name: value for name, value in theirs.items() if value != mine[name]}
        frames = here.frame is not None
        if fixed := fixed_in(self._first, changes, frames=frames):
            may = ", ".join(steerable(self._first, frames=frames))
            raise UsageError(
                f"{', '.join(fixed)}: cannot change while a dream runs; {may} can, and of a zoom its steps, "
                "octaves, scenes and how it moves"
            )
        if unknown := [name for name in wanted.files() if name not in self._first.files()]:
            raise UsageError(
                f'"{unknown[0]}": only files of the recipe it began with are open; name it there'
            )
        self.steered = [one for one in self.steered if one.place != here.place]
        self.steered.append(here.model_copy(update={"changes": changes}))
        self._now = wanted


def _differs(before: Mapping[str, object] | None, after: Mapping[str, object] | None, name: str) -> bool:
    """Whether both are there and say another thing of a setting."""
    return before is not None and after is not None and before[name] != after[name]
