"""What is asked for in a hurry: quick sites and inversions, estimates, previews, and what is said once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from reverie.jobs.microscope.contents import QUICK_CHANNELS, choose, two_layers
from reverie.jobs.provenance.note import of_picture
from reverie.network.zoo import load_net
from support.commands import Ran

Reverie = Callable[..., Ran]


def test_a_quick_site_is_two_layers_unless_others_are_named() -> None:
    net = load_net("lite0")
    middle, deep = two_layers(net)
    assert list(net.layers).index(middle) < list(net.layers).index(deep)
    assert net.geometry(middle) is not None
    plan = choose(net, quick=True)
    assert plan.channels() == {name: list(range(QUICK_CHANNELS)) for name in (middle, deep)}
    assert plan.classes == ()
    named = choose(net, quick=True, layers=["stem"], channels="3", classes=["tabby"])
    assert named.channels() == {"stem": [3]}
    assert len(named.classes) == 1


@pytest.mark.slow
def test_estimates_where_they_were_missed(here: Path, inside: Reverie) -> None:
    for words in (
        ("microscope", "--quick", "-o", "site"),
        ("sheet", "chelsea.png", "-o", "sheet.png"),
        ("stimuli", "chelsea.png", "--unit", "block2a:3", "-o", "sheet.png"),
        ("look", "chelsea.png", "--unit", "block2a:3", "--portraits", "-o", "sheet.png"),
    ):
        ran = inside(*words, "--dry-run")
        assert ran.rc == 0, ran.stderr
        assert "about" in ran.stdout
    assert [path.name for path in here.iterdir()] == ["chelsea.png"]


@pytest.mark.slow
def test_a_sheet_is_dreamt_larger_than_its_cells(here: Path, inside: Reverie) -> None:
    Image.open(here / "chelsea.png").resize((96, 64)).save(here / "small.png")
    told = inside("sheet", "small.png", "-o", "a.png", "--cell", "64", "--dry-run", "-v", "--json").json
    assert told["seconds"] > 0
    assert inside("sheet", "small.png", "-o", "a.png", "--cell", "64", "--steps", "1").rc == 0
    assert (
        inside("sheet", "small.png", "-o", "b.png", "--cell", "64", "--steps", "1", "--max-size", "64").rc
        == 0
    )
    assert Image.open(here / "a.png").size == Image.open(here / "b.png").size
    assert (here / "a.png").read_bytes() != (here / "b.png").read_bytes()


@pytest.mark.slow
def test_all_layers_are_small_and_quick_unless_it_is_said(here: Path, inside: Reverie) -> None:
    told = inside("invert", "chelsea.png", "-o", "i.png", "--all-layers", "--dry-run").stdout
    assert "400 steps" in told
    told = inside("invert", "chelsea.png", "-o", "i.png", "--layer", "block1a", "--dry-run").stdout
    assert "4000 steps" in told


@pytest.mark.slow
def test_variations_have_a_taste_each_and_say_it(here: Path, inside: Reverie) -> None:
    words = ("dream", "chelsea.png", "-o", "v.png", "--variations", "2", "--steps", "2", "--octaves", "1")
    assert inside(*words).rc == 0
    made = [of_picture(here / f"v-seed{seed}.png").recipe for seed in (0, 1)]
    assert [recipe.chance for recipe in made] == [1.8, 1.8]
    command = inside("show", here / "v-seed1.png").stdout.splitlines()[0].split()
    assert "--chance" in command
    assert inside(*words, "--chance", "0", "--overwrite").rc == 0
    assert of_picture(here / "v-seed1.png").recipe.chance == 0


@pytest.mark.slow
def test_what_is_wrong_with_all_of_a_batch_is_said_once(here: Path, inside: Reverie) -> None:
    (here / "photos").mkdir()
    for name in ("a", "b"):
        (here / "photos" / f"{name}.png").write_bytes((here / "chelsea.png").read_bytes())
    for words in (("--class", "unicorny"), ("--layer", "blok")):
        ran = inside("dream", "photos", "-o", "out", *words)
        assert ran.rc == 2
        assert ran.stderr.count("error: ") == 1
    assert not (here / "out").is_dir() or not list((here / "out").iterdir())


@pytest.mark.slow
def test_an_evolution_shows_its_sheet_on_the_way(here: Path, inside: Reverie) -> None:
    ran = inside(
        "fool", "tabby", "-o", "fooled", "--generations", "2", "--population", "8", "--preview", "sheet.png"
    )
    assert ran.rc == 0, ran.stderr
    assert Image.open(here / "sheet.png").size[0] > 100
