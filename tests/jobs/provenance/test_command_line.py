"""The command line that makes a recipe."""

from __future__ import annotations

import shlex

import pytest

from reverie.jobs.provenance.command_line import command_line, command_of
from reverie.jobs.provenance.note import EngineNote, NetworkNote, OutputNote, Provenance
from reverie.jobs.provenance.words import facts
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


@pytest.mark.parametrize(
    ("objective", "target", "words"),
    [
        ('channel("2", 3)', ["2:3"], "channel 3 of the layer 2"),
        ('layer("features.4")', ["features.4"], "the layer features.4, all its channels"),
        ('class("3")', [], "class(3)"),
    ],
)
def test_a_portrait_of_a_network_of_ones_own_names_its_target(
    objective: str, target: list[str], words: str
) -> None:
    """Without batch norms it goes without a prior, which no option says: its file is the recipe."""
    recipe = preset("portrait", objective=(objective,), network="py:net.py:make")
    assert recipe.portrait is not None
    bare = recipe.portrait.model_copy(update={"priors": ()})
    note = Provenance(
        reverie="0.1.0",
        recipe=recipe.model_copy(update={"portrait": bare}),
        network=NetworkNote(name="py:net.py:make", sha256="0" * 64),
        engine=EngineNote(engine="plain", device="cpu", precision="fp32", threads=1),
        source=None,
        files=(),
        output=OutputNote(),
    )
    line = ["reverie", "see", *target, "-o", "p-rerun.png", "--recipe", "p.png", "--trust"]
    assert shlex.split(command_line(note, "p.png")) == line
    assert dict(facts(note))["portrait of"] == words
