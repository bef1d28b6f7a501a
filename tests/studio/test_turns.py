"""Visitors take turns."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reverie.studio import turns


def in_turn(*given: Any) -> list[tuple[str, str]]:
    return list(turns.in_turn(*given))


def ids(owners: str) -> list[tuple[str, str]]:
    return [(str(place), owner) for place, owner in enumerate(owners)]


def test_of_one_visitor_the_order_is_kept() -> None:
    assert in_turn(ids("aaa"), {}, {}) == ids("aaa")


def test_who_comes_later_does_not_wait_for_all_of_another() -> None:
    assert "".join(owner for _, owner in in_turn(ids("aaaab"), {}, {})) == "abaaa"
    assert "".join(owner for _, owner in in_turn(ids("aaaabbc"), {}, {})) == "abcabaa"


def test_who_has_a_worker_already_waits() -> None:
    assert in_turn(ids("ab"), {"a": 1}, {"a": 5.0})[0] == ("1", "b")


def test_whose_turn_is_longest_ago_is_next() -> None:
    assert in_turn(ids("ab"), {}, {"a": 7.0, "b": 3.0})[0] == ("1", "b")
    assert in_turn(ids("abc"), {}, {"a": 7.0, "b": 3.0})[0] == ("2", "c")


@given(
    st.lists(st.sampled_from("abcde"), max_size=60), st.dictionaries(st.sampled_from("abc"), st.floats(0, 9))
)
def test_nobody_waits_for_more_than_one_job_of_each_other(
    owners: list[str], served: dict[str, float]
) -> None:
    """Between two turns of a visitor who still waits, each other one has at most one."""
    order = in_turn(ids("".join(owners)), {}, served)
    assert sorted(order) == sorted(ids("".join(owners)))
    for one in set(owners):
        places = [place for place, (_, owner) in enumerate(order) if owner == one]
        assert [order[p][0] for p in places] == [id for id, owner in ids("".join(owners)) if owner == one]
        for first, second in zip([-1, *places], places, strict=False):
            between = [owner for _, owner in order[first + 1 : second]]
            assert all(between.count(other) <= 1 for other in set(between)), (one, order)
