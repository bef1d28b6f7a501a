"""An evolution as far as it has come: what its sheet, its files and its page are made of."""

from __future__ import annotations

import math
from dataclasses import dataclass

from reverie.evolve import Evolution
from reverie.jobs.fooling.folder import Folder, Note
from reverie.jobs.fooling.judge import Arena
from reverie.jobs.fooling.settings import Settings


@dataclass(frozen=True)
class Evolved:
    """What has evolved, and where it is written.

    Attributes:
        folder: Where.
        note: What is written of the run: settings, network and the search's precision.
        arena: Who is fooled and by what.
        state: The evolution itself.
        wanted: The classes that are reported.
    """

    folder: Folder
    note: Note
    arena: Arena
    state: Evolution
    wanted: tuple[int, ...]

    @property
    def settings(self) -> Settings:
        """What evolves."""
        return self.note.settings

    @property
    def done(self) -> int:
        """The last generation that is finished; the first is 0."""
        return done(self.state)


def done(state: Evolution) -> int:
    """The last generation of a state that is finished; the first is 0."""
    return state.generation - 1


def percent(value: float) -> str:
    """A probability in percent, never rounded up to certainty."""
    shown = 100 * value
    if 99 < shown < 100:
        return f"{math.floor(100 * shown) / 100:.2f} %"
    return f"{shown:.1f} %"
