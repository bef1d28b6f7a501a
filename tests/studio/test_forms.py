"""Every setting, as a page shows it."""

from __future__ import annotations

import pytest

from reverie.jobs.fooling.settings import Settings, make_settings
from reverie.recipe.presets.preset import preset
from reverie.recipe.recipe import Recipe
from reverie.recipe.zoom import Zoom
from reverie.studio.forms import LEFT_OUT, forms

TYPES = {"number", "integer", "boolean", "choice", "text", "list", "curve"}


@pytest.mark.parametrize("kind", ["dream", "portrait", "zoom", "film", "apparition"])
def test_each_field_is_whole(kind: str) -> None:
    form = forms()["kinds"][kind]
    names = [field["name"] for field in form["fields"]]
    assert len(set(names)) == len(names)
    assert {*Recipe.model_fields} - LEFT_OUT <= {*names}
    for field in form["fields"]:
        assert field["type"] in TYPES
        assert field["help"].endswith((".", ")")), field
        if field["type"] == "choice":
            assert field["default"] in (*field["choices"], None)
        if "min" in field and isinstance(field["default"], int | float):
            assert field["min"] <= field["default"]
            assert field["default"] <= field.get("max", float("inf"))


def test_an_evolution_has_settings_of_its_own() -> None:
    form = forms()["kinds"]["fool"]
    fields = {field["name"]: field for field in form["fields"]}
    assert set(fields) == set(form["defaults"]) == set(Settings.model_fields) - {"precision"}
    assert make_settings(**form["defaults"]).generations == form["defaults"]["generations"] == 150
    assert fields["encoding"]["choices"][:2] == ["cppn", "smooth"]
    assert all(field["type"] in TYPES and field["help"].endswith(".") for field in fields.values())


def test_defaults_make_the_preset() -> None:
    form = forms()["kinds"]["dream"]
    made = Recipe(**{**form["defaults"], "max_size": None})
    assert made == preset(form["preset"])


def test_types_and_ends_are_the_recipes() -> None:
    fields = {field["name"]: field for field in forms()["kinds"]["zoom"]["fields"]}
    assert {f"zoom.{name}" for name in Zoom.model_fields} <= set(fields)
    assert (fields["strength"]["type"], fields["strength"]["min"], fields["strength"]["max"]) == (
        "number",
        0,
        1,
    )
    assert fields["strength"]["step"] == 0.01
    assert fields["zoom.zoom"]["type"] == "curve"
    assert fields["seamless"]["type"] == "boolean"
    assert fields["smoothing"]["choices"] == ["none", "gaussians", "laplacian", "opponent"]
    assert fields["steps"]["type"] == "list"
    assert fields["octaves"]["optional"]
