"""A setting that changes over time: a number, or keyframes with easing, as text that parses back to itself.

A curve is written as one number, ``1.02``, or as keys from beginning to end, each a moment, a colon, a value
and, where it is not linear, the name of the easing on the way to the next key::

    0:1.02, 120:1.05            frames
    0s:1 smooth, 2.5s:1.05      seconds

Before its first key a curve has the first value, after its last the last.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, Literal

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from reverie.errors import UsageError, did_you_mean

#: The most keys of one curve.
MOST_KEYS: Final = 1000
#: The most characters of one curve.
LONGEST: Final = 100_000
#: The latest moment there may be, in frames or seconds.
LATEST: Final = 1e7

Unit = Literal["frames", "seconds"]

#: How far a value has come on its way to the next key (0..1), from the share of the time (0..1).
EASINGS: Final[dict[str, Callable[[float], float]]] = {
    "linear": lambda share: share,
    "smooth": lambda share: share * share * (3 - 2 * share),
    "hold": lambda share: 0.0,
    "in": lambda share: share * share,
    "out": lambda share: share * (2 - share),
}

#: A number as curves have it, as a regular expression.
NUMBER: Final = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
_MOMENT = re.compile(rf"({NUMBER})\s*(s?)", re.ASCII)
_KEY = re.compile(rf"([^:]*):\s*({NUMBER})(?:\s+(\w+))?", re.ASCII)


@dataclass(frozen=True)
class Moment:
    """A time in a film: a frame's number or seconds from the beginning, written ``120`` or ``2.5s``."""

    value: float
    unit: Unit = "frames"

    @classmethod
    def parse(cls, text: str) -> Moment:
        """The moment that a text means; UsageError that quotes it when it means none."""
        match = _MOMENT.fullmatch(text.strip())
        if not match:
            raise UsageError(f'"{text.strip()}" is no moment: write a frame such as 120, or seconds as 2.5s')
        value = float(match[1])
        if not 0 <= value <= LATEST:
            raise UsageError(f'moment "{text.strip()}" is out of its range, 0 to {LATEST:.0f}')
        return cls(value, "seconds" if match[2] else "frames")

    def __str__(self) -> str:
        return number(self.value) + ("s" if self.unit == "seconds" else "")

    def frame(self, fps: float) -> float:
        """The moment in frames, at a rate of ``fps`` frames a second."""
        return self.value * float(fps) if self.unit == "seconds" else self.value

    def seconds(self, fps: float) -> float:
        """The moment in seconds from the beginning, at a rate of ``fps`` frames a second."""
        return self.value if self.unit == "seconds" else self.value / float(fps)


@dataclass(frozen=True)
class Key:
    """A value at a moment, and the easing on the way to the next key."""

    moment: Moment
    value: float
    ease: str = "linear"

    def __str__(self) -> str:
        ease = "" if self.ease == "linear" else f" {self.ease}"
        return f"{self.moment}:{number(self.value)}{ease}"


