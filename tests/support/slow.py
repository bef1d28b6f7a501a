"""Parameters of which a few are enough while one works."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def mostly_slow(
    names: str | tuple[str, ...],
    values: Iterable[Any],
    *,
    quick: int = 1,
    often: int | None = None,
    **more: Any,
) -> pytest.MarkDecorator:
    """``pytest.mark.parametrize``, with all but the first few marked slow.

    With ``often`` only so many values, spread over all from the first on, are tried each time; the others are
    left to the soak.
    """
    given = [(value,) if isinstance(names, str) else tuple(value) for value in values]
    tried = spread(len(given), len(given) if often is None else often)
    sets = [
        pytest.param(
            *value,
            marks=() if index < quick else pytest.mark.slow if index in tried else pytest.mark.soak,
        )
        for index, value in enumerate(given)
    ]
    return pytest.mark.parametrize(names, sets, **more)


def spread(count: int, chosen: int) -> set[int]:
    """So many of the numbers below ``count``, the first among them, as far apart as they can be."""
    return {index * count // chosen for index in range(min(chosen, count))}


def sampled(names: str | tuple[str, ...], values: Iterable[Any], *, every: int) -> pytest.MarkDecorator:
    """``pytest.mark.parametrize`` of a table: one in ``every`` is tried, and all in the soak."""
    sets = []
    for index, value in enumerate(values):
        given = (value,) if isinstance(names, str) else tuple(value)
        sets.append(pytest.param(*given, marks=pytest.mark.soak if index % every else ()))
    return pytest.mark.parametrize(names, sets)
