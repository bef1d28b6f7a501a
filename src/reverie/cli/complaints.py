"""Complaints about fields, told in the words of the command line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from pydantic import ValidationError

from reverie.errors import UsageError
from reverie.recipe.recipe import complaints


def as_typed(message: str, typed: Mapping[str, str]) -> str:
    """A complaint with the fields in it called as they are typed.

    Args:
        message: ``field: what is wrong``, perhaps several after ``; ``, perhaps of a place in the field.
        typed: Fields that came from the command line, as ``steps`` or ``zoom.steps``, and their options.
    """
    fields = "|".join(map(re.escape, typed))
    pattern = rf"(^|; )({fields})(?:\.\d+)*: "
    return re.sub(pattern, lambda match: f"{match[1]}{typed[match[2]]}: ", message) if typed else message


def given_as(options: Mapping[str, str], given: Mapping[str, object], part: str = "") -> dict[str, str]:
    """Fields that were given, and how they are typed; those of a part of the recipe under both names."""
    typed = {name: option for name, option in options.items() if given.get(name) is not None}
    return typed | ({f"{part}.{name}": option for name, option in typed.items()} if part else {})


@contextmanager
def told_as_typed(typed: Mapping[str, str]) -> Iterator[None]:
    """Errors of what is used wrongly here, with fields called as they are typed: see ``as_typed``."""
    try:
        yield
    except ValidationError as error:
        raise UsageError(as_typed("; ".join(complaints(error)), typed)) from error
    except UsageError as error:
        raise UsageError(as_typed(str(error), typed)) from error
