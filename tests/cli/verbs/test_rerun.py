"""``reverie rerun`` and ``reverie show``: what a user types, and what is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from reverie.jobs.dreaming.dream import DreamJob
from reverie.jobs.moving.zoom import ZoomJob
from reverie.jobs.provenance.note import of_picture
from reverie.media.picture import load_picture
from reverie.recipe.presets.preset import preset
from support.commands import Ran
from support.listeners import Recorder

Reverie = Callable[..., Ran]


@pytest.mark.slow
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


@pytest.mark.slow
def test_a_job_runs_from_its_document(here: Path, inside: Reverie) -> None:
    assert inside("dream", "chelsea.png", "-o", "d.png", "--steps", "1", "--octaves", "1").rc == 0
    Path("job.json").write_text(json.dumps({"kind": "rerun", "result": "d.png", "output": "e.png"}))
    done = inside("run", "job.json")
    assert (done.rc, done.stdout) == (0, "e.png\n")
    assert Path("e.png").read_bytes() == Path("d.png").read_bytes()


@pytest.mark.slow
def test_empty_names_are_refused(here: Path, inside: Reverie) -> None:
    inside("rerun", "").refused(2, "RESULT")
    inside("zoom", "", "-o", "z.mp4").refused(2, "PHOTO")
    inside("zoom", "-o", "").refused(2, "-o")
    inside("film", "", "-o", "d.mp4").refused(2, "VIDEO")
    for words in (("dream", "", "-o", "d.png"), ("sheet", "", "-o", "s.png"), ("look", "", "-o", "l.png")):
        inside(*words).refused(2, "a word is empty")


@pytest.mark.slow
def test_a_dream_is_made_again_larger(here: Path, inside: Reverie) -> None:
    given = ("--steps", "1", "--octaves", "1", "--size", "64", "--seed", "3", "--threads", "1")
    assert inside("dream", "chelsea.png", "-o", "d.png", *given).rc == 0
    done = inside("rerun", "d.png", "--size", "96", "-v")
    assert done.stdout == "d-96.png\n"
    assert "at another size other things grow" in done.stderr
    assert "reverie dream d.png --size 96 --octaves 2" in done.stderr
    small, large = of_picture("d.png"), of_picture("d-96.png")
    assert large.recipe == small.recipe.but(size=load_picture("d-96.png").size, max_size=None)
    assert max(load_picture("d-96.png").size) == 96
    assert large.source == small.source
    assert inside("rerun", "d-96.png").stdout == "d-96-rerun.png\n"
    assert Path("d-96-rerun.png").read_bytes() == Path("d-96.png").read_bytes()
    assert inside("rerun", "d.png", "--size", "80x40", "-o", "e.png").rc == 0
    assert load_picture("e.png").size == (80, 40)


def test_what_cannot_be_made_larger_says_so(here: Path, inside: Reverie) -> None:
    recipe = preset("classic", steps=(2,), octaves=1, threads=1, max_size=64)
    DreamJob(recipe=recipe, photo="chelsea.png", output="d.png").run(Recorder(steer={1: {"max_change": 0.5}}))
    inside("rerun", "d.png", "--size", "96").refused(2, "steered at its own size")
    inside("rerun", "d.png", "--size", "big").refused(2, "width and height are needed")
