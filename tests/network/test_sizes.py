"""Which sizes a module takes, and how other pictures are shown to it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from reverie.api.dreams import render
from reverie.ascent.session import Session
from reverie.network.network import Network
from reverie.network.sizes import Sizes, Windows, covering, find_sizes, padded
from reverie.network.wrap import wrap_net
from reverie.recipe.presets.preset import preset
from support import twins
from support.misbehaving import Positions, UNet


@pytest.mark.parametrize("multiple", [1, 2, 4, 7, 8, 14, 16, 28, 32])
@pytest.mark.parametrize("side", [64, 128, 224])
def test_multiples_are_found(multiple: int, side: int) -> None:
    tried: list[tuple[int, int]] = []

    def takes(height: int, width: int) -> bool:
        tried.append((height, width))
        return height % multiple == width % multiple == 0 and min(height, width) >= side

    side = -(-side // multiple) * multiple
    assert find_sizes(takes, side) == Sizes(multiple)
    assert len(tried) <= 10


def test_one_size_is_found() -> None:
    assert find_sizes(lambda height, width: (height, width) == (224, 224), 224) == Sizes(only=(224, 224))
    assert find_sizes(lambda height, width: height == width, 64) == Sizes(only=(64, 64))


@pytest.mark.parametrize(("height", "width"), [(64, 64), (65, 97), (70, 33), (5, 3)])
def test_a_picture_is_continued_by_its_reflection(height: int, width: int) -> None:
    x = torch.rand(1, 2, height, width)
    mode = "reflect" if min(-height % 16 - height, -width % 16 - width) < 0 and height > 16 else "edge"
    there = np.pad(x[0].numpy(), ((0, 0), (0, -height % 16), (0, -width % 16)), mode=mode)
    np.testing.assert_array_equal(padded(x, 16)[0].numpy(), there)


def gradient(net: Network, x: Tensor, layer: str) -> tuple[float, Tensor]:
    x = x.clone().requires_grad_(True)
    score = net.forward(x, [layer])[layer].square().mean()
    (found,) = torch.autograd.grad(score, x)
    return float(score), found


@pytest.mark.parametrize("how", [{}, {"fit": "window"}, {"input_size": (48, 64), "fit": "window"}])
@pytest.mark.parametrize("multiple", [True, False])
def test_the_gradient_comes_back_through_all_of_it(how: dict[str, Any], multiple: bool) -> None:
    """Against finite differences in float64, at pixels in the middle and at the edges."""
    torch.manual_seed(0)
    side = how.get("input_size", (64, 64))
    module = UNet() if multiple else Positions(*side)
    net = wrap_net(module.double(), mean=0.5, std=0.25, **({} if multiple else how))
    assert net.layers
    x = torch.rand(1, 3, 70, 93, dtype=torch.float64)
    _, found = gradient(net, x, "output")
    for y, z in ((0, 0), (35, 40), (69, 92), (69, 0), (63, 91)):
        ends = []
        for sign in (1, -1):
            moved = x.clone()
            moved[0, 1, y, z] += sign * 1e-5
            ends.append(gradient(net, moved, "output")[0])
        assert (
            abs((ends[0] - ends[1]) / 2e-5 - float(found[0, 1, y, z]))
            < 1e-6 * float(found.abs().max()) + 1e-11
        )


def test_windows_cover_a_picture_and_lie_where_they_were_cut() -> None:
    x = torch.rand(2, 3, 100, 71)
    windows = Windows.over(100, 71, (40, 32))
    assert (windows.tops, windows.lefts) == ((0, 30, 60), (0, 20, 39))
    parts = windows.cut(x)
    assert parts.shape == (18, 3, 40, 32)
    assert torch.equal(parts[2 * 5 + 1], x[1, :, 30:70, 39:71])
    joined = windows.joined(parts)
    assert joined.shape == (2, 3, 120, 96)
    assert torch.equal(joined[1, :, 40:80, 64:], x[1, :, 30:70, 39:71])
    assert torch.allclose(windows.joined(parts.mean((2, 3)))[0], parts[::2].mean((0, 2, 3)))
    assert windows.joined(parts.flatten(2)).shape == (2, 27, 1280)


def test_a_picture_that_is_too_small_is_enlarged_to_the_window() -> None:
    assert covering(torch.rand(1, 3, 20, 90), (40, 32)).shape == (1, 3, 40, 180)
    x = torch.rand(1, 3, 50, 40)
    assert covering(x, (40, 32)) is x


class Looks(nn.Module):
    """Takes 48 x 48 only."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv = nn.Conv2d(3, 6, 5, 2, 2)
        self.head = nn.Linear(6 * 24 * 24, 4)

    def forward(self, x: Tensor) -> Any:
        return self.head(self.conv(x).relu().flatten(1))


@pytest.mark.parametrize("engine", ["plain", "torch"])
@pytest.mark.parametrize("how", [{"input_size": 48}, {"input_size": 48, "fit": "window"}])
@pytest.mark.parametrize("objective", ["conv", "class(2)"])
def test_dreams(engine: str, how: dict[str, Any], objective: str) -> None:
    net = wrap_net(Looks(), mean=0.5, std=0.25, **how)
    gentle = {
        "octaves": 1,
        "steps": (6,),
        "strength": None,
        "step_size": 0.004,
        "jitter": 4,
        "smoothing": "none",
    }
    recipe = preset("classic", objective=(objective,), engine=engine, **gentle)
    session = Session(recipe, net=net)
    photo = twins.photo("coffee", 60, 131)[0]
    made = render(recipe, photo, session=session)
    assert made.size == (131, 60)
    moved = np.abs(made.pixels - photo.permute(1, 2, 0).numpy())
    assert moved.min((0, 1)).shape == (3,)
    assert (moved.max(2) > 0).mean() > 0.95  # everywhere, edges included
    assert session.engine.note == ""


class OnePicture(Looks):
    """As exported for a batch of one."""

    def forward(self, x: Tensor) -> Any:
        return self.head(self.conv(x).relu().reshape(1, -1))


@pytest.mark.parametrize("engine", ["plain", "torch"])
def test_a_network_that_takes_one_picture_at_a_time(engine: str) -> None:
    alone, together = (wrap_net(kind(), input_size=48, fit="window") for kind in (OnePicture, Looks))
    x = torch.rand(2, 3, 60, 131, generator=torch.Generator().manual_seed(0))
    assert alone.layers.keys() == together.layers.keys()
    for names in (["conv"], ["output", "conv"]):
        found, expected = alone.forward(x, names), together.forward(x, names)
        for name in names:
            torch.testing.assert_close(found[name], expected[name])
    gentle = {
        "octaves": 1,
        "steps": (2,),
        "strength": None,
        "step_size": 0.004,
        "jitter": 4,
        "smoothing": "none",
    }
    recipe = preset("classic", objective=("class(2)",), engine=engine, **gentle)
    photo = twins.photo("coffee", 60, 131)[0]
    pictures = [render(recipe, photo, session=Session(recipe, net=net)).pixels for net in (alone, together)]
    np.testing.assert_allclose(*pictures, atol=2e-3)
