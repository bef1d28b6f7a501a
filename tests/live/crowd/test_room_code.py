"""The code on the stage."""

from __future__ import annotations

import pytest

from reverie.live.crowd import room_code
from reverie.live.crowd.room_code import ALPHABET, LENGTH, RoomCode


def test_it_lets_in_who_reads_it_now_or_read_it_just_before() -> None:
    code = RoomCode("secret", 60)
    shown = code.now(1000.0)
    assert len(shown) == LENGTH
    assert set(shown) <= set(ALPHABET)
    assert code.now(1019.0) == shown  # 960 to 1020
    assert code.now(1021.0) != shown
    assert code.changes_in(1000.0) == 20
    assert code.lets_in(f" {shown.upper()} ", 1000.0)
    assert code.lets_in(shown, 1079.0)
    assert not code.lets_in(shown, 1081.0)
    assert not code.lets_in(code.now(1100.0), 1000.0)  # one of the future
    for wrong in ("", "x", shown[:-1], shown + "a", "\ud800", "x" * 10_000):
        assert not code.lets_in(wrong, 1000.0)
    assert not RoomCode("another", 60).lets_in(shown, 1000.0)


def test_one_code_is_for_a_room_and_not_for_the_world(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room_code, "MOST", 5)
    code = RoomCode("secret", 60)
    assert [code.lets_in(code.now(0.0), 0.0) for _ in range(7)] == [True] * 5 + [False] * 2
    assert code.lets_in(code.now(60.0), 60.0)
    for now in range(0, 60_000, 60):
        code.lets_in("x", float(now))
    assert len(code._used) == 2
