"""What a zoom dreams of when: its scenes in time, cross-faded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from reverie.media.picture import Picture
from reverie.objective import OfClass, interpolate, parse
from reverie.recipe.scenes import parse_scenes
from reverie.recipe.zoom import Zoom

#: Weights of a cross-fade go in so many steps: each mixture is bound to the network once.
MIXTURES = 32
#: The mask of the upper half, which is in no file.
UPPER_HALF = "the upper half"


@dataclass(frozen=True)
class Timeline:
    """When each scene begins, in seconds, and how long one takes to go over into the next."""

    objectives: tuple[str, ...]
    begins: tuple[float, ...]
    crossfade: float
    duration: float
    loop: bool = False
    halves: bool = False

    @classmethod
    def of(cls, settings: Zoom, ground: str) -> Timeline:
        """The scenes of a zoom: in even shares of its time, or where they say.

        In a loop the last goes over into the first again at the end. ``ground`` is the objective that has a
        share in scenes of classes.
        """
        scenes = parse_scenes(settings.scenes)
        begins = tuple(
            settings.duration * i / len(scenes)
            if scene.begins is None
            else scene.begins.seconds(settings.fps)
            for i, scene in enumerate(scenes)
        )
        objectives = tuple(textured(text, ground, settings.undertone) for text in settings.objectives)
        return cls(objectives, begins, settings.crossfade, settings.duration, settings.loop, settings.halves)

    def at(self, seconds: float) -> tuple[int, int, float]:
        """The scene that is on, the one that it goes over into, and that one's share, 0 to 1.

        A cross-fade has its middle where the next scene begins; a loop's last one ends with the film.
        """
        last = len(self.begins) - 1
        for i in range(last):
            share = self._share(seconds, self.begins[i + 1])
            if share < 1:
                return i, i + 1, share
        if self.loop and last:
            return last, 0, self._share(seconds, self.duration - self.crossfade / 2)
        return last, last, 0.0

    def objective(self, seconds: float) -> tuple[str, ...]:
        """What is dreamed of at a time: a scene's objective, or two in their shares; () without scenes."""
        if not self.begins:
            return ()
        here, there, share = self.at(seconds)
        return (blended(self._scene(here), self._scene(there), share),)

    def _scene(self, index: int) -> str:
        """What is dreamed of in a scene: with halves, it and the next one, each in its own."""
        here = self.objectives[index]
        if not self.halves:
            return here
        above = self.objectives[(index + 1) % len(self.objectives)]
        return str(parse(here).within(UPPER_HALF, inverse=True) + parse(above).within(UPPER_HALF))

    def _share(self, seconds: float, middle: float) -> float:
        """How far a cross-fade about a moment has come."""
        if self.crossfade <= 0:
            return float(seconds >= middle)
        way = min(1.0, max(0.0, (seconds - middle) / self.crossfade + 0.5))
        return round(way * way * (3 - 2 * way) * MIXTURES) / MIXTURES


def textured(objective: str, ground: str, share: float) -> str:
    """An objective with a share of another if it reads classes, whose pictures alone are short of texture.

    A ground of several terms has no more of a share than one of a single term.
    """
    wanted, other = parse(objective), parse(ground)
    if share <= 0 or not any(isinstance(term.quantity, OfClass) for term in wanted.terms):
        return objective
    weight = max(1.0, sum(abs(term.weight) for term in other.terms))
    return str((1 - share) * wanted + share / weight * other)


def blended(here: str, there: str, share: float) -> str:
    """Two objectives in one, ``share`` of it the second."""
    if share <= 0 or here == there:
        return here
    if share >= 1:
        return there
    return str(interpolate(parse(here), parse(there), share))


def with_halves(open_file: Callable[[str], Picture]) -> Callable[[str], Picture]:
    """A way of opening files that knows the mask ``UPPER_HALF`` too."""

    def opened(name: str) -> Picture:
        if name != UPPER_HALF:
            return open_file(name)
        pixels = np.zeros((64, 64, 3), np.float32)
        pixels[:32] = 1
        return Picture(pixels)

    return opened
