"""Where a dream was stopped: a place among the steps that a recipe asks for."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Stop(BaseModel):
    """The last step that was done of a dream that was stopped."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    octave: Annotated[int, Field(ge=0)]
    step: Annotated[int, Field(ge=0)]
