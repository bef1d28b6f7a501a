"""``reverie.render``: what it makes carries what made it, and can be made again from its file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import reverie
from reverie.errors import UsageError
from reverie.jobs.dreaming.dream import DreamJob
from reverie.jobs.output import Output, Written
from reverie.jobs.provenance.note import of_picture
from reverie.jobs.rerun import RerunJob
from reverie.media.picture import read_provenance

QUICK = {"steps": (2,), "octaves": 2, "threads": 1}


@pytest.fixture
def photo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small photograph, in the current folder."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "me.png"
    reverie.Picture(np.random.default_rng(0).random((60, 80, 3), np.float32)).save(path)
    return path


def rerun(name: str) -> bytes:
    RerunJob(result=name, output=Written(path=f"again-{name}")).run()
    return Path(f"again-{name}").read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("depth", [8, 16])
def test_it_is_made_again_to_the_same_bytes(photo: Path, depth: int) -> None:
    recipe = reverie.preset("reverie", seed=4, **QUICK)
    reverie.render(recipe, reverie.load_picture(photo)).save("a.png", depth=depth)
    note = of_picture("a.png")
    assert (note.recipe, note.output.depth, note.unrepeatable) == (recipe, depth, None)
    assert note.source is not None
    assert note.source.name == "me.png"
    assert rerun("a.png") == Path("a.png").read_bytes()


@pytest.mark.slow
def test_it_is_what_the_command_makes(photo: Path) -> None:
    recipe = reverie.preset("reverie", **QUICK)
    reverie.render(recipe, reverie.load_picture(photo)).save("a.png")
    DreamJob(recipe=recipe, photo=str(photo), output=Output(path="b.png")).run()
    assert Path("a.png").read_bytes() == Path("b.png").read_bytes()


@pytest.mark.slow
def test_masks_guides_and_portraits_too(photo: Path, tmp_path: Path) -> None:
    (tmp_path / "masks").mkdir()
    reverie.Picture(np.ones((60, 80, 3), np.float32)).save("masks/m.png")
    recipe = reverie.preset("reverie", objective=['block3b@mask("masks/m.png")'], **QUICK)
    reverie.render(recipe, reverie.load_picture(photo)).save("a.png")
    assert [file.name for file in of_picture("a.png").files] == ["m.png"]
    (tmp_path / "masks" / "m.png").rename("m.png")
    assert rerun("a.png") == Path("a.png").read_bytes()
    portrait = reverie.preset("sketch", objective=['channel("block3b", 4)'], size=(64, 64), steps=(2,))
    reverie.render(portrait).save("p.png")
    assert rerun("p.png") == Path("p.png").read_bytes()


def test_what_was_changed_since_carries_no_recipe(photo: Path) -> None:
    made = reverie.render(reverie.preset("reverie", **QUICK), reverie.load_picture(photo))
    made.resized((40, 30)).save("small.png")
    replace(made, pixels=made.pixels * np.float32(0.5)).save("dark.png")
    made.save("bare.png", metadata=False)
    made.pixels[3, 4, 0] = 1 - made.pixels[3, 4, 0]
    made.save("spot.png")
    for name in ("small.png", "dark.png", "bare.png", "spot.png"):
        assert read_provenance(name) is None, name


@pytest.mark.parametrize("how", ["array", "resized", "in place"])
def test_a_photograph_that_was_changed_first_is_said(photo: Path, how: str) -> None:
    picture = reverie.load_picture(photo)
    if how == "in place":
        picture.pixels[:9] = 0
    given = torch.rand(3, 60, 80) if how == "array" else picture
    given = picture.resized((60, 40)) if how == "resized" else given
    reverie.render(reverie.preset("reverie", **QUICK), given).save("a.png")
    with pytest.raises(UsageError, match=r"began with a picture that a program made.*--recipe a\.png"):
        rerun("a.png")
    assert of_picture("a.png").recipe.steps == (2,)


def test_a_network_that_a_program_made_is_said(photo: Path) -> None:
    net = reverie.wrap_net(torch.nn.Conv2d(3, 4, 3), mean=0.5, std=0.25)
    recipe = reverie.preset("reverie", objective=["output"], **QUICK)
    reverie.render(recipe, reverie.load_picture(photo), net=net).save("a.png")
    with pytest.raises(UsageError, match="its network was made by a program"):
        rerun("a.png")
    note = of_picture("a.png")
    assert (note.network.name, note.network.files, note.recipe.network) == ("Conv2d", (), "Conv2d")


@pytest.mark.slow
def test_a_network_that_was_loaded_is_loaded_again(photo: Path) -> None:
    net = reverie.load_net("lite0#mean=0.4")
    reverie.render(reverie.preset("reverie", **QUICK), reverie.load_picture(photo), net=net).save("a.png")
    assert of_picture("a.png").network.name == "lite0#mean=0.4"
    assert rerun("a.png") == Path("a.png").read_bytes()


def test_a_function_in_the_objective_is_said(photo: Path) -> None:
    goal = reverie.objective.function(lambda maps: maps["block3b"].square().mean(), layers="block3b")
    recipe = reverie.preset("reverie", objective=[goal], **QUICK)
    reverie.render(recipe, reverie.load_picture(photo)).save("a.png")
    with pytest.raises(UsageError, match="Python code, which no file holds"):
        rerun("a.png")
