"""Files of networks of one's own: ``.safetensors``, with what they are in the metadata. Nothing in them runs.

The metadata has one entry, ``reverie``, JSON: which of the architectures known here it is, its sizes, and the
names of its classes. So such a file is a network by itself: ``--network mine.safetensors``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from reverie.errors import NetworkError
from reverie.network.class_names import ClassNames, class_names
from reverie.network.weights import WeightsFile, check_state, open_weights
from reverie.ops.finite import is_finite

if TYPE_CHECKING:
    from torch import Tensor

    from reverie.network.network import Network

#: The entry of the metadata.
ENTRY: Final = "reverie"
#: The most weights that such a network may have.
MOST_WEIGHTS: Final = 20_000_000
#: Sides of pictures that small networks may be trained on, the most layers, channels of each, and classes.
SIDES, MOST_LAYERS, MOST_WIDTH, MOST_CLASSES = (16, 128), 8, 1024, 10_000

Name = Annotated[str, Field(min_length=1, max_length=200)]
Names = Annotated[tuple[Name, ...], Field(min_length=1, max_length=MOST_CLASSES)]
Width = Annotated[int, Field(ge=1, le=MOST_WIDTH)]


class _Facts(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    format: Literal[1] = 1
    classes: Names


class PositionalFacts(_Facts):
    """What a file says of a small network that keeps positions; see ``PositionalPlan``."""

    architecture: Literal["positional"] = "positional"
    side: int = Field(ge=SIDES[0], le=SIDES[1], multiple_of=4)
    widths: Annotated[tuple[Width, ...], Field(min_length=2, max_length=MOST_LAYERS)]
    channels: Literal[1, 3] = 3
    mean: float = Field(ge=0, le=1)
    std: float = Field(gt=0, le=10)


class LiteFacts(_Facts):
    """What a file says of an embedded network with classes of its own."""

    architecture: Literal["lite0"] = "lite0"
    side: int = Field(ge=32, le=1024)


class CompetitiveFacts(_Facts):
    """What a file says of cells that competed; see ``CompetitivePlan``. ``classes`` name the units."""

    architecture: Literal["competitive"] = "competitive"
    side: int = Field(ge=SIDES[0], le=SIDES[1])
    cells: int = Field(ge=1, le=256)
    kernel: Literal[3, 5, 7, 9, 11]
    pool: int = Field(ge=1, le=16)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.side % self.pool:
            raise ValueError(f"a side of {self.side} is no multiple of the pool of {self.pool}")
        return self


AnyFacts = PositionalFacts | LiteFacts | CompetitiveFacts
Facts = Annotated[AnyFacts, Field(discriminator="architecture")]
_READER: Final[TypeAdapter[AnyFacts]] = TypeAdapter(Facts)


def pack(facts: _Facts, state: Mapping[str, Tensor]) -> bytes:
    """The bytes of a file; of equal facts and weights they are the same."""
    from safetensors.torch import save

    whole = {name: tensor.detach().float().contiguous() for name, tensor in sorted(state.items())}
    return save(whole, {ENTRY: json.dumps(facts.model_dump(mode="json"), ensure_ascii=False)})


def load_trained(path: Path, name: str, *, expected: str | None = None) -> Network:
    """The network in a file that ``pack`` made.

    Args:
        path: The file.
        name: What to call it.
        expected: Its SHA-256 in hexadecimal, or None if any will do.

    Raises:
        NoWeightsFileError: It is no regular file.
        NetworkError: It cannot be read, has another hash, says nothing or nonsense of itself, or its tensors
            are not those of what it says it is, or not finite.
    """
    with open_weights(path, expected, parameters=MOST_WEIGHTS) as state:
        facts = _facts(path, state)
        classes = class_names(facts.classes)
        if isinstance(facts, LiteFacts):
            from reverie.network.embedded import lite_network

            return lite_network(facts.architecture, state, classes=classes, name=name)
        if isinstance(facts, CompetitiveFacts):
            return _competitive(facts, state, classes, name)
        return _positional(facts, state, classes, name)


def _facts(path: Path, state: WeightsFile) -> AnyFacts:
    """What a file says of itself, checked field by field."""
    text = state.metadata.get(ENTRY)
    if text is None:
        raise NetworkError(
            f"weights {state.name}: says nothing of its architecture, as reverie train writes it; name one, "
            f"as in lite0:{path} or timm:resnet18:{path}"
        )
    try:
        return _READER.validate_python(json.loads(text))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "it"
        raise NetworkError(
            f"weights {state.name}: what it says of itself cannot be ({where}: {first['msg'].lower()}); "
            "train it again, or with this version"
        ) from error
    except (ValueError, RecursionError) as error:
        raise NetworkError(
            f"weights {state.name}: what it says of itself is no JSON; train it again"
        ) from error


def _positional(facts: PositionalFacts, state: WeightsFile, classes: ClassNames, name: str) -> Network:
    from reverie.network.positional import PositionalPlan, positional_network

    plan = PositionalPlan(facts.side, facts.widths, len(facts.classes), facts.channels)
    found = _weights(state, plan.shapes(), f"a network of {facts.side} px")
    scale = (facts.mean, facts.std)
    return positional_network(name, plan, found, classes, scale=scale, sha256=state.sha256)


def _competitive(facts: CompetitiveFacts, state: WeightsFile, classes: ClassNames, name: str) -> Network:
    from reverie.network.competitive import CompetitivePlan, competitive_network

    plan = CompetitivePlan(facts.side, facts.cells, facts.kernel, facts.pool, len(facts.classes))
    found = _weights(state, plan.shapes(), f"cells of {facts.side} px")
    return competitive_network(name, plan, found, classes, sha256=state.sha256)


def _weights(state: WeightsFile, shapes: Mapping[str, tuple[int, ...]], title: str) -> dict[str, Tensor]:
    """Every tensor of a file; NetworkError where they are not those of these shapes, or not finite."""
    check_state(state.notes, shapes, title, state.name)
    found = {key: state[key] for key in shapes}
    bad = next((key for key, tensor in found.items() if not is_finite(tensor)), None)
    if bad is not None:
        raise NetworkError(f'weights {state.name}: "{bad}" holds NaN or infinite values; get the file again')
    return found
