"""What all settings have in common: they are strict and immutable, and their numbers have limits."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

#: A share of something, from nothing to all of it.
Share = Annotated[float, Field(ge=0, le=1)]
#: A share that is more than nothing.
Part = Annotated[float, Field(gt=0, le=1)]
#: What is kept from one time to the next: less than all of it.
Kept = Annotated[float, Field(ge=0, lt=1)]
#: An exponent by which something falls off, or an emphasis.
Power = Annotated[float, Field(ge=0, le=4)]
#: Where chance begins.
Seed = Annotated[int, Field(ge=0, lt=2**63)]


class StrictSettings(BaseModel):
    """Settings: no others than these, none that is not finite, and none that changes.

    The validator is built when first used: help reads the fields alone.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)
