"""``reverie classes``: listing, searching, groups and their tree; and words wherever classes are named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reverie.jobs.provenance.note import of_picture
from support.commands import Ran
from support.portraits import QUICK as SMALL
from support.portraits import repeats

Inside = Callable[..., Ran]
QUICK = ("--steps", "1", "--octaves", "1", "--threads", "1")


def test_a_word_is_told_with_its_group(inside: Inside) -> None:
    lines = inside("classes", "cats").stdout.splitlines()
    assert lines[1].split() == ["group", "of", "7", "cat", "true", "cat"]
    assert [line.split()[0] for line in lines if line.split()[0].isdecimal()][:7] == list(
        map(str, range(281, 288))
    )
    found = inside("classes", "guitar", "--json").json
    assert found["network"] == "lite0"
    assert found["groups"][0] == {"names": ["guitar"], "classes": [402, 546]}
    assert found["classes"][0] == {"class": 402, "names": ["acoustic guitar"]}


@pytest.mark.slow
def test_all_are_listed(inside: Inside) -> None:
    assert len(inside("classes").stdout.splitlines()) == 1001
    assert len(inside("classes", "--json").json["classes"]) == 1000


def test_the_tree_has_each_class_once(inside: Inside) -> None:
    lines = inside("classes", "--tree").stdout.splitlines()
    numbers = [int(line.split()[0]) for line in lines if line.split()[0].isdecimal()]
    assert sorted(numbers) == list(range(1000))
    assert lines[0].startswith("entity (1000)")
    assert inside("classes", "piano", "--tree").stdout.splitlines() == [
        "piano (2)",
        "  579 grand piano",
        "  881 upright",
    ]
    inside("classes", "castle", "--tree").refused(2, "castle", "leave --tree out")
    inside("classes", "unicorn").refused(2, '"unicorn" is not known', "sorrel")


@pytest.mark.slow
def test_a_dream_of_a_word_keeps_it_and_repeats(here: Path, inside: Inside) -> None:
    assert inside("dream", "chelsea.png", "-o", "d.png", "--class", "cat", *QUICK).rc == 0
    assert of_picture(here / "d.png").recipe.objective == ('class("cat")',)
    repeats(inside, "d.png")
    inside("dream", "chelsea.png", "-o", "e.png", "--class", "unicorn", *QUICK).refused(2, "sorrel")


@pytest.mark.slow
def test_portraits_and_zooms_of_words(here: Path, inside: Inside) -> None:
    ran = inside("see", "cats", "church", "-o", "s.png", *SMALL)
    assert ran.rc == 0, ran.stderr
    assert of_picture(here / "s-cats.png").recipe.objective == ('logprob("cats") + 0.4*class("cats")',)
    repeats(inside, "s-cats.png")
    scenes = (
        "--class",
        "0s:dogs",
        "--class",
        "0.1s:cat",
        "--size",
        "64x64",
        "--duration",
        "0.2",
        "--steps",
        "1",
    )
    ran = inside("zoom", *scenes, "--warm-up", "1", "-o", "z.mp4", "--threads", "1")
    assert ran.rc == 0, ran.stderr
    assert of_picture(here / "z.mp4").recipe.zoom.scenes == ('0s:class("dogs")', '0.1s:class("cat")')  # type: ignore[union-attr]


def test_a_unit_is_one_class_and_a_choice_may_be_many(here: Path, inside: Inside) -> None:
    inside("stimuli", ".", "--unit", "cat", "-o", "t.png").refused(2, '"cat" is a group', '"tabby"')
    from reverie.portrait.units import class_indices
    from support.microscope import lite0

    assert class_indices(lite0(), "guitars") == (402, 546)
