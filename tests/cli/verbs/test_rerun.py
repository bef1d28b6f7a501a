"""``reverie rerun`` and ``reverie show``: what a user types, and what is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from reverie.jobs.dreaming.dream import DreamJob
from reverie.jobs.moving.zoom import ZoomJob
from reverie.recipe.presets.preset import preset
from support.commands import Ran
from support.listeners import Recorder

Reverie = Callable[..., Ran]


def test_what_was_steered_is_told_and_made_again(here: Path, inside: Reverie) -> None:
    recipe = preset("classic", steps=(2,), octaves=2, threads=1)
    job = DreamJob(recipe=recipe, photo="chelsea.png", output="d.png")
    job.run(Recorder(steer={2: {"objective": ["block4a", "block4b"], "max_change": 0.5}, 3: {}}))
    shown = inside("show", "d.png")
    assert shown.stdout.startswith("reverie rerun d.png\n")
    lines = [line for line in shown.stdout.splitlines() if line.startswith("  steered ")]
    assert lines == [
        "  steered            from octave 2, step 1 on: max change 0.5, objective block4a; block4b"
    ]
    document = inside("show", "d.png", "--json").json
    changes = {"objective": ["block4a", "block4b"], "max_change": 0.5}
    assert document["steered"] == [{"octave": 1, "step": 0, "changes": changes}]
    assert inside("rerun", "d.png").stdout == "d-rerun.png\n"
    assert Path("d-rerun.png").read_bytes() == Path("d.png").read_bytes()


@pytest.mark.slow
def test_frames_that_were_steered_are_told(here: Path, inside: Reverie) -> None:
    zoom = {"duration": 0.2, "fps": 10, "steps": 1, "warm_up": 0}
    recipe = preset("classic", start="clouds", size=(64, 48), zoom=zoom, threads=1, octaves=1, steps=(1,))
    ZoomJob(recipe=recipe, output="z.gif").run(Recorder(steer={2: {"strength": 0.25}}))
    assert "\n  steered            from frame 2 on: strength 0.25\n" in inside("show", "z.gif").stdout
    assert json.loads(inside("rerun", "z.gif", "--json").stdout)["frames"] == 2
    assert Path("z-rerun.gif").read_bytes() == Path("z.gif").read_bytes()


def test_a_job_runs_from_its_document(here: Path, inside: Reverie) -> None:
    assert inside("dream", "chelsea.png", "-o", "d.png", "--steps", "1", "--octaves", "1").rc == 0
    Path("job.json").write_text(json.dumps({"kind": "rerun", "result": "d.png", "output": "e.png"}))
    done = inside("run", "job.json")
    assert (done.rc, done.stdout) == (0, "e.png\n")
    assert Path("e.png").read_bytes() == Path("d.png").read_bytes()


def test_empty_names_are_refused(here: Path, inside: Reverie) -> None:
    inside("rerun", "").refused(2, "RESULT")
    inside("zoom", "", "-o", "z.mp4").refused(2, "PHOTO")
    inside("zoom", "-o", "").refused(2, "-o")
    inside("film", "", "-o", "d.mp4").refused(2, "VIDEO")
    for words in (("dream", "", "-o", "d.png"), ("sheet", "", "-o", "s.png"), ("look", "", "-o", "l.png")):
        inside(*words).refused(2, "a word is empty")
