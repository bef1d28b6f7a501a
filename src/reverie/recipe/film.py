"""What decides how a film dreams beside the rest of its recipe, with each default stated once, here."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from reverie.errors import UsageError
from reverie.recipe.curve import Curve, Within
from reverie.recipe.settings import Share, StrictSettings

Seconds = Annotated[float, Field(ge=0, le=1e7)]


class Film(StrictSettings):
    """How the dream of one frame becomes that of the next. Immutable.

    The rest of the recipe (objective, strength, steps, octaves ...) is that of the full dream with which a
    film begins, and begins again after each cut.
    """

    start: Seconds = Field(0.0, description="Where in the film to begin, in seconds.")
    duration: Annotated[float, Field(gt=0, le=1e7)] | None = Field(
        None, description="How much of the film to take, in seconds; all that follows if not given."
    )
    every: int = Field(1, ge=1, le=1000, description="Take every n-th frame only.")
    fps: Annotated[float, Field(ge=0.1, le=240)] | None = Field(
        None, description="Frames a second of a sequence of pictures; 25 if not given."
    )
    steps: int = Field(6, ge=1, le=1000, description="Steps a frame, over all its sizes.")
    sizes: int = Field(2, ge=1, le=8, description="Sizes at which a frame is dreamed, from small to large.")
    strength: Annotated[Curve, Within(0, 1)] | None = Field(
        None, description="Strength over time, a number or keyframes; the recipe's own if not given."
    )
    leak: Share = Field(
        0.06, description="Share of a step that what is carried takes too, so that it stays sharp and alive."
    )
    flow: Literal["fast", "medium", "fine"] = Field(
        "medium", description="How closely the motion from frame to frame is measured."
    )
    cuts: bool = Field(True, description="Find scene cuts and begin with a full dream after each.")
    mask: str | None = Field(None, description="A film of masks: white dreams, black stays.")
    pulse: str | None = Field(
        None, description="Music whose pulse moves the strength; film: the film's own sound."
    )
    pulse_depth: Share = Field(0.7, description="Share of the strength that the pulse moves.")

    @model_validator(mode="after")
    def _fits(self) -> Film:
        """Each size needs a step."""
        if self.steps < self.sizes:
            raise UsageError(f"film: {self.steps} steps a frame are too few for {self.sizes} sizes")
        return self
