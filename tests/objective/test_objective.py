"""Objectives as values: algebra, immutability, files, and what they refuse."""

from __future__ import annotations

import dataclasses

import pytest

from reverie import objective as ob
from reverie.errors import UsageError
from reverie.objective import (
    parse,
)


def test_interpolation_goes_from_one_to_the_other():
    a, b = ob.channel("block4b", 3), ob.logit("tabby")
    assert ob.interpolate(a, b, 0) == a
    assert ob.interpolate(a, b, 1) == b
    assert ob.interpolate(a, b, 0.25) == 0.75 * a + 0.25 * b
    with pytest.raises(UsageError, match="t is 2"):
        ob.interpolate(a, b, 2)


def test_algebra():
    a, b, c = ob.layer("a"), ob.channel("b", 1), ob.tv()
    assert (a + b) + c == a + (b + c)
    assert a - b == a + -1 * b
    assert 2 * (a - 3 * b) == 2 * a - 6 * b
    assert a * 0.5 == 0.5 * a
    assert -1 * -a == a
    assert (a + b).within("m.png") == a.within("m.png") + b.within("m.png")
    assert a != b
    assert hash(parse("block5c - tv")) == hash(parse("block5c - 1*tv"))


def test_values_cannot_be_changed():
    objective = parse("block5c + 0.5*block4b:17")
    text = str(objective)
    with pytest.raises(dataclasses.FrozenInstanceError):
        objective.terms = ()
    with pytest.raises(dataclasses.FrozenInstanceError):
        objective.terms[0].weight = 3.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        objective.terms[0].quantity.layer = "stem"
    with pytest.raises(TypeError):
        objective.terms[0] = objective.terms[1]
    _ = 2 * objective - ob.tv()
    assert str(objective) == text


def test_files_are_listed_once_and_renamed():
    compared = parse('caricature("a.png", b, cosine=1) + invert("c.png", b)')
    assert compared.files() == ("a.png", "c.png")
    assert compared.renamed({"a.png": "x.png"}).files() == ("x.png", "c.png")
    objective = parse('guide("a.png", block3b)@mask("m.png") - block5c@outside("m.png") + class("cat")')
    assert objective.files() == ("a.png", "m.png")
    moved = objective.renamed({"a.png": "/x/a.png", "m.png": "n.png"})
    assert str(moved) == (
        'guide("/x/a.png", block3b)@mask("n.png") - block5c@outside("n.png") + class("cat")'
    )
    assert moved.renamed({"/x/a.png": "a.png", "n.png": "m.png"}) == objective


def test_penalties_have_no_region():
    for text in ('tv@mask("m.png")', 'block5c - 0.1*l2@outside("m.png")', 'diversity(a)@mask("m.png")'):
        with pytest.raises(UsageError, match="cannot be confined to a region"):
            parse(text)


@pytest.mark.parametrize(
    "make",
    [
        lambda: float("nan") * ob.layer("a"),
        lambda: ob.layer("a") * float("inf"),
        lambda: 1e200 * (1e200 * ob.layer("a")),
        lambda: ob.direction("a", {}),
        lambda: ob.direction("a", {3: 0.0}),
        lambda: ob.direction("a", {3: float("nan")}),
        lambda: ob.caricature("f.png", "a", cosine=float("inf")),
        lambda: ob.neuron("a", 3, cell=(-1, 0)),
        lambda: ob.tv(0.5),
        lambda: ob.alpha(float("nan")),
    ],
)
def test_values_that_mean_nothing_are_refused_where_they_are_made(make):
    with pytest.raises(UsageError):
        make()
