"""What the fields of a recipe may be, read from their types: for options, forms and help."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo


def choices(annotation: Any) -> Iterator[str]:
    """What a field's type allows, if it is a choice of words."""
    if get_origin(annotation) is Literal:
        yield from map(str, get_args(annotation))
    for part in get_args(annotation):
        yield from choices(part)


def limits_of(info: FieldInfo) -> dict[str, float]:
    """The limits of a field: ``ge``, ``gt``, ``le`` and ``lt``, those that there are."""
    found = _bounds(info.annotation)
    for note in info.metadata:
        found |= _bounds_of(note)
    return found


def parts_of(annotation: Any) -> Iterator[Any]:
    """A type and all that it is made of, notes included."""
    yield annotation
    for part in get_args(annotation):
        yield from parts_of(part)


def _bounds_of(note: object) -> dict[str, float]:
    """What one of pydantic's constraints says."""
    return {k: v for k in ("ge", "gt", "le", "lt") if (v := getattr(note, k, None)) is not None}


def _bounds(annotation: Any) -> dict[str, float]:
    """The limits in a field's type."""
    found: dict[str, float] = {}
    for part in get_args(annotation):
        for note in getattr(part, "metadata", (part,)):
            found |= _bounds_of(note)
        found |= _bounds(part)
    return found
