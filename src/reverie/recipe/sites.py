"""What decides a dream at sites beside the rest of its recipe, with each default stated once, here."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field, field_validator

from reverie.errors import UsageError
from reverie.objective import Logit, Objective, logprob, parse
from reverie.recipe.settings import Kept, Power, Share, StrictSettings

MOST_SITES: Final = 32
MOST_DRAFTS: Final = 8

ViewSide = Annotated[int, Field(ge=32, le=512)]


class Sites(StrictSettings):
    """How something whole is dreamt at a few places of a photograph. Immutable.

    Sides of sites are shares of the picture's short side; a pair is a value at the beginning and at the end.
    """

    count: int = Field(
        3, ge=1, le=MOST_SITES, description="Places of the photograph that become what is dreamt."
    )
    sides: tuple[Annotated[float, Field(ge=0.05, le=1)], Annotated[float, Field(ge=0.05, le=1)]] = Field(
        (0.6, 0.48), description="Sides of the first site and of the others, as shares of the short side."
    )
    look_size: ViewSide = Field(
        128, description="Side in pixels at which squares are looked at for the best of them."
    )
    drafts: int = Field(
        3, ge=1, le=MOST_DRAFTS, description="Beginnings that are drawn small; the best is finished."
    )
    short_side: int = Field(
        384,
        ge=32,
        le=4096,
        description="Short side at which it is drawn; onto a larger photograph it is enlarged.",
    )
    views: int = Field(6, ge=1, le=32, description="Views of the sites in each step, for each objective.")
    view_size: Annotated[tuple[ViewSide, ...], Field(min_length=1, max_length=32)] = Field(
        (96, 160, 208), description="Side of a view in pixels, several one an octave."
    )
    shift: Share = Field(0.08, description="Largest shift of a view, in sides of its site.")
    zoom: tuple[Annotated[float, Field(gt=0, le=8)], Annotated[float, Field(gt=0, le=8)]] = Field(
        (0.85, 1.4), description="Least and greatest side of a view, in sides of its site."
    )
    turn: float = Field(10.0, ge=0, le=180, description="Largest turn of a view, in degrees.")
    noise: float = Field(0.15, ge=0, le=10, description="Most noise that is added to a view.")
    certainty: float = Field(
        0.5, ge=0, le=100, description="How much the log-probability of a class counts beside its score."
    )
    priors: tuple[str, ...] = Field(
        ("-5*unnatural",), max_length=16, description="Terms that are added to every objective."
    )
    melt: Share = Field(0.9, description="How much of the photograph's own detail gives way at the sites.")
    spare_faces: bool = Field(
        True, description="Nothing grows over faces, where the network can tell them (lite0 can)."
    )
    falloff: Power = Field(1.25, description="Amplitudes fall with frequency to this power.")
    colour_falloff: Power = Field(0.6, description="Those of colour by so much more.")
    saturation: float = Field(0.5, ge=0, le=10, description="Gain of the axes of colour over the grey one.")
    largest: float = Field(
        0.4, gt=0, le=4, description="Waves longer than this share of the long side are held back."
    )
    rate: tuple[Annotated[float, Field(gt=0, le=10)], Annotated[float, Field(gt=0, le=10)]] = Field(
        (0.04, 0.003), description="Length of a step, in the units of the waves."
    )
    rise: int = Field(4, ge=0, le=1000, description="First steps in which the rate comes up to its length.")
    betas: tuple[Kept, Kept] = Field(
        (0.5, 0.99), description="What the optimiser keeps of its two means from step to step."
    )

    @field_validator("priors")
    @classmethod
    def _priors_parse(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for prior in map(parse, value):
            if prior.files():
                raise UsageError(f"priors: {prior} reads a picture; put it into the objective")
        return tuple(str(parse(text)) for text in value)

    def climbed(self, wanted: Objective) -> Objective:
        """What is climbed where an objective is wanted: its classes for certain, and the priors."""
        whole = wanted
        for term in wanted.terms:
            if isinstance(term.quantity, Logit) and self.certainty:
                whole += term.weight * self.certainty * logprob(term.quantity.name)
        for prior in self.priors:
            whole += parse(prior)
        return whole
