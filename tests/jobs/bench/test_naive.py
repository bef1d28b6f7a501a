"""The loop as tutorials write it."""

from __future__ import annotations

import pytest
import torch
from benchmarks.tools import networks as tools_networks
from benchmarks.tools.reference import activations

from reverie.errors import UsageError
from reverie.jobs.bench.bench import cosine
from reverie.jobs.bench.naive import naive_network, naive_step
from reverie.network.wrap import wrap_net
from reverie.network.zoo import load_net
from support.twins import photo, twin_network


@pytest.mark.slow
@pytest.mark.parametrize("layer", ["stem", "block3a", "block5c", "head", "logits"])
def test_the_naive_loop_is_the_published_network(layer):
    net = load_net("lite0")
    picture = photo("chelsea", 70, 97)
    module, target = naive_network(net, layer)
    assert any(isinstance(part, torch.nn.BatchNorm2d) for part in module.modules())
    gradient = naive_step(net, layer, picture)()
    assert all(p.requires_grad for p in target.parameters())  # gradients at the weights are part of it

    twin = twin_network().double()
    leaf = picture.double().requires_grad_(True)
    found = twin_layers(twin, leaf)[layer]
    (right,) = torch.autograd.grad(found.square().mean(), leaf)
    assert cosine(gradient.numpy(), right.numpy()) > 0.9999


def twin_layers(module, leaf):
    """Every layer of another author's network by our names, of a picture in [0, 1]."""
    return activations(module, tools_networks.normalised(leaf, "lite0"))


@pytest.mark.slow
def test_the_naive_loop_of_a_network_of_ones_own():
    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.Conv2d(4, 5, 3))
    picture = torch.rand(1, 3, 16, 16)
    gradient = naive_step(wrap_net(module, mean=0.5, std=0.25), "1", picture)()
    leaf = picture.clone().requires_grad_(True)
    module[:2]((leaf - 0.5) / 0.25).square().mean().backward()
    torch.testing.assert_close(gradient, leaf.grad)


def test_layers_that_exist_in_reverie_alone_are_refused():
    with pytest.raises(UsageError, match="logits"):
        naive_network(load_net("lite0"), "logit_map")
