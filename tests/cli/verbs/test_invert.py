"""``reverie invert``: what layers remember of a photograph."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from reverie.jobs.provenance.note import of_picture
from reverie.media.picture import load_picture
from reverie.portrait.targets import fitting
from support.commands import Ran
from support.portraits import repeats
from support.slow import mostly_slow

pytestmark = pytest.mark.usefixtures("here")
Inside = Callable[..., Ran]

SMALL = ("--steps", "3", "--max-size", "64")


@pytest.mark.slow
@pytest.mark.parametrize("more", [(), ("--preset", "portrait", "--views", "1"), ("--canvas", "pixels")])
def test_one_layer_repeats(inside: Inside, more: tuple[str, ...]) -> None:
    assert inside("invert", "chelsea.png", "--layer", "block2a", "-o", "a.png", *SMALL, *more).rc == 0
    note = of_picture("a.png")
    assert note.recipe.objective == ('invert("chelsea.png", block2a)',)
    assert [file.name for file in note.files] == ["chelsea.png"]
    assert load_picture("a.png").size == fitting(load_picture("chelsea.png").size, 64)
    repeats(inside, "a.png")
    command = inside("show", "a.png").stdout.splitlines()[0]
    assert command.startswith("reverie invert chelsea.png --layer block2a -o a.png")


@pytest.mark.slow
def test_the_photograph_is_found_beside_the_result(inside: Inside) -> None:
    os.mkdir("in")
    os.rename("chelsea.png", "in/chelsea.png")
    assert inside("invert", "in/chelsea.png", "--layer", "stem", "-o", "in/a.png", *SMALL).rc == 0
    assert inside("rerun", "in/a.png", "-o", "b.png").rc == 0
    assert Path("b.png").read_bytes() == Path("in/a.png").read_bytes()
    os.rename("in/chelsea.png", "in/other.png")
    inside("rerun", "in/a.png", "-o", "c.png").refused(3, "chelsea.png: not found beside in/a.png")


@pytest.mark.slow
def test_more_steps_remember_more(inside: Inside) -> None:
    scores = []
    for steps in (2, 30):
        more = ("--steps", steps, "--max-size", "64", "--json")
        scores.append(
            inside("invert", "chelsea.png", "--layer", "block1a", "-o", f"{steps}.png", *more).json["score"]
        )
    assert scores[1] > scores[0]


@pytest.mark.slow
def test_layers_as_a_sheet_from_shallow_to_deep(inside: Inside) -> None:
    words = ("--layer", "block1a", "--layer", "stem", "--layer", "head", "--layer", "stem")
    assert inside("invert", "chelsea.png", *words, "-o", "s.png", *SMALL, "--json").json["sheet"] == [
        "s-block1a.png",
        "s-stem.png",
        "s-head.png",
    ]
    plan = inside("invert", "chelsea.png", "--all-layers", "--dry-run", "--json", *SMALL).json
    assert plan["portraits"] == 20
    assert plan["objective"][0] == 'invert("chelsea.png", stem)'


@mostly_slow(
    ("code", "says", "words"),
    [
        (2, "which layer", ["chelsea.png", "-o", "x.png"]),
        (2, "which layer", ["chelsea.png", "-o", "x.png", "--all-layers", "--layer", "stem"]),
        (2, 'did you mean "block3b"', ["chelsea.png", "--layer", "block3", "-o", "x.png"]),
        (2, "makes dreams", ["chelsea.png", "--layer", "stem", "-o", "x.png", "--preset", "google2015"]),
        (2, "exists already", ["chelsea.png", "--layer", "stem", "-o", "chelsea.png"]),
        (3, "no.png: no such file", ["no.png", "--layer", "stem", "-o", "x.png"]),
        (3, "is a folder", [".", "--layer", "stem", "-o", "x.png"]),
        (6, "there is no folder", ["chelsea.png", "--layer", "stem", "-o", "nodir/x.png"]),
    ],
    quick=4,
)
def test_what_is_refused(inside: Inside, code: int, says: str, words: list[str]) -> None:
    inside("invert", *words, *SMALL).refused(code, says)
    assert not list(Path().glob("x*"))
