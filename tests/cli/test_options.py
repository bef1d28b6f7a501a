"""Options make recipes."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import pytest

from reverie.cli.app import command
from reverie.cli.fields import describe
from reverie.cli.moving_options import FilmAscent, FilmMotion, ZoomAscent, ZoomMotion, ZoomTarget
from reverie.cli.options import Appearance, Ascent, Base, PortraitLook, Target
from reverie.cli.verbs.dream import DreamCommon
from reverie.errors import UsageError
from reverie.recipe.film import Film
from reverie.recipe.portrait import Portrait
from reverie.recipe.presets.preset import preset
from reverie.recipe.recipe import Recipe
from reverie.recipe.sites import Sites
from reverie.recipe.typed import GUIDE_LAYER, MOVING, OF_PORTRAIT, OF_SITES, OPTION, objectives
from reverie.recipe.zoom import Zoom
from support.recipes import recipe_for


def test_help_tells_defaults_and_ranges_of_the_recipe() -> None:
    assert describe("strength").endswith("(0 to 1; default: the preset's)")
    assert describe("drift").endswith("(0 to 1; default 0.5)")
    assert describe("octaves").endswith("(1 to 32)")
    assert describe("precision").endswith("(auto, fp32, bf16, fp16; default auto)")
    assert describe("halo").endswith("(0 to 4096 or auto, full; default auto)")
    assert describe("seed").endswith("(from 0; default 0)")
    assert describe("max_change").endswith("(above 0 to 1)")


def test_every_option_that_sets_a_field_is_there() -> None:
    flags = {flag for p in command().commands["dream"].params for flag in p.opts}
    assert set(OPTION.values()) <= flags
    contract = """--layer --channel --class --objective --guide --preset --strength --max-change --octaves
        --octave-scale --steps --step-size --jitter --seamless --mask --spare --keep-colour --size --max-size
        --seed --network --engine --precision --device --threads --halo --max-pixels --recipe --variations
        --preview --no-metadata --overwrite --json --dry-run --offline -q -v --debug -o --from"""
    assert set(contract.split()) <= flags


def test_what_options_set_is_what_their_groups_offer() -> None:
    for model, table, groups in (
        (Recipe, OPTION, (Target, Base, Ascent, Appearance, DreamCommon)),
        (Portrait, OF_PORTRAIT, (PortraitLook,)),
        (Zoom, MOVING["zoom"][1], (ZoomTarget, ZoomMotion, ZoomAscent)),
        (Film, MOVING["film"][1], (FilmMotion, FilmAscent)),
    ):
        offered = {field.name for group in groups for field in fields(group)}
        told_otherwise = {"scenes", "mask"} - offered  # --objective of a zoom, --mask of a film
        assert set(table) - told_otherwise == offered & set(model.model_fields), model
    assert set(OF_SITES) <= set(Sites.model_fields)


@pytest.mark.slow
def test_options_make_the_recipe() -> None:
    assert recipe_for() == preset("reverie")
    assert recipe_for("--preset", "google2015", "--strength", "0.25") == preset("google2015", strength=0.25)
    assert recipe_for("--steps", "30,20,10").steps == (30, 20, 10)
    assert recipe_for("--size", "640x480").size == (640, 480)
    assert recipe_for("--halo", "32", "--engine", "plain") == preset("reverie", halo=32, engine="plain")
    assert recipe_for("--halo", "full").halo == "full"
    assert recipe_for("--layer", "block4a", "--layer", "block5c").objective == ("block4a", "block5c")
    assert recipe_for("--channel", "block4b:17").objective == ("block4b:17",)
    assert recipe_for("--class", "golden retriever").objective == ('class("golden retriever")',)
    assert recipe_for("--class", "207").objective == ("class(207)",)
    assert recipe_for("--guide", "g.png", "--layer", "block3b").objective == ('guide("g.png", block3b)',)
    assert recipe_for("--guide", "g.png").objective == (f'guide("g.png", {GUIDE_LAYER})',)
    assert recipe_for("--seamless").seamless
    assert recipe_for("--keep-color", "1").keep_colour == 1
    assert recipe_for("--spare", "faces") == preset("reverie", spare="faces")
    assert recipe_for("--preset", "gentle", "--spare", "nothing").spare == "nothing"
    assert recipe_for("--max-change", "0.03").strength == preset("reverie").strength


def test_a_recipe_file_is_overridden_by_options(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_text(json.dumps(preset("keras", seed=3).model_dump(mode="json")))
    assert recipe_for("--recipe", str(path)) == preset("keras", seed=3)
    assert recipe_for("--recipe", str(path), "--seed", "4") == preset("keras", seed=4)
    assert recipe_for("--recipe", str(path), "--steps", "5").max_score is None
    with pytest.raises(UsageError, match="--preset and --recipe"):
        recipe_for("--recipe", str(path), "--preset", "keras")


def test_layers_in_quotes_are_layers() -> None:
    from reverie import objective as ob
    from reverie.cli.verbs.microscope import apart

    for given, wanted in (
        ({"layer": ['"2"', "block5c"]}, (ob.layer("2"), ob.layer("block5c"))),
        ({"layer": ["2", '"a b"']}, (ob.layer("2"), ob.layer("a b"))),
        ({"channel": ['"2":3', "features.4.conv:5"]}, (ob.channel("2", 3), ob.channel("features.4.conv", 5))),
        ({"guide": "g.jpg", "layer": ['"2"']}, (ob.guide("g.jpg", "2"),)),
        ({"objective": ['0.5*"2"']}, (0.5 * ob.layer("2"),)),
    ):
        assert tuple(map(ob.parse, objectives(given))) == wanted
    assert apart(['a,"b,c",d', '"e"']) == ["a", '"b,c"', "d", '"e"']
