"""Digits that nothing depends on are cut off, in whatever unit a network counts."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from reverie.engine.engine import AutogradEngine
from reverie.engine.torch.engine import TorchEngine
from reverie.engine.torch.plan.plan import _shortened
from reverie.network.wrap import wrap_net


def test_numbers_are_cut_off_below_a_limit() -> None:
    x = torch.tensor([5.999, 6.0, 1e-6, 0.0, -0.3]).repeat(2, 3, 4, 1)
    for value in (x, x.contiguous(memory_format=torch.channels_last), x[0, 0]):
        cut = _shortened(value, torch.bfloat16, limited=True)
        assert cut.dtype == torch.bfloat16
        assert cut.shape == value.shape
        assert (cut.float().abs() <= value.abs()).all()
        assert torch.equal((cut > 0) & (cut < 6), (value > 0) & (value < 6))
        assert float((cut.float() - value).abs().max()) < 0.04
        rounded = _shortened(value, torch.bfloat16, limited=False)  # enough where only the sign is asked for
        assert torch.equal(rounded, value.to(torch.bfloat16))
        assert torch.equal(rounded.sign(), value.sign())
    assert float(torch.tensor(5.999).to(torch.bfloat16)) == 6  # what it is for


@pytest.mark.parametrize("activation", [nn.ReLU(), nn.ReLU6(), nn.Hardtanh(), nn.LeakyReLU(0.1)])
@pytest.mark.parametrize("layers", [["2"], ["1", "2"]])
def test_digits_are_cut_off_where_a_limit_must_stay_what_it_is(
    activation: nn.Module, layers: list[str]
) -> None:
    net = wrap_net(nn.Sequential(nn.Conv2d(3, 8, 3), activation, nn.Conv2d(8, 8, 3)).eval())
    engine = TorchEngine(net, precision="fp32+bf16", isa="none")
    engine.forward(torch.rand(1, 3, 20, 20), layers)
    (plan,) = engine._plans.values()
    asked = isinstance(activation, nn.ReLU6) and "1" in layers  # somebody wants ReLU6's results as they are
    assert bool(plan._limited) == (asked or type(activation) is nn.Hardtanh)


class NearTheLimit(nn.Module):
    """Most of what its ReLU6 lets through would be 6 in bf16; ``wide`` reads it once more, with a stride."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.activation = nn.Conv2d(3, 16, 3, padding=1), nn.ReLU6()
        self.second, self.wide = nn.Conv2d(16, 8, 1), nn.Conv2d(16, 16, 4, 2, 1, groups=16)
        self.last = nn.Conv2d(16, 8, 1)
        torch.manual_seed(2)
        with torch.no_grad():
            self.first.weight.normal_(0, 0.003)
            self.first.bias.fill_(5.99)

    def forward(self, x: Tensor) -> Tensor:
        x = self.activation(self.first(x))
        return self.second(x).mean((2, 3)) + self.last(self.wide(x)).mean((2, 3))


@pytest.mark.parametrize("layers", [["output"], ["second", "wide"], ["activation", "output"]])
def test_units_are_nobodys_business(layers: list[str]) -> None:
    """Activations are in the network's own; the gradient knows what was at the limit and what just below."""
    net = wrap_net(NearTheLimit().eval())
    x = torch.rand(1, 3, 33, 30, generator=torch.Generator().manual_seed(1))
    plain = AutogradEngine(net.to(dtype=torch.float64))
    engine = TorchEngine(net, precision="fp32+bf16", isa="none")
    expected, found = plain.forward(x.double(), layers), engine.forward(x, layers)
    rounded = plain.forward(x.double(), ["activation"])["activation"].to(torch.bfloat16)
    assert float((rounded == 6).float().mean()) > 0.5
    assert engine.note == ""
    for name in layers:
        assert torch.allclose(found[name].double(), expected[name], rtol=1e-5, atol=1e-6)
    seeds = {name: torch.randn_like(value) for name, value in expected.items()}
    plain.forward(x.double(), layers)
    slope = plain.backward(seeds)
    ours = engine.backward({name: seed.float() for name, seed in seeds.items()}).double()
    assert float((ours - slope).norm() / slope.norm()) < 0.01


def test_weights_for_other_units_are_kept_apart() -> None:
    """Whether a map is in its own units depends on the layers that are asked for."""
    net = wrap_net(NearTheLimit().eval())
    x = torch.rand(1, 3, 16, 16)
    engine = TorchEngine(net, precision="fp32+bf16", isa="none")
    alone = {}
    for layers in (["output"], ["activation"], ["output"], ["activation", "second"], ["second"]):
        found = engine.forward(x, layers)
        fresh = TorchEngine(net, precision="fp32+bf16", isa="none").forward(x, layers)
        for name, value in found.items():
            assert torch.equal(value, fresh[name])
            assert torch.allclose(value, alone.setdefault(name, value), rtol=1e-5)
