"""``reverie classify``."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from support.commands import Ran

Reverie = Callable[..., Ran]


def test_classify_says_cat(here: Path, inside: Reverie) -> None:
    done = inside("classify", "chelsea.png", "--top", "3", "--json")
    found = done.json["classes"]
    assert len(found) == 3
    assert found[0]["class"] in (281, 282, 285)
    assert found[0]["probability"] > 0.2
    assert found[0]["name"] in inside("classify", "chelsea.png").stdout


@pytest.mark.slow
def test_a_broken_photograph_does_not_end_the_others(here: Path, inside: Reverie) -> None:
    alone = inside("classify", "chelsea.png", "--json").json
    (here / "some").mkdir()
    shutil.copy("chelsea.png", "some/b.png")
    Path("some/a.png").write_bytes(b"no picture")
    done = inside("classify", "some", "chelsea.png", "--json")
    assert done.rc == 4
    listed, ended = map(json.loads, done.stdout.splitlines())
    assert [one["path"] for one in listed] == ["some/a.png", "some/b.png", "chelsea.png"]
    assert listed[0]["error"]["code"] == 3
    assert listed[1]["classes"] == listed[2]["classes"] == alone["classes"]
    assert ended["error"]["message"] == "1 of 3 photographs failed"
    shown = inside("classify", "some", "chelsea.png")
    assert [line for line in shown.stdout.splitlines() if line.startswith("==")] == [
        "== some/b.png",
        "== chelsea.png",
    ]
    assert "error: some/a.png" in shown.stderr
    told = inside("classify", "some", "chelsea.png", "--csv", "--top", "2")
    head, *rows = csv.reader(told.stdout.splitlines())
    assert head == ["photograph", "class", "name", "probability"]
    assert [row[0] for row in rows] == ["some/b.png"] * 2 + ["chelsea.png"] * 2
    best = alone["classes"][0]
    assert rows[2][1:] == [str(best["class"]), best["name"], str(best["probability"])]
    inside("classify", "chelsea.png", "--csv", "--json").refused(2, "give one of them")
