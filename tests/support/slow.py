"""Cases of which a few are enough while one works."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import pytest

#: So many slow cases of a test are tried each time; the soak tries all.
CASES: Final = 3


def mostly_slow(
    names: str | tuple[str, ...], values: Iterable[Any], *, quick: int = 1, **more: Any
) -> pytest.MarkDecorator:
    """``pytest.mark.parametrize``, with all but the first few marked slow."""
    sets = []
    for index, value in enumerate(values):
        given = (value,) if isinstance(names, str) else tuple(value)
        sets.append(pytest.param(*given, marks=pytest.mark.slow if index >= quick else ()))
    return pytest.mark.parametrize(names, sets, **more)


def sampled(names: str | tuple[str, ...], values: Iterable[Any], *, every: int) -> pytest.MarkDecorator:
    """``pytest.mark.parametrize`` of a table: one in ``every`` is tried, and all in the soak."""
    sets = []
    for index, value in enumerate(values):
        given = (value,) if isinstance(names, str) else tuple(value)
        sets.append(pytest.param(*given, marks=pytest.mark.soak if index % every else ()))
    return pytest.mark.parametrize(names, sets)


def leave_to_the_soak(items: Iterable[pytest.Item], cases: int = CASES) -> None:
    """Of each test's slow cases all but a few, spread over its table, are for the soak."""
    tests: dict[tuple[str, str], list[pytest.Item]] = {}
    for item in items:
        if (
            hasattr(item, "callspec")
            and item.get_closest_marker("slow")
            and not item.get_closest_marker("soak")
        ):
            tests.setdefault((str(item.path), item.nodeid.split("[")[0]), []).append(item)
    for table in tests.values():
        tried = {index * len(table) // cases for index in range(cases)}
        for index, item in enumerate(table):
            if index not in tried:
                item.add_marker(pytest.mark.soak)
