"""What decides an evolution, with each default stated once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import Field, ValidationError, model_validator

from reverie.errors import UsageError
from reverie.recipe.recipe import complaints
from reverie.recipe.settings import Seed, StrictSettings

EncodingName = Literal["cppn", "smooth", "direct", "natural", "random", "gradient"]
#: Pictures a generation, where nothing is said (Nguyen, Yosinski & Clune 2015: 400, and 200 of pixels).
CHILDREN: Final[Mapping[str, int]] = {"direct": 200, "natural": 200, "gradient": 50}
MOST_CHILDREN = 400
#: What a quick run has where nothing else is said, and of how many classes, the surest, it reports.
QUICK: Final[Mapping[str, int]] = {"size": 128, "generations": 200, "children": 200}
SUREST: Final = 24
#: Confidences over which classes are counted.
LEVELS: Final = (0.5, 0.95, 0.99)

Count = Annotated[int, Field(ge=1, le=100_000)]


class Settings(StrictSettings):
    """Everything that decides what evolves; ``generations`` can grow when a run is taken up again."""

    encoding: EncodingName = Field(
        "cppn",
        description="How a picture is inherited: drawn by a small network of functions (cppn), of smooth "
        "ones (smooth), pixel by pixel (direct), or with the smoothness of photographs (natural); for "
        "comparison fresh each time (random), or climbing the network's own gradient (gradient).",
    )
    network: str = Field("lite0", description="The network that is fooled.")
    size: int = Field(224, ge=32, le=1024, description="Side of the pictures that the network is shown.")
    generations: int = Field(5000, ge=0, le=1_000_000, description="How many generations follow the first.")
    population: Count | None = Field(
        None, description="Pictures of the first generation; as many as children if not given."
    )
    children: Count | None = Field(
        None,
        description=f"Pictures of each further generation; if not given {MOST_CHILDREN}, of the encodings "
        + ", ".join(f"{name} {count}" for name, count in CHILDREN.items())
        + ".",
    )
    seed: Seed = Field(0, description="Seed of every random draw.")
    precision: Literal["auto", "fp32", "bf16"] = Field(
        "auto", description="Number format of the search; what is reported is judged in fp32 in any case."
    )

    @model_validator(mode="before")
    @classmethod
    def _counts(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        name = given.get("encoding", cls.model_fields["encoding"].default)
        usual = CHILDREN.get(name, MOST_CHILDREN) if isinstance(name, str) else MOST_CHILDREN
        children = usual if given.get("children") is None else given["children"]
        population = children if given.get("population") is None else given["population"]
        return given | {"children": children, "population": population}

    @property
    def counts(self) -> tuple[int, int]:
        """Pictures of the first generation and of each further one."""
        assert self.population is not None
        assert self.children is not None
        return self.population, self.children

    def evaluations(self, cost: int = 1) -> int:
        """How often the network is asked in all, if each child after the first generation costs so many."""
        population, children = self.counts
        return population + self.generations * children * cost


ENCODINGS: Final[tuple[str, ...]] = get_args(EncodingName)


def make_settings(**given: Any) -> Settings:
    """Settings; UsageError naming each bad field, what it got and what it may be."""
    try:
        return Settings(**given)
    except ValidationError as error:
        raise UsageError("; ".join(complaints(error))) from error
