"""The gradient at the picture against finite differences and hand-made seeds, in float64."""

from __future__ import annotations

import warnings
from functools import cache

import pytest
import torch
from torch import Tensor, nn

from reverie import objective as ob
from reverie.engine.engine import AutogradEngine
from reverie.gradient.picture_gradient import picture_gradient
from reverie.network.network import Network
from reverie.network.wrap import wrap_net
from reverie.network.zoo import load_net
from reverie.process.notices import ReverieWarning
from reverie.scoring.bind import BoundObjective, bind
from support import twins
from support.slow import mostly_slow

MASK = torch.linspace(0, 1, 40).view(1, 1, 1, 40).expand(1, 3, 30, 40)


@cache
def lite64() -> Network:
    return load_net("lite0").to(dtype=torch.float64)


class Smooth(nn.Module):
    """A small network without kinks: every derivative exists everywhere."""

    def __init__(self, channels: int = 3) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, 6, 3, 2, 1)
        self.second = nn.Conv2d(6, 8, 3, 2, 1)
        self.scores = nn.Conv2d(8, 5, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.tanh(self.first(x))
        return self.scores(torch.tanh(self.second(x))).mean((2, 3))


@cache
def smooth64() -> Network:
    torch.manual_seed(3)
    return wrap_net(Smooth().double(), mean=0.5, std=0.25)


def opened(name: str) -> Tensor:
    """Pictures for guides and masks: the name says which."""
    return MASK if name == "mask.png" else twins.photo(name.split(".")[0], 70, 90)


def photograph(height: int = 64, width: int = 80) -> Tensor:
    """A photograph with a little noise, so that no two neighbours are equal."""
    rng = torch.Generator().manual_seed(1)
    noise = torch.randn(1, 3, height, width, generator=rng, dtype=torch.float64)
    return (twins.photo("chelsea", height, width).double() + 0.02 * noise).clamp(0.001, 0.999)


def goal_of(text: str, net: Network, balance: str = "none") -> BoundObjective:
    return bind(ob.parse(text), net, balance=balance, open_picture=opened)


def assert_is_the_slope(text: str, net: Network, picture: Tensor, *, step: float = 1e-6) -> None:
    """Central differences along three random directions and along the gradient itself, to 1e-5."""
    goal, engine = goal_of(text, net), AutogradEngine(net)
    score, gradient = picture_gradient(engine, goal, picture)
    assert score.shape == (1,)
    assert gradient.shape == picture.shape
    assert gradient.dtype == torch.float64
    assert float(gradient.norm()) > 0
    rng = torch.Generator().manual_seed(7)
    along = gradient / gradient.norm()
    ways = [along]
    for _ in range(3):
        way = torch.randn(picture.shape, generator=rng, dtype=torch.float64)
        ways.append(way / way.norm())
    for way in ways:
        ahead, _ = picture_gradient(engine, goal, picture + step * way)
        behind, _ = picture_gradient(engine, goal, picture - step * way)
        slope = float(ahead - behind) / (2 * step)
        # What rounding alone does to a difference of two scores is no fault of the gradient.
        rounding = 4e-16 * (abs(float(score)) + abs(float(ahead))) / step
        assert slope == pytest.approx(float((gradient * way).sum()), rel=1e-5, abs=rounding), text


LITE_TERMS = [
    "block2b",
    "block4b",
    "block5c",
    "layer(block3b, border=2)",
    "mean(block4c)",
    "block4b:17",
    "neuron(block3b, 5, x=0.2, y=0.9)",
    "direction(block4a, 3:1, 9:-0.5)",
    "direction(block4a, 3:1, 9:-0.5, cosine=2)",
    'class("golden retriever")',
    "class(207)",
    'class("tabby")@mask("mask.png")',
    'block4a@mask("mask.png")',
    'block4a@outside("mask.png")',
    'mean(block3a)@mask("mask.png")',
    'guide("coffee.png", block3b)',
    'guide("coffee.png", block3b, channels)',
    'guide("coffee.png", block3b)@mask("mask.png")',
    "block5c + 0.5*block4b:17 - 0.2*tv",
    "0.3*block3b - 2*block4a:3 - 0.5*l2",
    "-block4a",
    "tv",
    "l2",
    "-tv - 0.5*l2",
]


def test_a_picture_of_64_bits_in_a_network_of_32_is_warned_of() -> None:
    net, picture = load_net("lite0"), torch.rand(1, 3, 48, 48, dtype=torch.float64)
    with pytest.warns(ReverieWarning, match="64 bits"):
        picture_gradient(AutogradEngine(net), bind(ob.layer("block2b"), net), picture)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        picture_gradient(AutogradEngine(lite64()), bind(ob.layer("block2b"), lite64()), picture)


@mostly_slow("text", LITE_TERMS)
def test_agrees_with_finite_differences_on_lite0(text):
    assert_is_the_slope(text, lite64(), photograph())


TOY_TERMS = [
    "second",
    "layer(first, border=3)",
    "mean(second)",
    "second:4",
    "neuron(first, 2, x=1, y=0)",
    "direction(second, 0:1, 3:-2, cosine=1)",
    "class(3)",
    'second@mask("mask.png")',
    'first:1@outside("mask.png")',
    'guide("coffee.png", second)',
    'guide("coffee.png", first, channels)',
    "first - 0.7*second + 0.2*scores:1 - 0.1*l2",
]


@pytest.mark.parametrize("text", TOY_TERMS)
def test_agrees_with_finite_differences_on_a_smooth_network(text):
    assert_is_the_slope(text, smooth64(), photograph(37, 45), step=1e-5)


def test_mean_square_seeds_the_layer_with_its_activations():
    """Mordvintsev et al.: the gradient at the layer is the activations."""
    net, picture = lite64(), photograph()
    _, gradient = picture_gradient(AutogradEngine(net), goal_of("block4b", net), picture)
    leaf = picture.clone().requires_grad_(True)
    activation = net.forward(leaf, ["block4b"])["block4b"]
    (expected,) = torch.autograd.grad(activation, leaf, activation.detach())
    ratio = float((gradient * expected).sum() / expected.square().sum())
    assert ratio == pytest.approx(2 / activation.numel(), rel=1e-12)  # of a mean of squares
    torch.testing.assert_close(gradient, ratio * expected, rtol=0, atol=1e-12 * float(gradient.abs().max()))


def test_guide_channels_weigh_by_the_guides_sums():
    net, picture = smooth64(), photograph(37, 45)
    score, _ = picture_gradient(
        AutogradEngine(net), goal_of('guide("coffee.png", first, channels)', net), picture
    )
    sums = net.forward(opened("coffee.png").double(), ["first"])["first"][0].sum((1, 2))
    squares = net.forward(picture, ["first"])["first"][0].square().mean((1, 2))
    assert float(score) == pytest.approx(float((sums * squares).sum() / sums.abs().sum()), rel=1e-9)


def test_guide_match_seeds_each_position_with_its_best_column():
    net, picture = lite64(), photograph()
    _, gradient = picture_gradient(AutogradEngine(net), goal_of('guide("coffee.png", block3b)', net), picture)
    guide = net.forward(opened("coffee.png").double(), ["block3b"])["block3b"][0].flatten(1).numpy()
    leaf = picture.clone().requires_grad_(True)
    activation = net.forward(leaf, ["block3b"])["block3b"]
    here = activation.detach()[0].flatten(1).numpy()
    seed = torch.zeros_like(activation)
    for place, column in enumerate((here.T @ guide).argmax(1)):
        seed[0].view(seed.shape[1], -1)[:, place] = torch.from_numpy(guide[:, column])
    (expected,) = torch.autograd.grad(activation, leaf, seed / here.shape[1])
    torch.testing.assert_close(gradient, expected, rtol=1e-9, atol=1e-12 * float(expected.abs().max()))


class Listening(AutogradEngine):
    """An engine that remembers what was sent back."""

    def backward(self, seeds, *, last=True, out=None):
        self.seeds = dict(seeds)
        return super().backward(seeds, last=last)


def test_balanced_layers_have_seeds_of_unit_length():
    net, picture = lite64(), photograph()
    engine = Listening(net)
    picture_gradient(engine, goal_of("block3b + 0.25*block4b + block5c", net, "layers"), picture)
    lengths = {name: float(seed.norm()) for name, seed in engine.seeds.items()}
    assert lengths == pytest.approx({"block3b": 1.0, "block4b": 0.25, "block5c": 1.0}, rel=1e-10)
    picture_gradient(engine, goal_of("block3b + 0.25*block4b", net), picture)
    assert float(engine.seeds["block3b"].norm()) < 0.5  # without the balance they are far from it


@pytest.mark.slow
def test_balanced_terms_have_gradients_of_equal_size():
    net, picture = lite64(), photograph()
    texts = ["block3b", "block5c:4", "class(3)", "tv"]
    weights = [1.0, -0.5, 2.0, -0.2]
    objective = "block3b - 0.5*block5c:4 + 2*class(3) - 0.2*tv"
    _, gradient = picture_gradient(AutogradEngine(net), goal_of(objective, net, "terms"), picture)
    expected = torch.zeros_like(picture)
    sizes = []
    for text, weight in zip(texts, weights, strict=True):
        _, alone = picture_gradient(AutogradEngine(net), goal_of(text, net), picture)
        sizes.append(float(alone.square().mean().sqrt()))
        expected += weight * alone / sizes[-1]
    assert max(sizes) / min(sizes) > 5  # they differ before they are balanced
    torch.testing.assert_close(gradient, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("balance", ["layers", "terms"])
def test_one_term_alone_points_the_same_way_with_a_balance(balance):
    net, picture = lite64(), photograph()
    _, plain = picture_gradient(AutogradEngine(net), goal_of("block4b", net), picture)
    _, balanced = picture_gradient(AutogradEngine(net), goal_of("block4b", net, balance), picture)
    assert float((plain * balanced).sum() / plain.norm() / balanced.norm()) == pytest.approx(1, abs=1e-12)


@mostly_slow("balance", ["none", "layers", "terms"])
def test_items_of_a_batch_do_not_know_each_other(balance):
    net = lite64()
    goal = goal_of('block3b + 0.5*block4b:3@mask("mask.png") - 0.1*tv', net, balance)
    pictures = torch.cat([photograph(), photograph().flip(3) * 0.5])
    scores, gradients = picture_gradient(AutogradEngine(net), goal, pictures)
    for i in range(2):
        score, gradient = picture_gradient(AutogradEngine(net), goal, pictures[i : i + 1])
        assert float(scores[i]) == pytest.approx(float(score), rel=1e-10)
        torch.testing.assert_close(
            gradients[i : i + 1], gradient, rtol=1e-8, atol=1e-10 * float(gradient.abs().max())
        )


def test_the_network_is_left_as_it_was():
    net, picture = lite64(), photograph()
    before = [p.clone() for p in net.module.parameters()]
    picture_gradient(AutogradEngine(net), goal_of("block4b", net), picture)
    assert all(torch.equal(a, b) for a, b in zip(before, net.module.parameters(), strict=True))
    assert all(p.grad is None and not p.requires_grad for p in net.module.parameters())
    assert not picture.requires_grad
