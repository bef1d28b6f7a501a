"""The small network: maps of any size, logits of the whole, and the two agree where they must."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import reverie
from reverie.ascent.session import Session
from reverie.network.class_names import class_names
from reverie.network.positional import Positional, PositionalPlan, positional_network

PLAN = PositionalPlan(side=16, widths=(4, 6, 5), classes=3)


@pytest.fixture(scope="module")
def net():
    torch.manual_seed(0)
    state = Positional(PLAN).state_dict()
    return positional_network("small", PLAN, state, class_names(["a", "b", "c"]), scale=(0.5, 0.25))


def test_it_is_a_flattened_classifier_at_its_own_side(net):
    """Against the textbook: convolutions, flatten, one matrix."""
    x = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    y = (x - 0.5) / 0.25
    for stage in net.module.stages.values():
        y = F.relu(stage(y))
    weight = net.module.classify.weight.flatten(1)
    expected = y.flatten(1) @ weight.T + net.module.classify.bias
    assert torch.allclose(net.forward(x, "logits")["logits"], expected, atol=1e-5)


def test_the_logit_map_has_the_logits_of_each_window(net):
    x = torch.rand(1, 3, 40, 56, generator=torch.Generator().manual_seed(2))
    found = net.forward(x, ["logit_map", "conv3"])
    assert found["logit_map"].shape == (1, 3, 10, 14)
    maps = found["conv3"]
    kernel, half = net.module.classify, (PLAN.window - 1) // 2
    for row, column in ((1, 1), (4, 7), (7, 11)):
        part = maps[:, :, row - half : row - half + 4, column - half : column - half + 4]
        assert torch.allclose(kernel(part)[0, :, 0, 0], found["logit_map"][0, :, row, column], atol=1e-5)
    alone = net.forward(x[..., :16, :16], ["logits", "logit_map"])
    assert torch.allclose(alone["logits"][0], alone["logit_map"][0, :, half, half], atol=1e-5)


def test_logits_are_of_the_whole_picture(net):
    x = torch.rand(1, 3, 48, 80, generator=torch.Generator().manual_seed(3))
    small = F.interpolate(x, (16, 16), mode="bilinear", antialias=True)
    assert torch.allclose(
        net.forward(x, "logits")["logits"], net.forward(small, "logits")["logits"], atol=1e-4
    )


def test_layers_say_how_far_they_see(net):
    assert [(n, layer.channels, layer.stride, layer.receptive_field) for n, layer in net.layers.items()] == [
        ("conv1", 4, 2, 5),
        ("conv2", 6, 4, 9),
        ("conv3", 5, 4, 17),
        ("logits", 3, None, None),
        ("logit_map", 3, 4, 29),
    ]
    x = torch.rand(1, 3, 64, 64, requires_grad=True)
    for name, field in (("conv3", 17), ("logit_map", 29)):
        (slope,) = torch.autograd.grad(net.forward(x, name)[name][0, :, 8, 8].sum(), x)
        rows = slope.abs().sum((0, 1, 3)).nonzero()
        assert rows.max() - rows.min() + 1 <= field


@pytest.mark.parametrize("layers", [("conv3",), ("logits",), ("logit_map",), ("logits", "conv2")])
@pytest.mark.parametrize("size", [(16, 16), (40, 56)])
def test_the_engine_that_runs_has_the_gradient_of_float64(net, layers, size):
    recipe = reverie.preset("small", objective=['class("a")'])
    engine = Session(recipe, net=net).engine
    assert engine.name == "torch"
    x = torch.rand(1, 3, *size, generator=torch.Generator().manual_seed(4))
    found = engine.forward(x, layers)
    slope = engine.backward({name: torch.ones_like(a) for name, a in found.items()})
    exact, leaf = net.to(dtype=torch.float64), x.double().requires_grad_()
    (true,) = torch.autograd.grad(sum(a.sum() for a in exact.forward(leaf, layers).values()), leaf)
    cosine = F.cosine_similarity(slope.flatten().double(), true.flatten(), dim=0)
    assert float(cosine) > 0.9999
    assert engine.note == ""


def test_tiles_make_the_same_dream(net):
    photo = np.random.default_rng(0).random((96, 80, 3), np.float32)
    made = []
    for halo in ("full", "auto"):
        recipe = reverie.preset("classic", objective=["conv3"], steps=(3,), octaves=1, halo=halo)
        made.append(reverie.render(recipe, reverie.Picture(photo), session=Session(recipe, net=net)).pixels)
    assert np.abs(made[0] - made[1]).max() < 1e-3
