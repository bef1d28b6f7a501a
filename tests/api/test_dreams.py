"""What is called most: settings as they come, a network at hand, a dream kept and gone on with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import reverie
from reverie import objective as ob
from reverie.errors import UsageError


@pytest.fixture(scope="module")
def net() -> reverie.Network:
    torch.manual_seed(0)
    return reverie.wrap_net(nn.Sequential(nn.Conv2d(3, 8, 5, 2, 2), nn.Tanh()), mean=0.5, std=0.25)


def test_one_of_something_needs_no_brackets() -> None:
    one = reverie.preset("classic", objective="block4b", steps=3, partners="lite1")
    assert one == reverie.preset("classic", objective=["block4b"], steps=[3], partners=["lite1"])
    assert reverie.preset("classic", objective=ob.layer("block4b") - 0.5 * ob.tv()).objective == (
        "block4b - 0.5*tv",
    )
    assert reverie.preset("classic", objective=[ob.tv(), "block4b"]).objective == ("tv", "block4b")
    with pytest.raises(UsageError, match="objective"):
        reverie.preset("classic", objective=3)
    with pytest.raises(UsageError, match="steps"):
        reverie.preset("classic", steps="many")


def test_a_network_at_hand_dreams(net: reverie.Network) -> None:
    recipe = reverie.preset("classic", objective=ob.layer("1"), steps=2, octaves=1)
    photo = torch.rand(3, 40, 48)
    dreamt = reverie.render(recipe, photo, net=net)
    session = reverie.Session(recipe, net=net)
    np.testing.assert_array_equal(dreamt.pixels, reverie.render(recipe, photo, session=session).pixels)
    *_, last = reverie.dream(recipe, photo, net=net)
    np.testing.assert_array_equal(last.picture.pixels, dreamt.pixels)
    zoomed = next(reverie.zoom(recipe.but(zoom={}, size=(48, 40)), photo, net=net))
    assert zoomed.picture.size == (48, 40)


def test_what_is_no_network_or_one_too_many_is_said(net: reverie.Network) -> None:
    recipe = reverie.preset("classic", objective=ob.layer("1"), steps=1, octaves=1)
    with pytest.raises(UsageError, match=r"is a Conv2d; give load_net.* or wrap_net"):
        reverie.render(recipe, torch.rand(3, 40, 40), net=nn.Conv2d(3, 4, 3))  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="give one of the two"):
        reverie.render(recipe, torch.rand(3, 40, 40), net=net, session=reverie.Session(recipe, net=net))


@pytest.mark.slow
def test_a_taste_is_another_composition_and_none_is_the_dream_as_it_was(photographs: Path) -> None:
    photo = reverie.load_picture(photographs / "chelsea.png")
    plain = reverie.preset("reverie", steps=6, seed=3)

    def changes(**how: float) -> list[np.ndarray]:
        dreams = [reverie.render(plain.but(seed=seed, **how), photo).pixels for seed in (0, 1)]
        return [(pixels - photo.pixels).ravel() for pixels in dreams]

    def alike(found: list[np.ndarray]) -> float:
        return float(np.corrcoef(*found)[0, 1])

    assert alike(changes(chance=2.0)) < alike(changes()) - 0.1
    np.testing.assert_array_equal(changes(chance=0.0)[1], changes()[1])
    with pytest.raises(UsageError, match="chance: is of plain dreams"):
        reverie.preset("portrait", chance=1.0)
