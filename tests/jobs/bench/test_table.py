"""The rows of the table."""

from __future__ import annotations

from reverie.jobs.bench.bench import Measurement, Row
from reverie.jobs.bench.table import TITLES, cells_of, document
from reverie.jobs.bench.timing import Spread


def test_a_row_that_failed_says_why() -> None:
    cells = cells_of(Row("native", failed="not here"))
    assert (cells[0], cells[-1], len(cells)) == ("native", "not here", len(TITLES))


def test_a_row_has_a_figure_under_each_title() -> None:
    times = Spread(0.01, 0.012, 0.02)
    row = Row("native", "fp32", times, Spread(2, 3, 4), 23.9, 1.0, 5e7, 1.25)
    told = dict(zip(TITLES, cells_of(row), strict=True))
    assert told == {
        "": "native",
        ">ms a step": "12.0",
        ">quartiles": "10.0-20.0",
        ">x naive": "3.0",
        ">Mpx/s": "23.90",
        ">cosine": "1.000000",
        ">MB": "50",
        ">ready s": "1.2",
        "ran": "fp32",
    }


def test_the_document_says_what_rows_have_in_common_once() -> None:
    found = document({"cores": 2}, Measurement("native", "lite0", "block5c", (64, 32)), [Row("native")])
    assert found["machine"] == {"cores": 2}
    assert found["layer"] == "block5c"
    assert not {"what", "seconds", "gradient"} & found.keys()
    assert found["rows"][0]["name"] == "native"
