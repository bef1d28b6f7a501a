"""Average pooling of the torch engine, by itself and behind the convolution it stood before."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from reverie.engine.engine import AutogradEngine
from reverie.engine.torch.engine import TorchEngine
from reverie.engine.torch.kernels.mean_pool import PreparedBox
from reverie.engine.torch.plan.prepared import PreparedConv
from reverie.engine.torch.plan.steps import ConvStep, PlanStep, PointwiseStep
from reverie.network.wrap import wrap_net
from support.convolutions import RELUS, SETS, last, off, random, slopes_of

pytestmark = pytest.mark.usefixtures("large_enough")
WAYS = [None, *SETS]


@pytest.mark.slow
@given(
    isa=st.sampled_from(WAYS),
    kernel=st.tuples(st.sampled_from([1, 3, 5]), st.sampled_from([1, 3, 7])),
    shape=st.tuples(st.integers(1, 2), st.integers(1, 40), st.integers(1, 15), st.integers(1, 15)),
    activation=st.sampled_from(sorted(RELUS)),
    biased=st.booleans(),
    summed=st.booleans(),
    pending=st.booleans(),
    threads=st.integers(1, 3),
)
@settings(max_examples=100, deadline=None)
def test_it_is_torchs_mean(
    isa: Any,
    kernel: tuple[int, int],
    shape: tuple[int, int, int, int],
    activation: str,
    biased: bool,
    summed: bool,
    pending: bool,
    threads: int,
) -> None:
    torch.set_num_threads(threads)
    act, function = RELUS[activation]
    x = random(1, *shape).requires_grad_(True)
    bias, other, more = random(2, shape[1]), random(3, *shape), random(4, *shape)
    before = F.avg_pool2d(x, kernel, 1, (kernel[0] // 2, kernel[1] // 2))
    if biased:
        before = before + bias.view(-1, 1, 1)
    if summed:
        before = before + other
    box = PreparedBox(kernel, x.shape, bias=bias.float() if biased else None, activation=act, isa=isa)
    y, gate = box.forward(last(x.detach()), last(other) if summed else None)
    torch.testing.assert_close(y.double(), function(before).detach(), rtol=1e-5, atol=1e-5)
    assert (gate is not None) == box.gates == (isa is not None and act is not None)
    gradient = random(5, *shape)
    through = gradient * slopes_of(act, y)
    (slope,) = torch.autograd.grad(before, x, through)
    found = box.backward(last(through if gate is None else gradient), last(more) if pending else None, gate)
    torch.testing.assert_close(found.double(), slope + more if pending else slope, rtol=1e-5, atol=1e-5)


class Pooled(nn.Module):
    """A mean before a convolution of 1 x 1 beside others of the same map."""

    def __init__(self, wide: int = 16, first: bool = False) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.stem = nn.Conv2d(3, 48, 3, 2)
        self.mean = nn.AvgPool2d(3, 1, 1)
        self.behind = nn.Conv2d(48, wide, 1, bias=False)
        self.norm = nn.BatchNorm2d(wide)
        self.a, self.b = nn.Conv2d(48, 24, 1), nn.Conv2d(48, 20, 1)
        self.last = nn.Conv2d(wide + 44, 32, 3, padding=1)
        self.first = first

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x).relu()
        pooled = self._pooled(x) if self.first else None
        a, b = self.a(x).relu(), self.b(x).relu()
        return self.last(torch.cat([a, b, self._pooled(x) if pooled is None else pooled], 1))

    def _pooled(self, x: Tensor) -> Tensor:
        return self.norm(self.behind(self.mean(x))).relu()


def steps_of(engine: TorchEngine) -> list[PlanStep]:
    (plan,) = engine._plans.values()
    return plan.steps


def boxes(steps: list[PlanStep]) -> list[int]:
    """Channels that are averaged."""
    return [
        step.conv.shape[1]
        for step in steps
        if isinstance(step, ConvStep) and isinstance(step.conv, PreparedBox)
    ]


def agrees(net: Any, engine: TorchEngine, layers: list[str], least: float = 0.99999) -> None:
    plain = AutogradEngine(net.to(dtype=torch.float64))
    x = torch.rand(2, 3, 41, 52, generator=torch.Generator().manual_seed(1))
    expected = plain.forward(x.double(), layers)
    found = engine.forward(x, layers)
    assert engine.note == ""
    seeds = {name: random(7, *a.shape) for name, a in expected.items()}
    for name, activation in expected.items():
        assert off(found[name], activation) < 1 - least
    a, b = engine.backward({k: s.float() for k, s in seeds.items()}).double(), plain.backward(seeds)
    assert float((a * b).sum() / (a.norm() * b.norm())) > least


@pytest.mark.parametrize("isa", ["none", *(isa.name.lower() for isa in SETS)])
@pytest.mark.parametrize("first", [False, True])
def test_fewer_channels_are_averaged_behind_the_convolution(isa: str, first: bool) -> None:
    net = wrap_net(Pooled(first=first).eval())
    engine = TorchEngine(net, isa=isa, precision="fp32")
    agrees(net, engine, ["a", "norm", "output"])
    steps = steps_of(engine)
    assert boxes(steps) == [16]
    if isa != "none":  # all three that read the map are one
        assert [len(step.writes) for step in steps if isinstance(step, PointwiseStep)] == [3]
    else:
        assert sum(isinstance(step, ConvStep) and isinstance(step.conv, PreparedConv) for step in steps) == 5


@pytest.mark.parametrize("isa", ["none", *(isa.name.lower() for isa in SETS)])
@pytest.mark.parametrize(
    ("wide", "layers"), [(48, ["output"]), (64, ["output"]), (16, ["mean", "output"])], ids=str
)
def test_the_order_stays_where_nothing_is_won_or_the_mean_is_asked_for(
    isa: str, wide: int, layers: list[str]
) -> None:
    net = wrap_net(Pooled(wide).eval())
    engine = TorchEngine(net, isa=isa, precision="fp32")
    agrees(net, engine, layers)
    assert boxes(steps_of(engine)) == [48]


@pytest.mark.parametrize("layer", ["behind", "norm"])
def test_what_is_between_may_be_asked_for(layer: str) -> None:
    net = wrap_net(Pooled().eval())
    engine = TorchEngine(net, precision="fp32")
    agrees(net, engine, [layer])
    assert boxes(steps_of(engine)) == [16]


def test_short_numbers_too() -> None:
    net = wrap_net(Pooled().eval())
    agrees(net, TorchEngine(net, isa="none", precision="bf16"), ["output"], 0.98)
