"""Recipes: written and read again, and every fault named by its field."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from reverie.errors import UsageError
from reverie.recipe.presets.preset import PRESETS, preset
from reverie.recipe.recipe import FORMAT, Recipe, make, read

texts = st.sampled_from(
    ["block5c", "block5c + 0.5*block4b:17 - 0.2*tv", 'class("golden retriever")@mask("sky.png")', "-l2"]
)
unit = st.floats(0, 1)
settings_of = st.fixed_dictionaries(
    {},
    optional={
        "preset": st.text(max_size=20),
        "network": st.text(max_size=20),
        "objective": st.lists(texts, min_size=1, max_size=4).map(tuple),
        "balance": st.sampled_from(["none", "layers", "terms"]),
        "start": st.sampled_from(["photo", "noise", "clouds"]),
        "scenery": st.sampled_from(["flat", "deep"]),
        "size": st.none() | st.tuples(st.integers(32, 9000), st.integers(32, 9000)),
        "max_size": st.none() | st.integers(32, 9000),
        "octaves": st.none() | st.integers(1, 32),
        "octave_scale": st.floats(1.05, 4),
        "steps": st.lists(st.integers(1, 10_000), min_size=1, max_size=5).map(tuple),
        "step_size": st.none() | st.floats(1e-9, 1),
        "jitter": st.integers(0, 1024),
        "smoothing": st.sampled_from(["none", "gaussians", "laplacian"]),
        "tilt": st.floats(-4, 4),
        "normalise": st.sampled_from(["none", "mean", "std"]),
        "carry": st.sampled_from(["detail", "picture", "lost"]),
        "clip": st.sampled_from(["step", "end", "soft"]),
        "strength": st.none() | unit,
        "max_change": st.none() | st.floats(1e-6, 1),
        "max_score": st.none() | st.floats(allow_nan=False, allow_infinity=False),
        "drift": unit,
        "keep_colour": unit,
        "seamless": st.booleans(),
        "mask": st.none() | st.text(min_size=1, max_size=20),
        "spare": st.sampled_from(["nothing", "faces"]),
        "spared": st.floats(0.01, 1),
        "seed": st.integers(0, 2**63 - 1),
        "threads": st.integers(0, 1024),
    },
)


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(settings_of)
def test_a_recipe_survives_json(values):
    recipe = make(**values)
    text = recipe.model_dump_json()
    assert Recipe.model_validate_json(text) == recipe
    assert read(json.loads(text), "d.png") == recipe
    assert read(json.loads(json.dumps(recipe.model_dump(mode="json"))), "d.png").model_dump_json() == text


@pytest.mark.parametrize("name", PRESETS)
def test_presets_survive_json(name):
    assert read(json.loads(preset(name).model_dump_json()), "d.png") == preset(name)


BAD = {
    "strength": [float("nan"), float("inf"), -0.1, 1.5, "much"],
    "octave_scale": [1.0, float("nan"), float("-inf"), 5],
    "steps": [0, (0,), (), (10_001,), (1.5,), (float("nan"),)],
    "octaves": [0, 33, 2.5],
    "jitter": [-1, 2000, float("nan")],
    "step_size": [0, -1, float("nan"), float("inf"), 2],
    "max_change": [0, float("nan"), 2],
    "max_score": [float("nan"), float("inf")],
    "size": [(31, 64), (64,), (64, 64, 64), "big"],
    "max_size": [10, 1e9],
    "seed": [-1, 2**63, 1.5],
    "tilt": [float("inf"), 5],
    "keep_colour": [float("nan"), -1, 2],
    "spare": ["hands"],
    "spared": [0, 1.1, float("nan")],
    "balance": ["both"],
    "smoothing": ["box"],
    "precision": ["fp64"],
    "device": ["tpu"],
    "threads": [-1],
    "mask": [3],
    "format": [0, "x"],
}


@pytest.mark.parametrize(("field", "value"), [(f, v) for f, values in BAD.items() for v in values])
def test_what_cannot_be_is_said_with_its_field(field, value):
    with pytest.raises(UsageError) as caught:
        make(**{field: value})
    message = str(caught.value)
    assert message.startswith(field)
    assert "\n" not in message
    assert len(message) < 400
    with pytest.raises(UsageError, match=r"^d\.json: "):
        read({field: value}, "d.json")


def test_several_faults_are_all_named():
    with pytest.raises(UsageError) as caught:
        make(strength=2, jitter=-1, sed=4)
    assert all(name in str(caught.value) for name in ("strength", "jitter", "sed"))


def test_an_unknown_field_names_the_nearest():
    with pytest.raises(UsageError, match=r'jiter: no such setting; did you mean "jitter"'):
        make(jiter=3)
    with pytest.raises(UsageError, match=r"d\.json: xyzzy: no such setting"):
        read({"xyzzy": 1}, "d.json")


def test_an_objective_that_does_not_parse_shows_the_column():
    with pytest.raises(UsageError, match="at column 10"):
        make(objective=("block5c +",))


def test_a_newer_format_is_refused():
    with pytest.raises(UsageError, match=rf"d\.png: recipe format {FORMAT + 1} is newer than {FORMAT}"):
        read({"format": FORMAT + 1, "field of the future": 1}, "d.png")


@pytest.mark.parametrize("settings", [None, 3, "recipe", [1], [["jitter", 3]]])
def test_a_recipe_is_an_object(settings):
    with pytest.raises(UsageError, match=r"d\.png: the recipe is not an object"):
        read(settings, "d.png")


def test_recipes_cannot_be_changed_only_made_anew():
    recipe = preset("google2015")
    with pytest.raises(ValidationError):
        recipe.jitter = 3
    other = recipe.but(jitter=3)
    assert (recipe.jitter, other.jitter, other.step_size) == (32, 3, recipe.step_size)
    with pytest.raises(UsageError, match="jitter"):
        recipe.but(jitter=-3)


def test_objectives_are_kept_in_one_spelling():
    assert make(objective=(" block5c+1*tv ",)).objective == ("block5c + tv",)


def test_one_objective_an_octave_the_last_holding_on():
    recipe = make(objective=("block4a", "block5c"))
    assert [str(recipe.objective_at(i)) for i in range(4)] == ["block4a", "block5c", "block5c", "block5c"]


def test_files_and_their_names():
    recipe = make(objective=('guide("a/f.jpg", block3b)', 'block5c@mask("m.png")'), mask="m.png")
    assert recipe.files() == ("a/f.jpg", "m.png")
    moved = recipe.renamed({"a/f.jpg": "f.jpg", "m.png": "x/m.png"})
    assert moved.files() == ("f.jpg", "x/m.png")
    assert moved.mask == "x/m.png"
    assert make().files() == ()


def test_what_suits_neither_way_of_saying_it_is_one_complaint():
    with pytest.raises(UsageError) as caught:
        make(halo=-3)
    assert str(caught.value) == (
        "halo: input should be greater than or equal to 0, or 'auto' or 'full', got -3"
    )
