"""The rows of a table."""

from __future__ import annotations

from reverie.bench.bench import Row
from reverie.cli.verbs.bench import cells


def test_a_row_that_failed_says_why():
    assert cells(Row("native", failed="not here"))[-1] == "not here"
