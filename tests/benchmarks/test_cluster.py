"""The simulation of a fleet, where the answer is known."""

from __future__ import annotations

import pytest
from benchmarks import cluster
from benchmarks.cluster import busy_share


def test_a_command_that_costs_nothing_keeps_a_few_workers_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "SLOW", 1.0)
    assert busy_share(10, 2.0, 0.0, rounds=50) > 0.98


def test_a_command_feeds_no_more_workers_than_it_has_time_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each picture takes 2 s of a worker and 20 ms of the command: it can keep a hundred at work."""
    monkeypatch.setattr(cluster, "SLOW", 1.0)
    assert busy_share(400, 2.0, 0.02, rounds=20) == pytest.approx(0.25, rel=0.1)


def test_stragglers_cost_most_where_each_worker_has_little_to_do() -> None:
    few, many = (busy_share(20, 2.0, 0.001, rounds=rounds) for rounds in (3, 100))
    assert few < many
    assert many > 0.95
