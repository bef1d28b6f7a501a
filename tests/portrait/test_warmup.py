"""The warm-up of dead units: who gets a gradient, and that nobody else's changes."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reverie.engine.engine import AutogradEngine
from reverie.network.zoo import load_net
from reverie.portrait.warmup import redirected

RELUS = {
    "module": nn.ReLU(),
    "module in place": nn.ReLU(inplace=True),
    "function": torch.relu,
    "functional": F.relu,
    "method": lambda x: x.relu(),
    "clamp": lambda x: x.clamp(min=0),
    "clamp_min": lambda x: torch.clamp_min(x, 0.0),
}
RELU6S = {
    "module": nn.ReLU6(),
    "module in place": nn.ReLU6(inplace=True),
    "functional": F.relu6,
    "hardtanh": lambda x: F.hardtanh(x, 0.0, 6.0),
    "clamp": lambda x: x.clamp(0, 6),
    "clip": lambda x: torch.clip(x, 0.0, max=6.0),
}


def through(unit, x: Tensor, seed: Tensor, *, warm: bool) -> tuple[Tensor, Tensor]:
    leaf = x.clone().requires_grad_(True)
    if warm:
        with redirected():
            y = unit(leaf * 1)
            (slope,) = torch.autograd.grad(y, leaf, seed)
    else:
        y = unit(leaf * 1)
        (slope,) = torch.autograd.grad(y, leaf, seed)
    return y.detach(), slope


@pytest.mark.parametrize("unit", RELUS.values(), ids=list(RELUS))
def test_relu(unit):
    """Dead: only what pushes up goes through. Alive in one place: as ever, also for its dead places."""
    x = torch.tensor([[-1.0, -2.0], [3.0, -1.0], [-1.0, -1.0]])
    seed = torch.tensor([[1.5, -1.0], [1.0, 1.0], [0.0, 0.0]])
    y, slope = through(unit, x, seed, warm=True)
    assert torch.equal(y, x.clamp_min(0))
    assert slope.tolist() == [[1.5, 0.0], [1.0, 0.0], [0.0, 0.0]]
    _, cold = through(unit, x, seed, warm=False)
    assert cold.tolist() == [[0.0, 0.0], [1.0, 0.0], [0.0, 0.0]]


@pytest.mark.parametrize("unit", RELU6S.values(), ids=list(RELU6S))
def test_relu6(unit):
    """Above six, only what pushes down goes through."""
    x = torch.tensor([[7.0, 8.0], [-1.0, 9.0], [3.0, 7.0]])
    seed = torch.tensor([[-2.0, 3.0], [1.0, -1.0], [-1.0, -1.0]])
    y, slope = through(unit, x, seed, warm=True)
    assert torch.equal(y, x.clamp(0, 6))
    assert slope.tolist() == [[-2.0, 0.0], [1.0, -1.0], [-1.0, 0.0]]
    _, cold = through(unit, x, seed, warm=False)
    assert cold.tolist() == [[0.0, 0.0], [0.0, 0.0], [-1.0, 0.0]]


@pytest.mark.parametrize("unit", [lambda x: x.clamp(-1, 1), lambda x: x.clamp(max=0), torch.tanh, F.gelu])
def test_what_is_no_rectifier_is_left_alone(unit):
    x, seed = torch.tensor([[-2.0, 3.0], [0.5, -0.5]]), torch.ones(2, 2)
    for warm, cold in zip(through(unit, x, seed, warm=True), through(unit, x, seed, warm=False), strict=True):
        assert torch.equal(warm, cold)


def test_a_dead_unit_of_a_network_wakes_and_a_live_one_does_not_notice():
    """Items of one batch: for grey a unit of the head is dead, for noise it is not."""
    engine = AutogradEngine(load_net("lite0"))
    picture = torch.full((2, 3, 64, 64), 0.5)
    picture[1] = torch.rand(3, 64, 64, generator=torch.Generator().manual_seed(0))
    head = engine.forward(picture, ["head"])["head"]
    peaks = head.amax((2, 3))
    unit = int(((peaks[0] == 0) & (peaks[1] > 0)).nonzero()[0])
    seed = torch.zeros_like(head)
    seed[:, unit] = 1
    cold = engine.backward({"head": seed})
    assert not cold[0].any()
    with redirected():
        again = engine.forward(picture, ["head"])["head"]
        warm = engine.backward({"head": seed})
    assert torch.equal(head, again)
    assert warm[0].any()
    assert torch.equal(warm[1], cold[1])
    # Afterwards all is as it was.
    engine.forward(picture, ["head"])
    assert torch.equal(engine.backward({"head": seed}), cold)


@pytest.mark.slow
def test_it_gets_the_unit_going():
    """Plain ascent from grey stays where it is; with warm-up in the first steps the unit fires."""
    engine = AutogradEngine(load_net("lite0"))
    grey = torch.full((1, 3, 64, 64), 0.5)
    head = engine.forward(grey, ["head"])["head"]
    unit = int((head.amax((2, 3))[0] == 0).nonzero()[0])
    ends = []
    for warm_up in (0, 6):
        picture = grey.clone()
        for step in range(8):
            seed = torch.zeros_like(head)
            seed[:, unit] = 1
            if step < warm_up:
                with redirected():
                    engine.forward(picture, ["head"])
                    slope = engine.backward({"head": seed})
            else:
                engine.forward(picture, ["head"])
                slope = engine.backward({"head": seed})
            picture = (picture + 0.03 * slope / slope.std().clamp_min(1e-12)).clamp(0, 1)
        ends.append(float(engine.forward(picture, ["head"])["head"][0, unit].max()))
    assert ends[0] == 0
    assert ends[1] > 0
