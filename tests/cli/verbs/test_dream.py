"""``reverie dream``: batches, variations, plans, warnings."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reverie.errors import UsageError
from reverie.jobs.dreaming.batch import names_for
from reverie.jobs.provenance.note import of_picture
from support.commands import Ran

Reverie = Callable[..., Ran]
QUICK = ("--steps", "1", "--octaves", "1", "--threads", "1")


def test_results_of_a_batch_have_names_of_their_own(tmp_path: Path) -> None:
    names = names_for(["a/x.jpg", "a/x.png", "b/y.tif"], tmp_path)
    assert [Path(n).name for n in names] == ["x.jpg.png", "x.png.png", "y.png"]
    with pytest.raises(UsageError, match="2 photographs"):
        names_for(["a/x.png", "b/x.png"], tmp_path)


@pytest.mark.slow
def test_a_batch_goes_on_and_skips_what_is_finished(here: Path, photographs: Path, inside: Reverie) -> None:
    folder = here / "in"
    folder.mkdir()
    for name in ("chelsea", "coffee"):
        (folder / f"{name}.png").write_bytes((photographs / f"{name}.png").read_bytes())
    (folder / "bad.png").write_text("not a picture")
    (folder / "notes.txt").write_text("not looked at")
    first = inside("dream", "in", "-o", "out", *QUICK)
    assert first.rc == 4, first.stderr
    assert first.stdout.split() == [os.path.join("out", n) for n in ("chelsea.png", "coffee.png")]
    lines = first.stderr.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("error: in/bad.png: not a picture")
    assert lines[1].startswith("error: 1 of 3 photographs failed")
    times = {p.name: p.stat().st_mtime_ns for p in (here / "out").iterdir()}
    assert set(times) == {"chelsea.png", "coffee.png"}

    (folder / "bad.png").write_bytes((photographs / "rocket.png").read_bytes())
    second = inside("dream", "in", "-o", "out", *QUICK, "-v")
    assert second.rc == 0, second.stderr
    assert second.stdout.split() == [os.path.join("out", "bad.png")]
    assert "1 made, 2 skipped, 0 failed" in second.stderr
    assert all((here / "out" / n).stat().st_mtime_ns == t for n, t in times.items())

    third = inside("dream", "in", "-o", "out", *QUICK, "--seed", "5")
    assert third.rc == 4
    assert third.stderr.count("exists already") == 3


@pytest.mark.slow
def test_variations_are_files_and_a_labelled_sheet(here: Path, inside: Reverie) -> None:
    done = inside("dream", "chelsea.png", "-o", "v.png", *QUICK, "--variations", "2", "--seed", "3")
    assert done.rc == 0, done.stderr
    assert done.stdout.split() == ["v-seed3.png", "v-seed4.png", "v.png"]
    assert [of_picture(here / f"v-seed{s}.png").recipe.seed for s in (3, 4)] == [3, 4]
    first, second = (np.asarray(Image.open(here / f"v-seed{s}.png")) for s in (3, 4))
    assert (first != second).any()
    assert Image.open(here / "v.png").size[0] > 2 * 160


@pytest.mark.slow
def test_dry_run_plans_and_writes_nothing(here: Path, inside: Reverie) -> None:
    before = sorted(here.iterdir())
    done = inside(
        "dream", "chelsea.png", "-o", "d.png", "--steps", "3,2", "--octaves", "2", "--dry-run", "--json"
    )
    assert done.rc == 0, done.stderr
    plan = done.json
    assert [o["steps"] for o in plan["octaves"]] == [3, 2]
    assert plan["octaves"][-1]["size"] == plan["size"] == list(Image.open(here / "chelsea.png").size)
    assert plan["seconds"] > 0
    assert plan["bytes"] > 1e6
    words = inside("dream", "--from", "clouds", "--size", "640x400", "--dry-run").stdout
    assert "640 x 400" in words
    assert "MB" in words
    assert sorted(here.iterdir()) == before


@pytest.mark.slow
def test_json_warnings_and_quiet(here: Path, inside: Reverie) -> None:
    words = ("dream", "chelsea.png", "--steps", "1", "--octaves", "9", "--threads", "1", "--overwrite")
    loud = inside(*words, "-o", "d.png", "--json")
    assert loud.stderr.startswith("warning: ")
    assert loud.stderr.count("\n") == 1
    assert len(loud.json["warnings"]) == 1
    assert inside(*words, "-o", "d.png", "-q").stderr == ""


@pytest.mark.parametrize(("preset", "verb"), [("lucid2017", "see"), ("google2015-zoom", "zoom")])
def test_dream_refuses_what_others_make_and_says_who(
    here: Path, inside: Reverie, preset: str, verb: str
) -> None:
    inside("dream", "chelsea.png", "-o", "x.png", "--preset", preset).refused(
        2, f"use it with reverie {verb}"
    )
