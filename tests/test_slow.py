"""What each run leaves to the soak."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.slow import CASES, all_examples, fewer_examples, leave_to_the_soak


def trying(most: int) -> tuple[Any, list[int]]:
    """A test of made up examples, and those that were tried."""
    tried: list[int] = []

    @settings(max_examples=most, database=None)
    @given(st.integers())
    def test(one: int) -> None:
        tried.append(one)

    return test, tried


@pytest.mark.parametrize(("most", "count"), [(200, 50), (30, 10), (4, 4)])
def test_a_share_of_the_examples_is_made_up(most: int, count: int) -> None:
    test, tried = trying(most)
    fewer_examples([SimpleNamespace(obj=test), SimpleNamespace(obj=test), SimpleNamespace(obj=len)])
    test()
    assert len(tried) == count


class Item:
    """As pytest's: a case of a table, and its marks."""

    def __init__(self, name: str, test: Any, *marks: str) -> None:
        self.path, self.nodeid, self.obj, self.marks = "f.py", f"f.py::{name}", test, list(marks)
        self.callspec = object()

    def get_closest_marker(self, name: str) -> bool:
        return name in self.marks

    def add_marker(self, mark: Any) -> None:
        self.marks.append(mark.name)


def test_the_soak_makes_all_of_them_up() -> None:
    items = [Item("test", trying(200)[0]), Item("other", len)]
    all_examples(items)
    assert [item.marks for item in items] == [["soak"], []]


def test_slow_cases_are_spread_over_their_table() -> None:
    items = [Item(f"test[{number}]", len, "slow") for number in range(9)]
    leave_to_the_soak(items)
    assert [number for number, item in enumerate(items) if item.marks == ["slow"]] == [0, 3, 6]
    assert CASES == 3
