"""How often somebody may ask."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reverie.live.crowd import limits
from reverie.live.crowd.limits import RateLimit


def test_half_a_minutes_calls_at_once_and_then_as_they_come() -> None:
    limit = RateLimit(20)
    assert [limit.takes("a", 0.0) for _ in range(12)] == [True] * 10 + [False] * 2
    assert limit.takes("b", 0.0)
    assert not limit.takes("a", 2.0)
    assert limit.takes("a", 3.1)


@given(st.lists(st.floats(0, 30), max_size=80), st.integers(1, 60))
def test_never_more_than_a_minute_has(waits: list[float], a_minute: int) -> None:
    limit, now, taken = RateLimit(a_minute), 0.0, []
    for wait in waits:
        now += wait
        if limit.takes("a", now):
            taken.append(now)
    most = max(1.0, a_minute / 2) + a_minute
    for begin in taken:
        assert sum(begin <= one < begin + 60 for one in taken) <= most + 1


def test_a_clock_that_is_put_back_locks_nobody_out_for_long() -> None:
    limit = RateLimit(60)
    assert limit.takes("a", 1e9)
    assert limit.takes("a", 10.0)


def test_it_does_not_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST", 100)
    limit = RateLimit(10)
    for number in range(1000):
        limit.takes(str(number), float(number))
    assert len(limit) == 100
