"""What a zoom dreams of when: objectives that follow each other, cross-faded."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from reverie.errors import UsageError
from reverie.objective import OfClass, interpolate, parse
from reverie.recipe.curve import Moment

if TYPE_CHECKING:
    from reverie.media.picture import Picture
    from reverie.recipe.zoom import Zoom

#: Weights of a cross-fade go in so many steps: each mixture is bound to the network once.
MIXTURES = 32
#: The mask of the upper half, which is in no file.
UPPER_HALF = "upper half"

#: No objective begins with a number and a colon.
_BEGINS = re.compile(r"\s*(\d+\.?\d*|\.\d+)(s?)\s*:(.+)", re.DOTALL)


@dataclass(frozen=True)
class Scene:
    """An objective, and the moment when it begins (None: in its turn)."""

    objective: str
    begins: Moment | None = None

    @classmethod
    def parse(cls, text: str) -> Scene:
        """A scene from its text, ``block5c`` or ``5s:block5c``; UsageError where that is none."""
        match = _BEGINS.fullmatch(text)
        if match is None:
            return cls(str(parse(text)))
        return cls(str(parse(match[3])), Moment.parse(match[1] + match[2]))

    def __str__(self) -> str:
        return self.objective if self.begins is None else f"{self.begins}:{self.objective}"


def parse_scenes(texts: tuple[str, ...]) -> tuple[Scene, ...]:
    """Scenes from their texts; UsageError unless all or none have a beginning, in order."""
    scenes = tuple(map(Scene.parse, texts))
    given = [scene for scene in scenes if scene.begins is not None]
    if given and len(given) < len(scenes):
        bare = next(scene for scene in scenes if scene.begins is None)
        raise UsageError(
            f'scene "{bare}" has no beginning and others have; give each one, as in 5s:{bare}, or none'
        )
    for here, there in pairwise(given):
        assert here.begins is not None
        assert there.begins is not None
        if here.begins.unit != there.begins.unit:
            raise UsageError(f'scenes "{here}" and "{there}": count both in frames, or both in seconds (5s)')
        if there.begins.value <= here.begins.value:
            raise UsageError(f'scene "{there}" does not begin after "{here}"; give them in order')
    return scenes


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
    """An objective with a share of another if it reads classes, whose pictures alone are short of texture."""
    wanted = parse(objective)
    if share <= 0 or not any(isinstance(term.quantity, OfClass) for term in wanted.terms):
        return objective
    return str((1 - share) * wanted + share * parse(ground))


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
        import numpy as np

        from reverie.media.picture import Picture

        pixels = np.zeros((64, 64, 3), np.float32)
        pixels[:32] = 1
        return Picture(pixels)

    return opened
