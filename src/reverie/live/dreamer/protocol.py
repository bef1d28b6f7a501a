"""What the live show's server and its dreamer say to each other: one JSON object a line.

The server writes orders (``"do"``) to the dreamer's standard input, the dreamer reports (``"is"``) on its
standard output. A line that is no message is a ``BadInput`` in one sentence, and the next line is read as if
it had not been there. Loads no torch: both sides import it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import IO, Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator

from reverie.errors import BadInput, UsageError
from reverie.objective import OfClass, parse
from reverie.objective.quantity import AtLayer
from reverie.recipe.curve import Curve, Within

#: The longest line (bytes) that is looked at.
LONGEST_LINE: Final = 65_536
#: The most topics at a time.
MOST_TOPICS: Final = 2

Place = Literal["whole", "upper", "lower", "left", "right", "inner", "outer"]
Layout = Literal["whole", "halves", "sides", "rings", "blend"]
Pace = Literal["calm", "eager"]
#: Where the first and the second of two topics are dreamt; alone, a topic has the whole picture.
PLACES: Final[dict[Layout, tuple[Place, Place]]] = {
    "whole": ("whole", "whole"),
    "halves": ("lower", "upper"),
    "sides": ("left", "right"),
    "rings": ("inner", "outer"),
    "blend": ("whole", "whole"),
}


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class PlacedTopic(_Message):
    """One thing to dream of: an objective that reads no files, its place, and what people call it."""

    objective: str = Field(max_length=2000)
    place: Place = "whole"
    label: str = Field("", max_length=200)

    @field_validator("objective")
    @classmethod
    def _parses(cls, text: str) -> str:
        wanted = parse(text)
        if wanted.files() or not all(isinstance(term.quantity, OfClass | AtLayer) for term in wanted.terms):
            raise UsageError("a topic of the show is made of classes and layers; name some of those alone")
        return text


class SetTopics(_Message):
    """Dream of these from now on; ``fade`` is the seconds in which the old ones give way to them.

    With the layout "blend" two topics take turns over the whole picture, in soft waves of half a minute.
    """

    do: Literal["topics"] = "topics"
    topics: tuple[PlacedTopic, ...] = Field(min_length=1, max_length=MOST_TOPICS)
    fade: float = Field(1.0, ge=0, le=60)
    layout: Layout = "whole"


class SetPace(_Message):
    """Few dreams that are fully worked, or one for every frame."""

    do: Literal["pace"] = "pace"
    pace: Pace


class PauseDream(_Message):
    """Dream no more; the picture glides on until ``go``."""

    do: Literal["pause"] = "pause"


class GoOn(_Message):
    """Dream again after a pause."""

    do: Literal["go"] = "go"


class CalmDown(_Message):
    """Dream with so much of the usual strength from now on."""

    do: Literal["calm"] = "calm"
    factor: float = Field(ge=0, le=2)


class MoveCamera(_Message):
    """How the view moves from now on; what is missing stays. Changes come in softly, within two seconds.

    Curves count from the moment of the order, and begin again after ``repeat`` seconds.
    """

    do: Literal["camera"] = "camera"
    zoom: Annotated[Curve, Within(0.2, 5)] | None = Field(
        None, description="How many times things grow in a second."
    )
    turn: Annotated[Curve, Within(-720, 720)] | None = Field(
        None, description="Degrees a second by which things turn clockwise."
    )
    pan_x: Annotated[Curve, Within(-10, 10)] | None = Field(
        None, description="Share of the width by which the view goes to the right in a second."
    )
    pan_y: Annotated[Curve, Within(-10, 10)] | None = Field(
        None, description="Share of the height by which the view goes down in a second."
    )
    repeat: float | None = Field(None, ge=0, le=86_400, description="0: the curves never begin again.")


class SetPulse(_Message):
    """How loud it is: the dream is stronger with it, up to half as strong again at 1."""

    do: Literal["pulse"] = "pulse"
    level: float = Field(ge=0, le=1)


class KeepState(_Message):
    """Write the state now."""

    do: Literal["keep"] = "keep"


class EndShow(_Message):
    """Write the state and end; so does the end of standard input."""

    do: Literal["end"] = "end"


class ShowReady(_Message):
    """The first frame is in the ring."""

    is_: Literal["ready"] = Field("ready", alias="is")
    size: tuple[int, int]
    fps: float
    ring: str
    classes: tuple[str, ...] | None = Field(
        None,
        description="The network's classes by their first names, in order; not of those that come along.",
    )


class ShowCount(_Message):
    """What became of the frames since the start, and of the time in the last second."""

    is_: Literal["count"] = Field("count", alias="is")
    shown: int = Field(description="Frames put into the ring, repeats too.")
    dreamt: int = Field(description="Calm: keyframes. Eager: frames that had a gradient of their own.")
    repeated: int = Field(description="Frames that were put again because the next was not there in time.")
    late_ms: float = Field(description="How late the latest frame of the last second was put.")
    look: float = Field(description="Size of the looks as a share of the largest, 0 to 1.")
    gap: float = Field(0.0, description="Seconds between keyframes.")
    ms: dict[str, float] = Field(default_factory=dict, description="Core-ms a shown frame, by part.")


class StateKept(_Message):
    """The state is written."""

    is_: Literal["kept"] = Field("kept", alias="is")
    file: str


class ShowError(_Message):
    """Something is wrong; the show goes on if it can."""

    is_: Literal["error"] = Field("error", alias="is")
    words: str


Order = (
    SetTopics | SetPace | PauseDream | GoOn | CalmDown | MoveCamera | SetPulse | KeepState | EndShow
)  # fmt: skip
Report = ShowReady | ShowCount | StateKept | ShowError

_ORDERS: TypeAdapter[Order] = TypeAdapter(Annotated[Order, Field(discriminator="do")])
_REPORTS: TypeAdapter[Report] = TypeAdapter(Annotated[Report, Field(discriminator="is_")])


def line(message: Order | Report) -> bytes:
    """A message as it travels: JSON and a line feed."""
    return message.model_dump_json(by_alias=True, exclude_none=True).encode() + b"\n"


def read_order(text: bytes) -> Order:
    """The order that a line is; BadInput in one sentence where it is none."""
    found: Order = _read(_ORDERS, text)
    return found


def read_report(text: bytes) -> Report:
    """The report that a line is; BadInput in one sentence where it is none."""
    found: Report = _read(_REPORTS, text)
    return found


def _read(kind: TypeAdapter[Any], text: bytes) -> Any:
    if len(text) > LONGEST_LINE:
        raise BadInput(f"a line of {len(text)} bytes is no message; {LONGEST_LINE} at most")
    try:
        return kind.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise BadInput(f"a line is no message: {where + ': ' if where else ''}{first['msg']}") from error


class LineVoice:
    """Says messages on a stream, from several threads, one after the other."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream, self._turn = stream, threading.Lock()

    def say(self, message: Order | Report) -> None:
        """One message; nothing happens where nobody listens any more."""
        with self._turn:
            try:
                self._stream.write(line(message))
                self._stream.flush()
            except (BrokenPipeError, ValueError):
                pass


def lines(stream: IO[bytes]) -> Iterator[bytes]:
    """Each line of a stream, without what of it is longer than ``LONGEST_LINE``, until it ends."""
    while text := stream.readline(LONGEST_LINE + 2):
        whole = text.endswith(b"\n")
        while not whole and (rest := stream.readline(LONGEST_LINE)):
            whole = rest.endswith(b"\n")
        if text.strip():
            yield text
