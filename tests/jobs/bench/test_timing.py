"""Statistics of times, and processes in turn."""

from __future__ import annotations

import numpy as np
import pytest

from reverie.jobs.bench.timing import Child, ChildFailed, Runs, Spread, alternate, clock
from support.paths import ROOT


def test_quartiles_are_numpys():
    values = list(np.random.default_rng(0).random(37))
    found = Spread.of(values)
    np.testing.assert_allclose((found.low, found.middle, found.high), np.percentile(values, (25, 50, 75)))
    assert Spread.of([2.0]) == Spread(2.0, 2.0, 2.0)


def test_ratios_are_taken_within_a_round():
    # The machine is four times slower in the second round, for both.
    runs = Runs(
        {"a": [{"times": [1.0, 1.0, 1.0]}, {"times": [4.0]}], "b": [{"times": [3.0]}, {"times": [12.0]}]}
    )
    assert runs.ratio("a", "b") == Spread(3.0, 3.0, 3.0)


def test_a_clock_times_what_it_was_told_to():
    calls = []
    assert len(clock(lambda: calls.append(1), seconds=0, warm=2)) == 3
    assert len(calls) == 5
    assert len(clock(lambda: None, seconds=0, warm=0, most=1)) == 1
    assert len(clock(lambda: None, seconds=60, most=7)) == 7


def row(code: str, **settings: str) -> Child:
    return Child(["-c", f"import os, sys\nfrom reverie.jobs.bench.timing import tell\n{code}"], settings)


@pytest.mark.slow
def test_rows_run_in_turn_and_one_that_fails_drops_out(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "src"))
    monkeypatch.setenv("MALLOC_ARENA_MAX", "1")
    told = []
    rows = {
        "a": row("print('noise'); tell(times=[1.0], seen=dict(os.environ))", EXTRA="yes"),
        "bad": row("sys.exit('no such thing')"),
        "b": row("tell(times=[2.0], seen=dict(os.environ))"),
    }
    runs = alternate(rows, 2, threads=3, each=lambda number, name, _: told.append((number, name)))
    assert told == [(0, "a"), (0, "bad"), (0, "b"), (1, "a"), (1, "b")]
    assert runs.failed == {"bad": "no such thing"}
    assert runs.ratio("a", "b").middle == 2.0
    first, other = runs.done["a"][0]["seen"], runs.done["b"][0]["seen"]
    assert first["EXTRA"] == "yes"
    assert "EXTRA" not in other
    assert first["OMP_NUM_THREADS"] == other["OMP_NUM_THREADS"] == "3"
    assert "MALLOC_ARENA_MAX" not in first  # nobody's tuning goes with it


@pytest.mark.slow
def test_a_process_that_tells_nothing_or_hangs_has_failed(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "src"))
    with pytest.raises(ChildFailed, match="code 0"):
        row("pass").run()
    with pytest.raises(ChildFailed, match="no result after 1 s"):
        row("import time; time.sleep(60)").run(timeout=1)
