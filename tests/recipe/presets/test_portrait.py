"""Presets of portraits: each runs, and does what its paper says."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from reverie import objective as ob
from reverie.api.dreams import begin, dream
from reverie.ascent.session import Session
from reverie.network.zoo import load_net
from reverie.portrait.state import PortraitState
from reverie.portrait.targets import of_unit, with_objective
from reverie.recipe.presets.portrait import PORTRAITS
from reverie.recipe.presets.preset import preset
from reverie.recipe.recipe import Recipe
from support.slow import mostly_slow


def small(name: str, **changes: object) -> Recipe:
    """A preset at a size and number of steps for tests."""
    return preset(name, **{"size": (64, 48), "steps": (2,), "objective": ("block3b:5",), **changes})


def last_of(recipe: Recipe) -> PortraitState:
    session = Session(recipe)
    state = begin(recipe, None, session)
    assert isinstance(state, PortraitState)
    for _ in dream(recipe, session=session, state=state):
        pass
    return state


@mostly_slow("name", [n for n in PORTRAITS if not n.startswith("inversion")], quick=2)
def test_every_preset_runs(name: str) -> None:
    views = {"views": 2} if (PORTRAITS[name]["portrait"].get("views") or 1) > 2 else {}
    recipe = small(name, portrait=views)
    state = last_of(recipe)
    picture = state.finished(recipe)
    assert picture.size == (64, 48)
    assert picture.pixels.std() > 1e-4
    assert state.moved() > 0
    assert preset(name).preset == name


def test_erhan_holds_the_norm() -> None:
    recipe = small("erhan2009", steps=(5,), portrait={"norm": 9.0})
    session = Session(recipe)
    for frame in dream(recipe, session=session):
        assert isinstance(frame.state, PortraitState)
        x = frame.state.canvas.picture().detach().double() - 0.5
        assert float(x.norm()) == pytest.approx(9.0, rel=1e-4)


def test_simonyan_starts_from_zero_and_pays_for_length() -> None:
    recipe = small("simonyan2013")
    state = begin(recipe, None, Session(recipe))
    assert isinstance(state, PortraitState)
    assert torch.equal(state.canvas.picture(), torch.full((1, 3, 48, 64), 0.5))
    assert any("l2" in text for text in recipe.portrait.priors)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("name", "kind"), [("yosinski2015-1", "small_norm"), ("yosinski2015-4", "small_contribution")]
)
def test_yosinski_zeroes_its_percentile(name: str, kind: str) -> None:
    recipe = small(name, size=(96, 96), steps=(3,), portrait={"blur": ((0.0, 0.0),)})
    percentile = getattr(recipe.portrait, kind)
    picture = last_of(recipe).canvas.picture().detach()
    zeroed = 100 * float((picture == 0.5).all(1).float().mean())
    assert abs(zeroed - percentile) <= 2


@pytest.mark.slow
def test_units_are_climbed_as_the_preset_climbs_them() -> None:
    net = load_net("lite0")
    assert of_unit(ob.logit("tabby"), "lucid2017", net) == 'class("tabby")'
    assert 'logprob("tabby")' in of_unit(ob.logit("tabby"), "portrait", net)
    assert of_unit(ob.channel("block5c", 17), "sketch", net) == "block5c:17 + 0.5*peak(block5c, 17)"
    assert of_unit(ob.channel("block5c", 17), "lucid2017", net) == "block5c:17"
    for other in (ob.channel("block3b", 1), 2.0 * ob.logit("tabby"), ob.logit("tabby") + ob.tv()):
        assert of_unit(other, "portrait", net) == str(other)


@pytest.mark.slow
def test_a_portrait_written_before_windows_is_the_preset_filled() -> None:
    document = preset("filled", size=(64, 64), steps=(2,), objective=("block5c:17",)).model_dump(mode="json")
    document["preset"] = "portrait"
    for name in ("window", "colour_falloff"):
        del document["portrait"][name]
    old = Recipe(**document)
    assert old.portrait == preset("filled").portrait
    assert old.portrait != preset("portrait").portrait
    made = last_of(old).finished(old)
    filled = old.but(preset="filled")
    assert (made.pixels == last_of(filled).finished(filled).pixels).all()


def test_a_class_is_one_thing_and_what_is_of_no_class_fills_the_picture() -> None:
    net, own = load_net("lite0"), small("portrait", portrait={"views": 2})
    thing = with_objective(own, ob.logit("tabby"), net)
    pattern = with_objective(own, ob.channel("block3b", 5), net)
    assert (thing.preset, thing.portrait) == ("portrait", own.portrait)
    assert pattern == small("filled", portrait={"views": 2})
    wide = small("portrait", portrait={"window": 0.3})
    assert with_objective(wide, ob.channel("block3b", 5), net) == wide
    quick = small("sketch")
    assert with_objective(quick, ob.channel("block3b", 5), net) == quick


@pytest.mark.slow
def test_a_portrait_keeps_its_detail_in_the_middle() -> None:
    def calm(name: str) -> float:
        """How much finer detail the corners have than the middle."""
        recipe = preset(name, size=(96, 96), steps=(12, 6), objective=("block4b:5",), portrait={"views": 2})
        fine = np.abs(np.diff(last_of(recipe).finished(recipe).pixels.mean(-1), axis=0))
        corners = [fine[:16, :16], fine[:16, -16:], fine[-16:, :16], fine[-16:, -16:]]
        return float(np.mean(corners) / fine[32:64, 32:64].mean())

    assert calm("portrait") < 0.5 < calm("filled")


def test_portraits_of_small_networks_climb_steps_of_one_length():
    small = preset("small")
    assert (small.size, small.steps, small.normalise) == ((160, 160), (100,), "std")
    assert small.portrait is not None
    assert (small.portrait.canvas, small.portrait.optimiser, small.portrait.grey) == ("pixels", "ascent", 0.7)
    assert small.portrait.priors == ()
