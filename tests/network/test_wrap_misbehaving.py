"""Modules that misbehave: each dreams, or ends in one clear error; nothing of torch's comes out raw."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from reverie.api import render
from reverie.ascent.session import Session
from reverie.errors import NetworkError, UsageError
from reverie.media.picture import Picture
from reverie.network.wrap import wrap_net
from reverie.recipe.presets.preset import preset


def convolutions() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 8, 3, 2, 1), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 5),
    )  # fmt: skip


class Around(nn.Module):
    """A function around some convolutions ``b``."""

    def __init__(self, run: Callable[[nn.Module, Tensor], Any]) -> None:
        super().__init__()
        self.b, self.run = convolutions()[:4], run

    def forward(self, x: Tensor) -> Any:
        return self.run(self.b, x)


class Broken(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x * 2

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        raise ValueError("no way back")


def no_grad(b: nn.Module, x: Tensor) -> Tensor:
    with torch.no_grad():
        found: Tensor = b(x)
    return found


def inference(b: nn.Module, x: Tensor) -> Tensor:
    with torch.inference_mode():
        found: Tensor = b(x)
    return found


def patches(b: nn.Module, x: Tensor) -> Any:
    assert x.shape[2] % 14 == 0, "height is not a multiple of 14"
    return b(x)


def fails(b: nn.Module, x: Tensor) -> Any:
    raise KeyError("weights")


def dreamt(module: nn.Module, layer: str, **how: Any) -> Picture:
    recipe = preset("classic", objective=[f'mean("{layer}")'], steps=[2], octaves=2)
    photo = Picture(torch.rand(65, 97, 3, generator=torch.Generator().manual_seed(1)).numpy())
    made = render(recipe, photo, session=Session(recipe, net=wrap_net(module, **how)))
    assert (made.pixels != photo.pixels).any()
    return made


@pytest.mark.parametrize(
    ("run", "layer", "said"),
    [
        (no_grad, "b.2", "no gradient"),
        (inference, "b.2", "no gradient"),
        (lambda b, x: b(x.detach()), "b.2", "no gradient"),
        (lambda b, x: Broken.apply(b(x)), "output", "no way back"),
        (patches, "b.2", "multiple of 14.*input_size"),
        (fails, "output", "fails on|weights"),
        (lambda b, x: b(x).mean(), "output", r"shape \(\)"),
        (lambda b, x: b(x)[:, None], "output", "a tensor of shape"),
        (lambda b, x: b(x).argmax(1), "output", "no tensor"),
        (lambda b, x: b(x).to(torch.complex64), "output", "no tensor"),
        (lambda b, x: None, "output", "no tensor"),
    ],
)
def test_what_does_not_dream_says_why(run: Callable[..., Any], layer: str, said: str) -> None:
    with pytest.raises((NetworkError, UsageError), match=said) as caught:
        dreamt(Around(run), layer)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "run", [lambda b, x: b(x).mean((1, 2, 3)), lambda b, x: {"a": [b(x)]}, lambda b, x: b(x).flatten(2)]
)
def test_odd_outputs_dream(run: Callable[..., Any]) -> None:
    dreamt(Around(run), "output")


def test_a_size_that_is_given_is_kept_to() -> None:
    dreamt(Around(patches), "b.2", input_size=70)


def test_a_lazy_module_is_run_first() -> None:
    with pytest.raises(UsageError, match="run it once"):
        wrap_net(nn.Sequential(nn.LazyConv2d(8, 3), nn.ReLU()))


@pytest.mark.slow
def test_a_compiled_module_has_its_own_layers() -> None:
    net = wrap_net(torch.compile(convolutions(), backend="eager"))  # type: ignore[arg-type]
    assert {"0", "2", "6", "output"} <= set(net.layers)


@pytest.mark.parametrize("layer", ["2", "output"])
def test_what_lies_around_a_scripted_part_dreams(layer: str) -> None:
    module = convolutions()
    module[0] = torch.jit.script(module[0])
    dreamt(module, layer)
