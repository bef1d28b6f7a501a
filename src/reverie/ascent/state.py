"""What the loop asks of a state: the contract that a dream, a film's dream and portraits each keep."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from torch import Tensor

from reverie.ascent.octaves import Octave
from reverie.ascent.session import Session
from reverie.media.picture import Picture
from reverie.native.runtime import Runtime
from reverie.recipe.recipe import Recipe

G = TypeVar("G")
G_contra = TypeVar("G_contra", contravariant=True)


class Look(Protocol[G_contra]):
    """How the network looks at what moves in one step, with its random numbers drawn."""

    def gradient(self, session: Session, goal: G_contra) -> tuple[tuple[float, ...], Tensor]:
        """The score of each picture, and the gradient (N, C, H, W) at them.

        The gradient is the caller's to change, until the next one is written into the same memory.
        """


class AscentState(Protocol[G]):
    """What moves in gradient ascent, and how far it has come; ``G`` is the kind of goal that it climbs.

    The loop calls ``plan``; for each octave from ``octave`` on ``enter``, and ``leave`` at its end; in
    between for each step from ``step`` on ``goal``, ``look``, ``ascend``, ``satisfied`` and ``moved``, in
    this order. The state counts: ``ascend`` adds one to ``step``, ``leave`` one to ``octave``. So whoever
    keeps it can go on from it.

    Attributes:
        octave: The next to do.
        step: Of that octave, the next to do.
        runtime: What it computes with, also between steps; the loop sets it to the session's.
    """

    octave: int
    step: int
    runtime: Runtime

    def plan(self, recipe: Recipe) -> list[Octave]:
        """All octaves in order, also those that are done."""

    def remarks(self, recipe: Recipe) -> tuple[str, ...]:
        """What the user should know of that plan."""

    def enter(self, octave: Octave, recipe: Recipe) -> None:
        """Come to an octave's size; nothing is to be done where a state goes on in the middle of one."""

    def goal(self, session: Session, recipe: Recipe, octave: Octave) -> G:
        """What is climbed in the next step."""

    def look(self, recipe: Recipe) -> Look[G]:
        """Draw how the network looks in the next step."""

    def ascend(self, gradient: Tensor, octave: Octave, recipe: Recipe) -> None:
        """One step along the gradient that the look gave, which is given up, and all that follows it."""

    def satisfied(self, scores: Sequence[float], octave: Octave, recipe: Recipe) -> bool:
        """Whether the octave is over before its steps are; ``scores`` are those before the step."""

    def moved(self) -> float:
        """How far the picture has come from its start, RMS, 0..1."""

    def leave(self, octave: Octave) -> None:
        """End an octave."""

    def finished(self, recipe: Recipe) -> Picture:
        """The picture as it is saved; the state can go on after it."""

    def small(self, recipe: Recipe, side: int) -> Picture:
        """As ``finished``, with its longer side no longer than ``side`` pixels; quicker where it can be."""
