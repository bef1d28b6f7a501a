"""Parameters of which a few are enough while one works."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


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
