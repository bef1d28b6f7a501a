"""Cases of which a few are enough while one works."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import hypothesis
import pytest

#: So many slow cases of a test are tried each time; the soak tries all.
CASES: Final = 3
#: Of the examples that Hypothesis may make up, one in so many is, and so many at least.
ONE_IN: Final = 4
EXAMPLES: Final = 10


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


def _made_up(item: pytest.Item) -> Any:
    """The function of a test whose examples Hypothesis makes up; None of others."""
    test = getattr(item, "obj", None)
    return getattr(test, "__func__", test) if hypothesis.is_hypothesis_test(test) else None


def fewer_examples(items: Iterable[pytest.Item]) -> None:
    """Of made up examples a share; all are for the soak."""
    for test in {id(test): test for item in items if (test := _made_up(item))}.values():
        whole = test._hypothesis_internal_use_settings
        count = max(min(whole.max_examples, EXAMPLES), whole.max_examples // ONE_IN)
        test._hypothesis_internal_use_settings = hypothesis.settings(whole, max_examples=count)


def all_examples(items: Iterable[pytest.Item]) -> None:
    """The soak tries tests of made up examples too, with as many as they say."""
    for item in items:
        if _made_up(item):
            item.add_marker(pytest.mark.soak)
