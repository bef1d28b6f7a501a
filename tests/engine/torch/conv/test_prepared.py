"""Parts of the torch engine on their own: prepared convolutions, number formats, graphs that are replayed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from reverie.engine.engine import PlainEngine
from reverie.engine.torch.conv.activation import Activation
from reverie.engine.torch.conv.onednn import fused_operators, layout
from reverie.engine.torch.conv.spec import ConvSpec
from reverie.engine.torch.conv.store import Store
from reverie.engine.torch.engine import TorchEngine
from reverie.engine.torch.plan.cuda_graphs import PATIENCE, Replays
from reverie.engine.torch.plan.plan import _shortened
from reverie.engine.torch.plan.prepared import PreparedConv
from reverie.network.wrap import wrap_net
from support import torch_networks
from support.twins import one_thread  # noqa: F401

# inputs, outputs, kernel, stride, padding, dilation, groups
CONVS = (
    (3, 8, (3, 3), (1, 1), (1, 1), (1, 1), 1),  # a picture, by phases
    (3, 8, (3, 3), (2, 2), (1, 1), (1, 1), 1),
    (3, 8, (7, 7), (2, 2), (3, 3), (1, 1), 1),
    (3, 8, (4, 4), (2, 2), (1, 1), (1, 1), 1),
    (1, 8, (5, 3), (2, 1), (0, 2), (1, 1), 1),
    (3, 8, (3, 3), (2, 2), (0, 0), (1, 1), 1),
    (4, 8, (3, 3), (1, 1), (3, 0), (1, 1), 1),
    (3, 16, (4, 4), (4, 4), (0, 0), (1, 1), 1),
    (16, 24, (1, 1), (1, 1), (0, 0), (1, 1), 1),  # layers, flipped
    (16, 24, (3, 5), (1, 1), (1, 2), (1, 1), 1),
    (16, 24, (3, 3), (1, 1), (0, 2), (2, 2), 1),
    (16, 24, (3, 3), (1, 1), (1, 1), (1, 1), 4),
    (16, 16, (5, 5), (1, 1), (2, 2), (1, 1), 16),
    (16, 24, (3, 3), (1, 1), (3, 3), (1, 1), 1),  # torch's own
    (16, 24, (3, 3), (2, 2), (1, 1), (1, 1), 1),
    (16, 24, (1, 1), (2, 2), (0, 0), (1, 1), 1),
    (16, 16, (4, 4), (2, 1), (2, 1), (1, 1), 16),
    (16, 16, (1, 1), (2, 2), (0, 0), (1, 1), 16),
    (16, 32, (3, 3), (2, 2), (1, 1), (1, 1), 16),
    (16, 16, (4, 4), (2, 2), (2, 1), (1, 1), 16),  # depthwise, each phase by itself in bf16
    (16, 16, (3, 3), (2, 2), (1, 1), (1, 1), 16),
    (16, 16, (5, 2), (2, 2), (0, 3), (1, 1), 16),
    (16, 16, (6, 6), (2, 2), (2, 2), (1, 1), 16),
)


@pytest.mark.parametrize("case", CONVS)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
@pytest.mark.parametrize("size", [(13, 18), (16, 11)])
def test_a_prepared_convolution_is_the_convolution(
    case: Any, dtype: torch.dtype, size: tuple[int, int]
) -> None:
    inputs, outputs, kernel, stride, padding, dilation, groups = case
    rng = torch.Generator().manual_seed(1)

    def random(*shape: int) -> Tensor:
        return torch.randn(shape, generator=rng, dtype=torch.float64)

    weight, bias, x = random(outputs, inputs // groups, *kernel), random(outputs), random(2, inputs, *size)
    scale = torch.rand(outputs, generator=rng, dtype=torch.float64) + 0.5
    spec = ConvSpec(weight, bias, stride, padding, dilation, groups, scale=scale)
    store = Store([weight])
    conv = PreparedConv(spec, x.shape, store, forward=dtype, backward=dtype, device=torch.device("cpu"))
    leaf = x.clone().requires_grad_(True)
    expected = F.conv2d(leaf, weight * scale.view(-1, 1, 1, 1), bias, stride, padding, dilation, groups)
    cotangent, other, pending = random(*expected.shape), random(*expected.shape), random(*x.shape)
    (slope,) = torch.autograd.grad(expected, leaf, cotangent)
    tolerance = {torch.float64: 1e-12, torch.float32: 1e-5, torch.bfloat16: 2e-2}[dtype]

    def near(found: Tensor, reference: Tensor) -> bool:
        assert found.shape == reference.shape
        assert found.dtype == dtype
        return float((found.double() - reference).norm() / reference.norm()) < tolerance

    def cast(tensor: Tensor) -> Tensor:
        return tensor.to(dtype).contiguous(memory_format=torch.channels_last)

    with torch.no_grad():
        assert near(conv.forward(cast(x), None)[0], expected.detach())
        assert near(conv.forward(cast(x), cast(other))[0], expected.detach() + other)
        assert near(conv.backward(cast(cotangent), None), slope)
        assert near(conv.backward(cast(cotangent), cast(pending)), slope + pending)


def test_prepared_weights_are_shared_between_sizes() -> None:
    weight = torch.randn(8, 16, 3, 3)
    store = Store([weight])
    made = []
    for side in (8, 12):
        spec = ConvSpec(weight, None, (1, 1), (1, 1), (1, 1), 1)
        shape = torch.Size((1, 16, side, side))
        formats = {"forward": torch.float32, "backward": torch.float32}
        made.append(PreparedConv(spec, shape, store, device=torch.device("cpu"), **formats))
    assert made[0]._weight is made[1]._weight
    store.clear()
    spec = ConvSpec(weight, None, (1, 1), (1, 1), (1, 1), 1)
    again = PreparedConv(spec, shape, store, device=torch.device("cpu"), **formats)
    assert again._weight is not made[0]._weight


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_each_size_has_weights_in_the_layout_that_it_wants(dtype: torch.dtype) -> None:
    """Another one is taken too, but put in order again at every step, which costs more than the step."""
    if not fused_operators(dtype):
        pytest.skip("oneDNN is not used for this number format here")
    weight = torch.randn(192, 128, 7, 1)
    spec = ConvSpec(weight, None, (1, 1), (3, 0), (1, 1), 1)
    formats: dict[str, Any] = {"forward": dtype, "backward": dtype, "device": torch.device("cpu")}
    shapes = [torch.Size((1, 128, *size)) for size in ((5, 8), (8, 12), (40, 40), (117, 167))]
    shared = Store([weight])
    for shape in shapes:
        conv = PreparedConv(spec, shape, shared, **formats)
        alone = PreparedConv(spec, shape, Store([weight]), **formats)
        assert layout(conv._weight) == layout(alone._weight)


def test_only_few_layouts_are_kept() -> None:
    weight = torch.randn(8, 16, 3, 3)
    store, packed = Store([weight]), [torch.zeros(1) for _ in range(6)]
    for number, one in enumerate(packed):
        assert store.alike(("packed",), (weight,), one, bytes([number])) is one
        assert store.alike(("packed",), (weight,), torch.ones(1), bytes([number])) is one
    again = torch.ones(1)
    assert store.alike(("packed",), (weight,), again, bytes([5])) is packed[5]
    assert store.alike(("packed",), (weight,), again, bytes([0])) is again
    assert store.alike(("packed",), (torch.ones(2),), again, bytes([5])) is again


def test_layouts_are_one_where_torch_does_not_tell_them_apart(monkeypatch) -> None:
    monkeypatch.setattr(torch.ops, "mkldnn", object())
    assert layout(torch.ones(3)) == b""


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


@given(st.floats(2.0**-60, 2.0**60, width=32))
def test_a_tied_limit_is_known_by_its_rounding(high: float) -> None:
    activation, unit = Activation("hardtanh", (0.0, high)).tied()
    tied = torch.tensor(activation.numbers[1])
    assert not activation.limited
    assert activation.tied() == (activation, 1.0)
    assert float(tied) == pytest.approx(unit * high)
    assert abs(unit - 1) < 0.02
    tiny = torch.tensor([2.0**-100])
    below = torch.stack([torch.nextafter(tied, tied * 0), 0.9999 * tied, 0.99 * tied, 0.5 * tied, *tiny])
    results = torch.cat([below, tied[None], torch.zeros(1)])
    expected = [1.0] * len(below) + [0.0, 0.0]
    ones = torch.ones(len(results), dtype=torch.bfloat16)
    assert activation.backward(ones, results.to(torch.bfloat16), into=None).tolist() == expected


def test_only_limits_over_zero_are_tied() -> None:
    for activation in (Activation("hardtanh", (-1.0, 1.0)), Activation("hardtanh", (0.0, float("inf")))):
        assert activation.tied() == (activation, 1.0)
        assert activation.limited
    assert Activation("relu").tied() == (Activation("relu"), 1.0)
    assert not Activation("relu").limited


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
    plain = PlainEngine(net.to(dtype=torch.float64))
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


def test_fused_operators_are_only_used_where_they_compute() -> None:
    assert not fused_operators(torch.float64)
    assert not fused_operators(torch.float16)


# -- graphs, with a stand-in for the GPU's


class Stand:
    """Captures as a GPU does: the same tensors are written again, and nothing else happens."""

    def __init__(self) -> None:
        self.captures = self.replays = 0

    def __call__(self, body: Callable[[], Any]) -> tuple[Any, Callable[[], None]]:
        self.captures += 1
        result = body()

        def again() -> None:
            self.replays += 1
            fresh = body()
            if isinstance(result, Tensor):
                result.copy_(fresh)
            elif result is not None:
                (run, found), (new, values) = result, fresh
                run.values, run.saved = new.values, new.saved
                for name, value in values.items():
                    found[name].copy_(value)

        return result, again


def with_graphs(name: str) -> tuple[TorchEngine, Stand]:
    engine, stand = TorchEngine(wrap_net(torch_networks.built(name)), precision="fp32"), Stand()
    engine._replays = Replays(stand)
    return engine, stand


@pytest.mark.parametrize("name", ["residual", "tokens"])
def test_a_size_that_repeats_is_replayed(name: str) -> None:
    engine, stand = with_graphs(name)
    plain = PlainEngine(engine.net)
    for i in range(PATIENCE + 4):
        x = torch.rand(1, 3, 40, 48, generator=torch.Generator().manual_seed(i))
        found, expected = engine.forward(x, ["0", "output"]), plain.forward(x, ["0", "output"])
        for layers in (["0"], ["output", "0"]):
            seeds = {k: (i + 1) * expected[k] for k in layers}
            last = len(layers) == 2
            gradient, reference = engine.backward(seeds, last=last), plain.backward(seeds, last=last)
            assert float((gradient - reference).norm() / reference.norm()) < 1e-4
        assert all(torch.allclose(found[k], expected[k], atol=1e-5) for k in found)
    assert stand.captures == 3  # forward, and backward from one and from both layers
    assert stand.replays == 4 * 3


def test_sizes_that_alternate_get_no_graph_and_one_that_stays_replaces_another() -> None:
    engine, stand = with_graphs("residual")
    for _ in range(PATIENCE + 2):
        for side in (40, 48):
            engine.forward(torch.rand(1, 3, side, 40), ["output"])
    assert stand.captures == 0
    for side in (40, 48, 40):
        for _ in range(PATIENCE + 1):
            engine.forward(torch.rand(1, 3, side, 40), ["output"])
    assert stand.captures == 3
    engine.release()
    assert engine._replays is not None
    assert engine._replays._replay is None


def test_what_cannot_be_captured_runs_without() -> None:
    engine, _ = with_graphs("residual")

    def refuse(body: Callable[[], Any]) -> tuple[Any, Callable[[], None]]:
        raise RuntimeError("operation not permitted when stream is capturing")

    engine._replays = Replays(refuse)
    plain = PlainEngine(engine.net)
    for i in range(PATIENCE + 2):
        x = torch.rand(1, 3, 40, 48, generator=torch.Generator().manual_seed(i))
        found, expected = engine.forward(x, ["output"]), plain.forward(x, ["output"])
        gradient, reference = engine.backward(found), plain.backward(expected)
        assert float((gradient - reference).norm() / reference.norm()) < 1e-4
    assert "capturing" in engine._replays.refused
