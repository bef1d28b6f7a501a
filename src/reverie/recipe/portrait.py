"""What decides a portrait beside the rest of its recipe, with each default stated once, here."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field, field_validator, model_validator

from reverie.errors import UsageError
from reverie.objective import parse
from reverie.recipe.settings import Kept, Power, Share, StrictSettings

#: The most views of a picture in one step, and the most pictures of one unit.
MOST_VIEWS: Final = 256
MOST_FACETS: Final = 64

#: A value at the beginning and at the end of an octave.
Span = tuple[Annotated[float, Field(ge=0, le=1e6)], Annotated[float, Field(ge=0, le=1e6)]]
Spans = Annotated[tuple[Span, ...], Field(min_length=1, max_length=32)]
ViewSide = Annotated[int, Field(ge=32, le=4096)]
Percentile = Annotated[float, Field(ge=0, le=100)]


class Portrait(StrictSettings):
    """How a picture from nothing is stored, looked at and moved. Immutable.

    Lengths are in pixels and pictures in [0, 1]. A pair is a value at the beginning and at the end of the
    run; several pairs are one an octave, smallest first, the last holding on.
    """

    canvas: Literal["pixels", "fourier", "maco", "laplacian", "cppn"] = Field(
        "fourier", description="How the picture is stored."
    )
    falloff: Power = Field(
        1.0, description="Amplitudes fall with frequency f as 1/f to this power (fourier, laplacian)."
    )
    colour_falloff: Power = Field(0.0, description="Those of the axes of colour by so much more (fourier).")
    colour: Literal["decorrelated", "rgb"] = Field(
        "decorrelated", description="Axes of colour: those of natural pictures, or red, green and blue."
    )
    saturation: float = Field(1.0, ge=0, le=10, description="Gain of the colour axes over the grey one.")
    contrast: float = Field(1.0, gt=0, le=100, description="Gain of all values before they are squashed.")
    window: Share = Field(
        0.0,
        description="How much of what is fine keeps away from the edges, so that one thing grows (fourier).",
    )
    squash: Literal["sigmoid", "clip"] = Field(
        "sigmoid", description="How values become a picture in [0, 1] (pixels)."
    )
    grey: Share = Field(0.5, description="Grey that it starts from (pixels).")
    spread: float = Field(
        0.01, ge=0, le=10, description="Standard deviation of the noise that it starts from."
    )
    optimiser: Literal["adam", "nadam", "momentum", "ascent"] = Field(
        "adam", description="What turns gradients into steps."
    )
    rate: Spans = Field(((0.05, 0.05),), description="Length of a step, in the units of the canvas.")
    betas: tuple[Kept, Kept] = Field(
        (0.9, 0.999), description="What adam and nadam keep of their two means from step to step."
    )
    rise: int = Field(0, ge=0, le=1000, description="First steps in which the rate comes up to its length.")
    ease: Literal["constant", "linear", "cosine"] = Field(
        "linear", description="How a value goes from the beginning to the end of an octave."
    )
    priors: tuple[str, ...] = Field(
        (), max_length=16, description="Terms that are added to every objective, such as -0.1*tv."
    )
    transforms: tuple[str, ...] = Field(
        (), max_length=32, description="Random transforms of each view, in order."
    )
    views: int = Field(1, ge=1, le=MOST_VIEWS, description="Views of the picture in each step.")
    view_size: Annotated[tuple[ViewSide, ...], Field(min_length=1, max_length=32)] | None = Field(
        None, description="Side of a view, several one an octave; if not given, what the transforms leave."
    )
    warm_up: int = Field(
        0,
        ge=0,
        le=10_000,
        description="First steps in which rectified units that are dead pass the gradient all the same.",
    )
    decay: Kept = Field(0.0, description="Share of the picture lost each step (pixels).")
    blur: Spans = Field(((0.0, 0.0),), description="Sigma of a blur after the step (pixels).")
    blur_every: int = Field(1, ge=1, le=10_000, description="Steps from one blur to the next.")
    small_norm: Percentile = Field(
        0.0, description="Pixels of a norm below this percentile are set to grey (pixels)."
    )
    small_contribution: Percentile = Field(
        0.0, description="Pixels that matter less than this percentile are set to grey (pixels)."
    )
    standardise: bool = Field(
        False, description="Hold the phases to mean 0 and deviation 1, as MACO's authors do (maco)."
    )
    norm: Annotated[float, Field(gt=0)] | None = Field(
        None, description="Length of the picture as a vector about mid-grey (pixels)."
    )
    facets: int = Field(
        1, ge=1, le=MOST_FACETS, description="Pictures of one unit, made together so that they differ."
    )
    facet: int = Field(0, ge=0, lt=MOST_FACETS, description="Which of them this is.")
    transparency: bool = Field(
        False, description="What did not matter is transparent: the gradient's sum, as alpha."
    )
    print_size: Annotated[int, Field(ge=32, le=32768)] | None = Field(
        None, description="Longest side of the finished picture; cppn renders it exactly."
    )

    @field_validator("transforms")
    @classmethod
    def _transforms_parse(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            return value
        from reverie.ops.transform.parse import parse_transforms

        return tuple(map(str, parse_transforms(value)))

    @field_validator("priors")
    @classmethod
    def _priors_parse(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        priors = [parse(text) for text in value]
        for prior in priors:
            if prior.files():
                raise UsageError(f"priors: {prior} reads a picture; put it into the objective")
        return tuple(map(str, priors))

    @model_validator(mode="after")
    def _fits(self) -> Portrait:
        """Some settings are for pixels alone: another canvas has no values at places to work on."""
        if self.canvas != "pixels":
            fields = ("decay", "blur", "small_norm", "small_contribution", "norm")
            for name in fields:
                if getattr(self, name) != Portrait.model_fields[name].default:
                    raise UsageError(f"{name}: only for the pixels canvas, this is {self.canvas}")
        if self.canvas != "fourier":
            for name in ("colour_falloff", "window"):
                if getattr(self, name):
                    raise UsageError(f"{name}: only for the fourier canvas, this is {self.canvas}")
        if self.facet >= self.facets:
            raise UsageError(f"facet: {self.facet} of {self.facets}; they count from 0")
        return self
