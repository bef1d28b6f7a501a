"""Whole networks on the native library's kernels."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from reverie.engine.engine import AutogradEngine
from reverie.engine.torch.engine import TorchEngine
from reverie.engine.torch.plan.steps import CatStep, ConvStep, NativePoolStep, PointwiseStep
from reverie.native import Isa, Unavailable
from reverie.network.wrap import wrap_net
from support.convolutions import NATIVE, SETS, off, random

pytestmark = NATIVE


class Mixed(nn.Module):
    """All that the library takes: a strided first layer, branches of points, pools, a residual."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(4)
        self.first = nn.Conv2d(3, 32, 7, 2, 3)
        self.a, self.b, self.c = nn.Conv2d(32, 24, 1), nn.Conv2d(32, 16, 1), nn.Conv2d(32, 20, 1)
        self.five, self.seven = nn.Conv2d(16, 32, 5, padding=2), nn.Conv2d(24, 24, (1, 7), padding=(0, 3))
        self.same = nn.Conv2d(76, 76, 3, padding=1)
        self.wide = nn.Conv2d(76, 40, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(self.first(x).relu(), 3, 2, ceil_mode=True)
        a, b, c = self.a(x).relu(), self.b(x).relu(), self.c(F.max_pool2d(x, 3, 1, 1)).relu()
        x = torch.cat([self.seven(a).relu(), self.five(b).relu(), c], 1)
        return F.relu6(self.wide((self.same(x) + x).relu()))


@pytest.mark.parametrize("isa", SETS)
@pytest.mark.parametrize("size", [(64, 80), (61, 47)])
def test_a_whole_network_of_them(isa: Isa, size: tuple[int, int]) -> None:
    net = wrap_net(Mixed().eval())
    engine = TorchEngine(net, isa=isa.name.lower(), precision="fp32")
    plain = AutogradEngine(net.to(dtype=torch.float64))
    x = torch.rand(2, 3, *size, generator=torch.Generator().manual_seed(1))
    layers = ["c", "five", "output"]
    seeds = {k: random(7, *a.shape) / a.numel() for k, a in plain.forward(x.double(), layers).items()}
    expected = plain.backward(seeds)
    found = engine.forward(x, layers)
    gradient = engine.backward({k: s.float() for k, s in seeds.items()}, last=False)
    assert engine.note == ""
    assert engine.isa == isa.name.lower()
    again = engine.backward({k: s.float() for k, s in seeds.items()})
    assert torch.equal(gradient, again)
    a, b = gradient.double().flatten(), expected.flatten()
    assert float(a @ b / (a.norm() * b.norm())) > 0.9999
    for name, activation in plain.forward(x.double(), layers).items():
        assert off(found[name], activation) < 2e-5
    (plan,) = engine._plans.values()
    kinds = [type(step) for step in plan.steps]
    assert kinds.count(NativePoolStep) == 2
    assert sorted(len(step.writes) for step in plan.steps if isinstance(step, PointwiseStep)) == [1, 2]
    assert all(step.conv._dense is not None for step in plan.steps if isinstance(step, ConvStep))


def test_seeds_at_one_branch_only() -> None:
    net = wrap_net(Mixed().eval())
    # Left to itself it would go back in bf16 where the processor multiplies tiles.
    engine, plain = TorchEngine(net, isa=SETS[0].name.lower(), precision="fp32"), AutogradEngine(net)
    x = torch.rand(1, 3, 48, 48, generator=torch.Generator().manual_seed(2))
    for e in (engine, plain):
        e.forward(x, ["a", "b"])
    seed = {"b": torch.ones(1, 16, 12, 12)}
    assert off(engine.backward(seed), plain.backward(seed).double()) < 1e-4


@pytest.mark.parametrize("precision", ["fp32+bf16", "bf16"])
def test_maps_in_bf16_are_pooled_natively(precision: str) -> None:
    """Where oneDNN convolves in bf16, as with AMX, torch's own pooling would take as long as all the rest."""
    net = wrap_net(Mixed().eval())
    engine = TorchEngine(net, isa=Isa.AVX2.name.lower(), precision=precision)
    plain = AutogradEngine(net.to(dtype=torch.float64))
    x = torch.rand(2, 3, 61, 47, generator=torch.Generator().manual_seed(1))
    seeds = {k: random(7, *a.shape) / a.numel() for k, a in plain.forward(x.double(), ["output"]).items()}
    expected = plain.backward(seeds)
    engine.forward(x, ["output"])
    gradient = engine.backward({k: s.float() for k, s in seeds.items()})
    assert engine.note == ""
    (plan,) = engine._plans.values()
    assert [type(step) for step in plan.steps].count(NativePoolStep) == 2
    a, b = gradient.double().flatten(), expected.flatten()
    assert float(a @ b / (a.norm() * b.norm())) > (0.999 if precision == "fp32+bf16" else 0.97)


def test_none_means_torch_alone() -> None:
    engine = TorchEngine(wrap_net(Mixed().eval()), isa="none", precision="fp32")
    engine.forward(torch.rand(1, 3, 48, 48), ["output"])
    assert engine.isa == "none"
    (plan,) = engine._plans.values()
    assert not any(isinstance(step, PointwiseStep | NativePoolStep) for step in plan.steps)
    assert all(step.conv._dense is None for step in plan.steps if isinstance(step, ConvStep))


@pytest.mark.parametrize("isa", ["mmx", "amx"])
def test_instructions_without_convolutions(isa: str) -> None:
    with pytest.raises(Unavailable, match=isa):
        TorchEngine(wrap_net(Mixed().eval()), isa=isa)


class Branches(nn.Module):
    """Branches side by side: natively made, pooled, read twice, and one that is a layer by itself."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(5)
        self.a, self.b, self.c = nn.Conv2d(16, 24, 1), nn.Conv2d(16, 18, 3, padding=1), nn.Conv2d(16, 20, 1)
        self.first, self.after = nn.Conv2d(3, 16, 3, padding=1), nn.Conv2d(98, 16, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x).relu()
        a, b, c = self.a(x).relu(), self.b(x).relu(), self.c(x).relu()
        x = torch.cat([a, F.max_pool2d(x, 3, 1, 1), b, c, c], 1)
        return self.after(x).relu()


@pytest.mark.parametrize("layers", [("output",), ("c", "output")])
def test_what_is_put_side_by_side_is_written_there(layers: tuple[str, ...]) -> None:
    net = wrap_net(Branches().eval())
    engine = TorchEngine(net, isa=SETS[-1].name.lower(), precision="fp32")
    plain = AutogradEngine(wrap_net(Branches().eval().double()))
    x = torch.rand(2, 3, 33, 22, generator=torch.Generator().manual_seed(0))
    expected = plain.forward(x.double(), layers)
    for _ in range(2):  # whatever the first run left must not show in the second
        found = engine.forward(x, layers)
        for name in layers:
            assert off(found[name], expected[name]) < 1e-5
    (plan,) = engine._plans.values()
    (cat,) = (step for step in plan.steps if isinstance(step, CatStep))
    assert len(cat.placed) == 2  # c is there twice
    seeds = {name: random(i, *expected[name].shape) for i, name in enumerate(layers)}
    slope = plain.backward(seeds)
    assert off(engine.backward({name: s.float() for name, s in seeds.items()}), slope) < 1e-4


class FirstIntoCat(nn.Module):
    """ENet's first block: a strided convolution of the picture beside its pooling."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(6)
        self.first, self.after = nn.Conv2d(3, 20, 3, 2, 1), nn.Conv2d(23, 16, 3, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.after(torch.cat([self.first(x), F.max_pool2d(x, 2)], 1).relu())


def test_a_first_layer_is_written_where_it_belongs() -> None:
    engine = TorchEngine(wrap_net(FirstIntoCat().eval()), isa=SETS[-1].name.lower(), precision="fp32")
    plain = AutogradEngine(wrap_net(FirstIntoCat().eval().double()))
    x = torch.rand(1, 3, 40, 54, generator=torch.Generator().manual_seed(0))
    expected = plain.forward(x.double(), ["output"])["output"]
    for _ in range(2):
        assert off(engine.forward(x, ["output"])["output"], expected) < 1e-5
    (plan,) = engine._plans.values()
    assert [len(step.placed) for step in plan.steps if isinstance(step, CatStep)] == [1]
    seed = random(1, *expected.shape)
    assert off(engine.backward({"output": seed.float()}), plain.backward({"output": seed})) < 1e-4


class PaddedByName(nn.Module):
    """One weight in convolutions that differ in nothing but stride and padding."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(7)
        self.first, self.shared = nn.Conv2d(3, 16, 3, padding=1), nn.Conv2d(16, 16, 3)

    def forward(self, x: Tensor) -> Tensor:
        x, weight = self.first(x).relu(), self.shared.weight
        ways = [((2, 2), 0), ((2, 2), 1), ((2, 3), 1), ((3, 2), 1)]
        return torch.stack([F.conv2d(x, weight, None, step, pad).square().mean() for step, pad in ways]).view(
            1, 4, 1, 1
        )


@pytest.mark.parametrize("default", [torch.float32, torch.float64])
def test_one_weight_with_several_strides_and_paddings(default: torch.dtype) -> None:
    """Whatever number format the user has torch make tensors in."""
    x = torch.rand(1, 3, 22, 27, generator=torch.Generator().manual_seed(0))
    plain = AutogradEngine(wrap_net(PaddedByName().eval().double()))
    net = wrap_net(PaddedByName().eval())
    before = torch.get_default_dtype()
    torch.set_default_dtype(default)
    try:
        engine = TorchEngine(net, isa=SETS[-1].name.lower(), precision="fp32")
        found = engine.forward(x, ["output"])["output"]
        slope = engine.backward({"output": torch.ones(1, 4, 1, 1, dtype=torch.float32)})
    finally:
        torch.set_default_dtype(before)
    assert engine.note == ""
    assert off(found, plain.forward(x.double(), ["output"])["output"]) < 1e-5
    assert off(slope, plain.backward({"output": torch.ones(1, 4, 1, 1, dtype=torch.float64)})) < 1e-4
