"""The command line that makes a recipe."""

from __future__ import annotations

import shlex

import pytest

from reverie.jobs.provenance.command_line import command_of
from reverie.recipe.presets.preset import PRESETS, preset
from reverie.recipe.recipe import Recipe
from support.recipes import recipe_for

RECIPES = [
    *(preset(name) for name in PRESETS),
    preset("classic", seed=3, steps=(3, 2), size=(64, 48), seamless=True, mask="m.png", keep_colour=0.25),
    preset("reverie", spare="faces"),
    preset("gentle", spare="nothing", strength=0.6),
    preset("google2015", objective=("block4a", "block5c"), jitter=0, strength=0.3, max_change=0.1),
    preset("keras", steps=(7,), start="clouds", network="lite1", precision="bf16", device="cpu", threads=3),
    preset("classic", objective=("block4b:17",), octaves=3, octave_scale=1.8, step_size=0.01),
    preset("classic", objective=('class("tabby")', "class(207)"), max_size=640),
    preset("classic", objective=('guide("a b.png", block3a) - 0.2*tv',), balance="layers"),
]


@pytest.mark.parametrize("recipe", RECIPES, ids=range(len(RECIPES)))
def test_the_command_line_of_a_recipe_makes_that_recipe(recipe: Recipe) -> None:
    words = command_of(recipe)
    assert words is not None
    assert recipe_for(*shlex.split(shlex.join(words))) == recipe
    if recipe == preset(recipe.preset):
        assert words == ([] if recipe.preset == "reverie" else ["--preset", recipe.preset])


def test_a_recipe_that_options_cannot_say_has_none() -> None:
    assert command_of(preset("classic", levels=3)) is None
    assert command_of(preset("classic", strength=None)) is None
    assert command_of(Recipe(preset="of my own")) is None
