"""The embedded architectures with weights that have learnt nothing."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from reverie.api.dreams import render
from reverie.errors import ReverieWarning
from reverie.network.zoo import load_net
from reverie.recipe.presets.preset import preset

NAME = "lite0#weights=random"


@pytest.fixture(scope="module")
def untrained():
    with pytest.warns(ReverieWarning, match="it has learnt nothing"):
        return load_net(NAME)


def test_a_seed_makes_the_weights(untrained) -> None:
    with pytest.warns(ReverieWarning, match="seed 7"):
        other = load_net(f"{NAME}:7")
    with pytest.warns(ReverieWarning):
        again = load_net(NAME)
    assert untrained.name == NAME
    assert untrained.weights_sha256 == again.weights_sha256
    assert len({untrained.weights_sha256, other.weights_sha256, load_net("lite0").weights_sha256}) == 3


def test_signals_stay_as_loud_from_layer_to_layer(untrained) -> None:
    picture = torch.rand(1, 3, 96, 128, generator=torch.Generator().manual_seed(1))
    layers = ["stem", "block2b", "block4c", "block6d", "head"]
    found = untrained(picture, layers)
    loud = [float(found[name].square().mean().sqrt()) for name in layers]
    assert min(loud) > 0.05
    assert max(loud) < 6


def test_it_dreams_and_the_trained_one_dreams_otherwise(untrained) -> None:
    recipe = preset("classic", octaves=1, steps=(4,), threads=1, objective=("block3b",))
    photo = torch.rand(3, 64, 96, generator=torch.Generator().manual_seed(2))
    one, other = (render(recipe, photo, net=net).pixels for net in (untrained, load_net("lite0")))
    assert one.shape == other.shape
    assert np.abs(one - other).mean() > 0.01
