"""What decides a dream at sites: what is climbed there, and what is refused."""

from __future__ import annotations

import pytest

from reverie.errors import UsageError
from reverie.objective import parse
from reverie.recipe.presets.preset import PRESETS, preset
from reverie.recipe.recipe import make, read
from reverie.recipe.sites import Sites


def test_classes_are_climbed_for_certain_and_held_natural() -> None:
    climbed = Sites(certainty=0.5, priors=("-2*unnatural",)).climbed(parse('2*class("lion") + block5c'))
    assert str(climbed) == '2*class("lion") + block5c + logprob("lion") - 2*unnatural'
    assert str(Sites(certainty=0, priors=()).climbed(parse("class(3)"))) == "class(3)"


def test_every_objective_is_one_of_the_recipe_and_the_last_holds_on() -> None:
    recipe = preset("apparition", objective=("class(1)", "class(2)"), sites={"certainty": 0, "priors": ()})
    assert [str(recipe.objective_at(k)) for k in range(3)] == ["class(1)", "class(2)", "class(2)"]


def test_settings_change_one_by_one_and_are_read_again() -> None:
    recipe = preset("apparition", sites={"count": 5})
    assert recipe.sites == Sites(count=5)
    assert read(recipe.model_dump(mode="json"), "r.json") == recipe
    assert recipe.in_views
    assert not any(preset(name).in_views for name in PRESETS)


def test_recipes_from_before_have_none() -> None:
    settings = preset("reverie").model_dump(mode="json")
    del settings["sites"]
    assert read(settings, "old.json") == preset("reverie")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"count": 0}, "sites.count"),
        ({"sides": (0.5,)}, "sites.sides"),
        ({"size": 3}, "no such setting"),
        ({"priors": ('guide("a.png", stem)',)}, "reads a picture"),
        ({"priors": ("nonsense(",)}, "nonsense"),
    ],
)
def test_what_cannot_be_is_named(settings: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        make(sites=settings, balance="none")
