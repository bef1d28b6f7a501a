"""What decides a zoom beside the rest of its recipe, with each default stated once, here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from typing import Annotated, Final, Literal

from pydantic import Field, field_validator, model_validator

from reverie.errors import UsageError
from reverie.recipe.curve import Curve, Within
from reverie.recipe.scenes import parse_scenes
from reverie.recipe.settings import Share, StrictSettings

#: The most frames of one zoom.
MOST_FRAMES: Final = 1_000_000
#: The most scenes of one zoom.
MOST_SCENES: Final = 256
#: What stays as it began where a zoom is steered: how long it is, and what its first frame was made with.
OPENING: Final = ("duration", "fps", "loop", "halves", "warm_up", "steady", "vivid")


FrameSteps = Annotated[int, Field(ge=1, le=1000)]


class Zoom(StrictSettings):
    """How an endless zoom moves and what it dreams of when. Immutable.

    The rest of the recipe says how each frame dreams: its ``steps``, ``octaves`` and ``strength`` are those
    of the opening dream, which is a whole one; the fields here with those names are a frame's.
    """

    duration: float = Field(10.0, gt=0, le=360_000, description="Length in seconds.")
    fps: float = Field(25.0, ge=1, le=240, description="Frames a second.")
    zoom: Annotated[Curve, Within(0.2, 5)] = Field(
        Curve.constant(1.25), description="How many times things grow; below 1 they shrink."
    )
    rotate: Annotated[Curve, Within(-720, 720)] = Field(
        Curve.constant(0), description="Degrees by which things turn clockwise."
    )
    pan_x: Annotated[Curve, Within(-10, 10)] = Field(
        Curve.constant(0), description="Share of the width by which the view goes to the right."
    )
    pan_y: Annotated[Curve, Within(-10, 10)] = Field(
        Curve.constant(0), description="Share of the height by which the view goes down."
    )
    per: Literal["second", "frame"] = Field(
        "second", description="What zoom, rotation and pan are counted in."
    )
    scenes: tuple[str, ...] = Field(
        (),
        max_length=MOST_SCENES,
        description="Objectives that follow each other, each perhaps with its beginning: 5s:block5c.",
    )
    undertone: Share = Field(
        0.35,
        description="Share of the recipe's own objective in scenes of classes, which lends them texture.",
    )
    crossfade: float = Field(
        1.0, ge=0, le=3600, description="Seconds in which one scene goes over into the next."
    )
    strength: Annotated[Curve, Within(0, 1)] = Field(
        Curve.constant(0.12),
        description="How far each frame's own dream goes, 0 to 1; from 0 on a photograph begins as it is.",
    )
    steps: Annotated[tuple[FrameSteps, ...], Field(min_length=1, max_length=32)] = Field(
        (1,),
        description="Steps a frame, in each of its octaves; several are one per octave, smallest first, the "
        "last holding on.",
    )
    octaves: int = Field(3, ge=1, le=32, description="Octaves of a frame's own dream.")
    even: Share = Field(
        0.4, description="How far a frame's dream is made as strong in dull places as in exciting ones."
    )
    warm_up: int = Field(
        24, ge=0, le=10_000, description="Frames dreamt before the first where there is no photograph."
    )
    loop: bool = Field(False, description="Let the last frame lead back to the first.")
    steady: bool = Field(True, description="Hold brightness, contrast, colour and sharpness as they began.")
    vivid: float = Field(
        1.0, ge=0, le=3, description="How colourful the picture is held, times what suits the classic look."
    )
    halves: bool = Field(
        False, description="Dream two things at a time: a scene in the lower half, the next in the upper."
    )

    @property
    def frames(self) -> int:
        """How many frames there are."""
        return max(1, round(self.duration * self.fps))

    @property
    def rate(self) -> Fraction:
        """Frames a second as a fraction; 29.97 and its like are 30000/1001."""
        film = Fraction(round(self.fps * 1001 / 1000) * 1000, 1001)
        return film if abs(float(film) - self.fps) < 0.005 else Fraction(self.fps).limit_denominator(1000)

    @property
    def objectives(self) -> tuple[str, ...]:
        """The objectives of the scenes, without their beginnings."""
        return tuple(scene.objective for scene in parse_scenes(self.scenes))

    def with_objectives(self, texts: Iterable[str]) -> Zoom:
        """The same with other objectives in the scenes, which begin when they did."""
        scenes = zip(parse_scenes(self.scenes), texts, strict=True)
        named = tuple(str(replace(scene, objective=text)) for scene, text in scenes)
        return self.model_copy(update={"scenes": named})

    @field_validator("steps", mode="before")
    @classmethod
    def _one_alone(cls, value: object) -> object:
        """One number instead of several."""
        return value if isinstance(value, list | tuple) else (value,)

    @field_validator("scenes")
    @classmethod
    def _scenes_parse(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(str, parse_scenes(value)))

    @model_validator(mode="after")
    def _fits(self) -> Zoom:
        """Not more frames than can be counted on, and scenes that begin before the end."""
        if self.frames > MOST_FRAMES:
            raise UsageError(f"duration: {self.frames} frames; {MOST_FRAMES} at most")
        for scene in parse_scenes(self.scenes):
            if scene.begins is not None and scene.begins.seconds(self.fps) >= self.duration:
                raise UsageError(f'scene "{scene}" begins after the end, which is at {self.duration:g} s')
        return self
