"""Networks of other people dream through the Python API: any depth, channel count and kind of output."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import reverie
from reverie.network.network import Network
from support import twins
from support.networks import PatchTransformer
from support.slow import mostly_slow


class Toy(nn.Module):
    """Thirty layers with batch norms and in-place ReLUs."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.stem = nn.Conv2d(channels, 8, 3, 2, 1)
        parts: list[nn.Module] = []
        for index in range(9):
            parts += [nn.Conv2d(8, 8, 3, 2 if index == 4 else 1, 1), nn.BatchNorm2d(8), nn.ReLU(inplace=True)]
        self.body = nn.Sequential(*parts, nn.Dropout(0.5))
        self.head = nn.Linear(8, 5)
        for part in self.modules():
            if isinstance(part, nn.Conv2d):  # as loud at the end as at the beginning
                nn.init.kaiming_normal_(part.weight)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(self.stem(x)).mean((2, 3)))


def toy(channels: int) -> Toy:
    torch.manual_seed(channels)
    module = Toy(channels)
    assert sum(1 for m in module.modules() if not list(m.children())) == 30
    return module


def picture(channels: int, height: int = 60, width: int = 76) -> Tensor:
    photo = twins.photo("coffee", height, width)
    return torch.cat([photo, photo.flip(2), photo.flip(3)], 1)[0, :channels]


def dreamed(net: Network, objective: str, photo: Tensor, **settings) -> tuple[list[float], reverie.Picture]:
    """Scores step by step, and the result."""
    gentle = {"octaves": 1, "steps": (8,), "strength": None, "step_size": 0.004, "jitter": 0, "clip": "step"}
    gentle |= {"balance": "none", "smoothing": "none", "centre": False}  # the gradient is the score's own
    recipe = reverie.preset("classic", objective=(objective,), **{**gentle, **settings})
    session = reverie.Session(recipe, net=net)
    frames = list(reverie.dream(recipe, photo, session=session))
    return [f.score for f in frames], frames[-1].picture


@mostly_slow("channels", [1, 3, 5])
@pytest.mark.parametrize(
    "objective", ["body.20", "body.10:3", "class(2)", "mean(stem) - 0.1*l2", "direction(body.14, 1:1, 2:1)"]
)
def test_thirty_layers_and_any_channel_count(channels, objective):
    photo = picture(channels)
    net = reverie.wrap_net(toy(channels), mean=0.5, std=0.25, channels=channels)
    scores, result = dreamed(net, objective, photo)
    assert scores[-1] > scores[0] + 1e-4
    assert result.pixels.shape == (60, 76, channels)
    assert 0 <= result.pixels.min() < result.pixels.max() <= 1


@pytest.mark.parametrize("channels", [1, 5])
@pytest.mark.parametrize("start", ["noise", "clouds"])
def test_starts_have_the_networks_channels(channels, start):
    net = reverie.wrap_net(toy(channels), mean=0.5, std=0.25, channels=channels)
    recipe = reverie.preset("classic", objective=("body.20",), start=start, size=(64, 48), steps=(2,))
    result = reverie.render(recipe, session=reverie.Session(recipe, net=net))
    assert result.pixels.shape == (48, 64, channels)


def test_a_whole_default_dream_with_octaves_on_a_network_of_ones_own():
    net = reverie.wrap_net(toy(3), mean=0.5, std=0.25)
    recipe = reverie.preset("classic", objective=("body.20",), steps=(5,))
    photo = picture(3, 180, 200)
    session = reverie.Session(recipe, net=net)
    frames = list(reverie.dream(recipe, photo, session=session))
    assert frames[0].octaves > 1
    assert frames[-1].moved > 0.03


@mostly_slow(
    "objective",
    ["encoder.layers.1.linear1", "encoder.layers.2:7", "embed", "class(1)", "encoder.layers.1:3 - 0.01*tv"],
    quick=2,
)
def test_a_vision_transformer(objective):
    torch.manual_seed(0)
    net = reverie.wrap_net(PatchTransformer(), mean=0.5, std=0.5, input_size=(32, 48))
    scores, result = dreamed(net, objective, picture(3))
    assert scores[-1] > scores[0] + 1e-4
    assert result.size == (76, 60)


def test_their_own_hooks_survive_and_fire():
    module = toy(3)
    module.train()
    fired = {"before": 0, "after": 0, "backward": 0}

    def count(key: str):
        def hook(*_: object) -> None:
            fired[key] += 1

        return hook

    module.stem.register_forward_pre_hook(count("before"))
    module.body[4].register_forward_hook(count("after"))
    module.body[0].register_full_backward_hook(count("backward"))
    hooks = [
        (tuple(m._forward_pre_hooks), tuple(m._forward_hooks), tuple(m._backward_hooks))
        for m in module.modules()
    ]
    state = {k: v.clone() for k, v in module.state_dict().items()}
    net = reverie.wrap_net(module, mean=0.5, std=0.25)
    dreamed(net, "body.11", picture(3))
    assert fired["before"] >= 8
    assert fired["after"] >= 8
    assert fired["backward"] >= 8
    assert hooks == [
        (tuple(m._forward_pre_hooks), tuple(m._forward_hooks), tuple(m._backward_hooks))
        for m in module.modules()
    ]
    assert all(torch.equal(v, state[k]) for k, v in module.state_dict().items())
    assert module.training
    assert all(p.requires_grad and p.grad is None for p in module.parameters())
    before = dict(fired)
    module(torch.rand(2, 3, 32, 32)).sum().backward()
    assert all(fired[k] == before[k] + 1 for k in fired)


def test_a_hook_that_changes_a_layer_changes_the_dream():
    module = toy(3)
    net = reverie.wrap_net(module, mean=0.5, std=0.25)
    plain, _ = dreamed(net, "body.20", picture(3))
    module.body[2].register_forward_hook(lambda _, __, out: out * 3)
    changed, _ = dreamed(net, "body.20", picture(3))
    assert changed[0] > 1.5 * plain[0]
