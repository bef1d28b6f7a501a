"""The scenes of a zoom as text: objectives that follow each other, each perhaps with its beginning."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from reverie.errors import UsageError
from reverie.objective import parse
from reverie.recipe.curve import Moment

#: No objective begins with a number and a colon.
_BEGINS = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)(s?)\s*:(.+)", re.DOTALL)


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
