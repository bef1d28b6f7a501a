"""``reverie dream --class`` over a photograph: dreamt at sites, unless another look is asked for."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from reverie.jobs.provenance.note import of_picture
from support.commands import Ran
from support.portraits import repeats

Reverie = Callable[..., Ran]
QUICK = ("--steps", "1", "--octaves", "1", "--threads", "1")


@pytest.mark.slow
def test_classes_over_a_photograph_are_dreamt_at_sites_and_made_again(here: Path, inside: Reverie) -> None:
    words = ("--class", "tabby", "--class", "castle", "--sites", "4", "--strength", "0.6")
    done = inside("dream", "chelsea.png", "-o", "d.png", *words, *QUICK)
    assert done.rc == 0, done.stderr
    recipe = of_picture("d.png").recipe
    assert recipe.preset == "apparition"
    assert recipe.objective == ('class("tabby")', 'class("castle")')
    assert recipe.sites is not None
    assert recipe.sites.count == 4
    assert recipe.strength == 0.6
    shown = shlex.split(inside("show", "d.png").stdout.splitlines()[0])
    assert shown[shown.index("--sites") + 1] == "4"
    repeats(inside, "d.png")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "preset"),
    [
        (("chelsea.png", "--class", "tabby", "--preset", "classic"), "classic"),
        (("chelsea.png", "--class", "tabby", "--preset", "reverie"), "reverie"),
        (("--from", "noise", "--size", "64", "--class", "tabby"), "reverie"),
        (("chelsea.png", "--layer", "block3b"), "reverie"),
        (("chelsea.png", "--preset", "apparition"), "apparition"),
    ],
)
def test_another_look_is_a_preset_away(
    words: tuple[str, ...], preset: str, here: Path, inside: Reverie
) -> None:
    done = inside("dream", *words, "-o", "d.png", "--steps", "1", "--octaves", "1", "--threads", "1")
    assert done.rc == 0, done.stderr
    assert of_picture("d.png").recipe.preset == preset


@pytest.mark.slow
def test_what_sites_cannot_be_is_said(here: Path, inside: Reverie) -> None:
    for words, said in (
        (("--class", "tabby", "--seamless"), "--seamless: what is dreamt at sites"),
        (("--class", "tabby", "--step-size", "0.1"), "--step-size: what is dreamt at sites"),
        (("--class", "tabby", "--sites", "0"), "--sites: input should be"),
        (("--preset", "reverie", "--sites", "2"), "--sites: preset reverie dreams all over"),
        (("--class", "tabbi"), "tabby"),
    ):
        done = inside("dream", "chelsea.png", "-o", "d.png", *words, *QUICK)
        assert done.rc == 2, (words, done.stderr)
        assert said in done.stderr
        assert done.stderr.count("\n") == 1
        assert not Path("d.png").exists()
    zoom = inside("zoom", "-o", "z.mp4", "--preset", "apparition")
    assert zoom.rc == 2
    assert "use it with reverie dream" in zoom.stderr


@pytest.mark.slow
def test_the_plan_tells_of_sites(here: Path, inside: Reverie) -> None:
    done = inside("dream", "chelsea.png", "--class", "tabby", "--sites", "2", "--steps", "1", "--dry-run")
    assert done.rc == 0, done.stderr
    assert "2 sites" in done.stdout
    assert "about" in done.stdout
