"""The rows of a table."""

from __future__ import annotations

from reverie.cli.verbs.bench import cells
from reverie.jobs.bench.bench import Row


def test_a_row_that_failed_says_why():
    assert cells(Row("native", failed="not here"))[-1] == "not here"
