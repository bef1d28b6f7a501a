"""Modules that misbehave: each dreams, or ends in one clear error; nothing of torch's comes out raw."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from reverie.api.dreams import render
from reverie.ascent.session import Session
from reverie.errors import NetworkError, UsageError
from reverie.media.picture import Picture
from reverie.network.wrap import wrap_net
from reverie.recipe.presets.preset import preset
from support.misbehaving import MODULES, Around, convolutions, patches


def dreamt(module: nn.Module, layer: str, **how: Any) -> Picture:
    recipe = preset("classic", objective=[f'mean("{layer}")'], steps=[2], octaves=2)
    photo = Picture(torch.rand(65, 97, 3, generator=torch.Generator().manual_seed(1)).numpy())
    made = render(recipe, photo, session=Session(recipe, net=wrap_net(module, **how)))
    assert (made.pixels != photo.pixels).any()
    return made


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", MODULES)
def test_each_dreams_or_says_why_not(name: str) -> None:
    make, layer, said = MODULES[name]
    if not said:
        dreamt(make(), layer)
        return
    with pytest.raises((NetworkError, UsageError), match=said) as caught:
        dreamt(make(), layer)
    assert "\n" not in str(caught.value)


def test_there_are_enough_of_them() -> None:
    assert len(MODULES) > 60


def test_a_size_that_is_given_is_kept_to() -> None:
    dreamt(Around(patches), "b.2", input_size=70)


@pytest.mark.slow
def test_a_compiled_module_has_its_own_layers() -> None:
    net = wrap_net(torch.compile(convolutions(), backend="eager"))  # type: ignore[arg-type]
    assert {"0", "2", "logits"} <= set(net.layers)
    assert net.layer("6").name == net.layer("output").name == "logits"


@pytest.mark.parametrize("layer", ["2", "output"])
def test_what_lies_around_a_scripted_part_dreams(layer: str) -> None:
    module = convolutions()
    module[0] = torch.jit.script(module[0])
    dreamt(module, layer)
