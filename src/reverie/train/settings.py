"""What decides a training, with each default stated once, here. Needs no torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, get_args

from pydantic import Field, ValidationError, model_validator

from reverie.errors import UsageError
from reverie.recipe.recipe import complaints
from reverie.recipe.settings import Part, Seed, StrictSettings

Method = Literal["scratch", "lite0", "unsupervised"]
METHODS: Final[tuple[str, ...]] = get_args(Method)
#: What the methods have of their own where nothing is said.
OWN: Final[Mapping[str, Mapping[str, Any]]] = {
    "scratch": {"size": 32, "steps": 2400, "batch": 64, "rate": 0.002},
    "lite0": {"size": 128, "steps": 200, "batch": 24, "rate": 0.0001, "push": 0.0},
    "unsupervised": {"size": 25, "steps": 400, "batch": 400, "rate": 0.25},
}


class TrainSettings(StrictSettings):
    """Everything that decides a training beside its pictures. Immutable."""

    method: Method = Field(
        "scratch",
        description="A small network of its own (scratch), the embedded one tuned (lite0), or cells that "
        "compete for pictures without labels (unsupervised).",
    )
    size: int = Field(
        32,
        ge=16,
        le=256,
        description="Side of the pictures that it learns from, in pixels; of lite0 128, unsupervised 25.",
    )
    steps: int = Field(
        2400,
        ge=1,
        le=1_000_000,
        description="Batches that it learns from, at most; of lite0 200, unsupervised 400.",
    )
    batch: int = Field(64, ge=2, le=4096, description="Pictures of a batch; of lite0 24, unsupervised 400.")
    rate: Part = Field(
        0.002, description="Length of a step at its longest; of lite0 0.0001, unsupervised 0.25."
    )
    push: float = Field(
        2.5,
        ge=0,
        le=20,
        description="How far each picture is moved to where the network is most mistaken before it learns "
        "from it, as a length over 32 x 32 pixels in [0, 1]; what gives portraits their shapes. Of lite0 0; "
        "with any, all of its stages learn.",
    )
    share: float = Field(
        0.15, gt=0, lt=1, description="Share of each kind that is held out, where no folder of them is named."
    )
    patience: int = Field(
        8, ge=1, le=1000, description="It ends after so many rounds in which held-out accuracy did not rise."
    )
    mirror: bool = Field(True, description="Whether pictures may be mirrored while it learns.")
    seed: Seed = Field(0, description="Seed of every random draw.")

    @model_validator(mode="before")
    @classmethod
    def _of_the_method(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        method = given.get("method", cls.model_fields["method"].default)
        own = OWN.get(method, {}) if isinstance(method, str) else {}
        return {**own, **given}

    @model_validator(mode="after")
    def _fits(self) -> TrainSettings:
        if self.method == "scratch" and (self.size % 4 or self.size > 128):
            raise UsageError(f"size: {self.size} is no multiple of 4 up to 128, which a small network needs")
        if self.method == "lite0" and self.size < 32:
            raise UsageError(f"size: {self.size} is too small for lite0; give 32 or more")
        return self


def make_settings(**given: Any) -> TrainSettings:
    """Settings; UsageError naming each bad field, what it got and what it may be."""
    try:
        return TrainSettings(**given)
    except ValidationError as error:
        raise UsageError("; ".join(complaints(error))) from error