@dataclass(frozen=True)
class Curve:
    """A number over time. Immutable, hashable, and ``Curve.parse(str(curve)) == curve``.

    As a field of a pydantic model it takes a number, a text or a curve, and is written as its text;
    ``Annotated[Curve, Within(0.5, 2)]`` bounds its values.

    Attributes:
        keys: From beginning to end, all in frames or all in seconds; a constant is one key at frame 0.
    """

    keys: tuple[Key, ...]

    @classmethod
    def constant(cls, value: float) -> Curve:
        """A curve that has the same value always; UsageError unless it is finite."""
        if not abs(value) < float("inf"):
            raise UsageError(f"a curve's value must be a finite number, got {value}")
        return cls((Key(Moment(0.0), float(value)),))

    @classmethod
    def parse(cls, text: str | float | Curve) -> Curve:
        """The curve that a text or a number means; UsageError that names the key that is wrong."""
        if isinstance(text, Curve):
            return text
        if not isinstance(text, str):
            return cls.constant(text)
        if len(text) > LONGEST:
            raise UsageError(f"a curve of {len(text)} characters is too long; the limit is {LONGEST}")
        if re.fullmatch(NUMBER, text.strip(), re.ASCII):
            return cls.constant(float(text.strip()))
        parts = text.split(",")
        if len(parts) > MOST_KEYS:
            raise UsageError(f"a curve of {len(parts)} keys; {MOST_KEYS} at most")
        keys = tuple(_key(part) for part in parts)
        _check_order(keys)
        return cls(keys)

    def __str__(self) -> str:
        if self == Curve.constant(self.keys[0].value):
            return number(self.keys[0].value)
        return ", ".join(map(str, self.keys))

    def at(self, frame: float, fps: float) -> float:
        """The value at a frame, counted from 0, of a film of ``fps`` frames a second."""
        return self.value(frame, frame / float(fps))

    def value(self, frame: float, seconds: float) -> float:
        """The value at a frame shown at ``seconds``, for films whose frames do not come at one rate."""
        now = seconds if self.keys[0].moment.unit == "seconds" else frame
        if now <= self.keys[0].moment.value:
            return self.keys[0].value
        for here, there in pairwise(self.keys):
            if now < there.moment.value:
                share = (now - here.moment.value) / (there.moment.value - here.moment.value)
                return here.value + (there.value - here.value) * EASINGS[here.ease](share)
        return self.keys[-1].value

    @property
    def least(self) -> float:
        """The smallest value it ever has."""
        return min(key.value for key in self.keys)

    @property
    def most(self) -> float:
        """The largest value it ever has."""
        return max(key.value for key in self.keys)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            _validated,
            serialization=core_schema.plain_serializer_function_ser_schema(str, return_schema=None),
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"anyOf": [{"type": "number"}, {"type": "string"}]}


@dataclass(frozen=True)
class Within:
    """Bounds of a curve's values in a model's field: ``Annotated[Curve, Within(0.5, 2)]``."""

    least: float
    most: float

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def check(self, curve: Curve) -> Curve:
        """The curve itself; a PydanticCustomError that states the range when a key's value is out of it."""
        for key in curve.keys:
            if not self.least <= key.value <= self.most:
                message = f"value {number(key.value)} is out of its range, {self.least:g} to {self.most:g}"
                raise PydanticCustomError("curve", "{message}", {"message": message})
        return curve


def number(value: float) -> str:
    """A number as short as reads back to the same one: 1.05, 25, 1e-05."""
    return repr(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def _key(text: str) -> Key:
    match = _KEY.fullmatch(text.strip())
    if not match:
        raise UsageError(f'"{text.strip()}" is no key of a curve: write one as 120:1.05 or 2.5s:1.05 smooth')
    ease = (match[3] or "linear").lower()
    if ease not in EASINGS:
        hint = did_you_mean(ease, EASINGS)
        raise UsageError(f'"{text.strip()}": no easing is called "{match[3]}"; {hint}')
    value = float(match[2])
    if not abs(value) < float("inf"):
        raise UsageError(f'"{text.strip()}": the value must be a finite number')
    return Key(Moment.parse(match[1]), value, ease)


def _check_order(keys: tuple[Key, ...]) -> None:
    for here, there in pairwise(keys):
        if here.moment.unit != there.moment.unit:
            raise UsageError(
                f'"{here}" and "{there}": write all keys of a curve in frames, or all in seconds (2.5s)'
            )
        if there.moment.value <= here.moment.value:
            raise UsageError(f'"{there}" does not come after "{here}": write keys from beginning to end')


def _validated(value: object) -> Curve:
    """What a model's field makes of a value; a PydanticCustomError in place of UsageError names the field."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | Curve):
        raise PydanticCustomError("curve", "a curve is a number or text such as 0s:1, 2.5s:1.05")
    try:
        return Curve.parse(value)
    except UsageError as error:
        raise PydanticCustomError("curve", "{message}", {"message": str(error)}) from error
