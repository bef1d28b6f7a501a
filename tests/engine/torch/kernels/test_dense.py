"""The native library's dense convolutions and pooling, beside torch's in float64."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from reverie.engine.engine import PlainEngine
from reverie.engine.torch.conv.activation import Activation
from reverie.engine.torch.conv.spec import ConvSpec
from reverie.engine.torch.conv.store import Store
from reverie.engine.torch.engine import TorchEngine
from reverie.engine.torch.kernels import dense as torch_dense
from reverie.engine.torch.kernels.cells import into_cells, out_of_cells
from reverie.engine.torch.kernels.conv import DenseConv, Given
from reverie.engine.torch.kernels.dense import PointsBack, PointsForth
from reverie.engine.torch.kernels.max_pool import Pool, can_pool
from reverie.engine.torch.plan.prepared import PreparedConv
from reverie.engine.torch.plan.steps import CatStep, ConvStep, NativePoolStep, PointsStep
from reverie.native import Isa, Unavailable, dense, instruction_sets
from reverie.native.dense import Convolution, Kind, Work
from reverie.network.wrap import wrap_net
from support.convolutions import (  # noqa: F401
    CHANNELS_LAST,
    RELUS,
    SETS,
    everything_is_large_enough,
    last,
    off,
    random,
    slopes_of,
)

pytestmark = pytest.mark.skipif(not SETS, reason="no native library on this machine")
FP32 = torch.float32


def prepared(spec: ConvSpec, shape: torch.Size, isa: Isa = Isa.AVX2, *, summed: bool = False) -> PreparedConv:
    cpu = torch.device("cpu")
    return PreparedConv(
        spec, shape, Store([]), forward=FP32, backward=FP32, device=cpu, isa=isa, summed=summed
    )


@pytest.mark.parametrize("isa", SETS)
@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("size", [(1, 1), (7, 9), (17, 24), (3, 40)])
def test_every_kind_is_the_convolution(isa: Isa, kind: Kind, size: tuple[int, int]) -> None:
    kernel = (4, 2) if kind is Kind.GATHERED else kind.kernel
    inputs, outputs = 21, 37
    weight, bias, x = random(1, outputs, inputs, *kernel), random(2, outputs), random(3, 2, inputs, *size)
    before = (kernel[0] // 2, kernel[1] // 2)
    after = (kernel[0] - 1 - before[0], kernel[1] - 1 - before[1])
    around = (before[1], after[1], before[0], after[0])
    expected = F.conv2d(F.pad(x, around), weight, bias)
    taps = Convolution(weight.permute(2, 3, 1, 0).numpy(), kind, isa)
    conv = DenseConv(taps, [x.shape], [expected.shape], before, [bias])
    for threads in (1, 3):
        torch.set_num_threads(threads)
        ((found, gate),) = conv([Given(last(x))], [None])
        assert gate is None
        assert off(found, expected) < 3e-5
        if threads == 1:
            first = found
    assert torch.equal(found, first)
    assert taps.bytes > 0


@given(
    isa=st.sampled_from(SETS or [Isa.AVX2]),
    case=st.sampled_from([(3, 3), (5, 5), (1, 7), (7, 1), (1, 3), (3, 1)]),
    padding=st.tuples(st.integers(0, 2), st.integers(0, 2)),
    channels=st.tuples(st.integers(16, 50), st.integers(16, 70)),
    size=st.tuples(st.integers(1, 2), st.integers(7, 40), st.integers(7, 40)),
    activation=st.sampled_from(sorted(RELUS)),
    summed=st.booleans(),
    pending=st.booleans(),
    seed=st.integers(0, 99),
)
@settings(max_examples=60, deadline=None)
def test_forward_and_back_are_autograds(
    isa: Isa,
    case: tuple[int, int],
    padding: tuple[int, int],
    channels: tuple[int, int],
    size: tuple[int, int, int],
    activation: str,
    summed: bool,
    pending: bool,
    seed: int,
) -> None:
    torch_dense.LEAST = 0
    act, function = RELUS[activation]
    padding = (min(padding[0], case[0] - 1), min(padding[1], case[1] - 1))
    inputs, outputs = channels
    x = random(seed, size[0], inputs, *size[1:]).requires_grad_(True)
    weight = random(seed + 1, outputs, inputs, *case) / (inputs * case[0] * case[1]) ** 0.5
    bias = random(seed + 2, outputs)
    before = F.conv2d(x, weight, bias, padding=padding)
    other = random(seed + 3, *before.shape) if summed else None
    expected = function(before if other is None else before + other)
    spec = ConvSpec(weight, bias, (1, 1), padding, (1, 1), 1, activation=act)
    conv = prepared(spec, x.shape, isa, summed=summed)
    y, gate = conv.forward(last(x.detach()), None if other is None else last(other))
    assert off(y, expected.detach()) < 2e-5
    assert (gate is not None) == conv.gates == (act is not None and not summed)
    # Where a value lies within rounding of a kink either slope is right: autograd is given ours.
    gradient = random(seed + 4, *y.shape)
    slopes = slopes_of(act, y)
    gradient = gradient if conv.gates else gradient * slopes
    (slope,) = torch.autograd.grad(before, x, gradient * slopes if conv.gates else gradient)
    more = random(seed + 5, *x.shape) if pending else None
    found = conv.backward(last(gradient), None if more is None else last(more), gate)
    assert off(found, slope if more is None else slope + more) < 2e-5


@pytest.mark.parametrize("isa", SETS)
@pytest.mark.parametrize(
    ("kernel", "padding"), [((7, 7), (3, 3)), ((3, 3), (0, 0)), ((3, 3), (1, 1)), ((4, 4), (1, 1))]
)
@pytest.mark.parametrize("size", [(16, 22), (17, 31), (33, 20)])
def test_a_strided_convolution_of_a_picture(
    isa: Isa, kernel: tuple[int, int], padding: tuple[int, int], size: tuple[int, int]
) -> None:
    x = random(1, 2, 3, *size).requires_grad_(True)
    weight, bias = random(2, 24, 3, *kernel), random(3, 24)
    spec = ConvSpec(weight, bias, (2, 2), padding, (1, 1), 1, activation=Activation("relu"))
    conv = prepared(spec, x.shape, isa)
    if kernel == (4, 4):  # in cells its filter has no kind of its own: three taps by three are one
        assert (conv._dense is None) == (not torch_dense._of_a_picture(spec, x.shape))
    else:
        assert conv._dense is not None
    before = F.conv2d(x, weight, bias, (2, 2), padding)
    y, gate = conv.forward(last(x.detach()), None)
    assert off(y, before.detach().relu()) < 2e-5
    gradient = random(4, *y.shape)
    let_through = gradient * (y > 0)
    (slope,) = torch.autograd.grad(before, x, let_through)
    more = random(5, *x.shape)
    found = conv.backward(last(gradient if gate is not None else let_through), last(more), gate)
    assert off(found, slope + more) < 2e-5


@given(
    isa=st.sampled_from(SETS or [Isa.AVX2]),
    kernel=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    stride=st.sampled_from([(2, 2), (3, 3), (1, 2), (2, 1), (3, 2)]),
    padding=st.tuples(st.integers(0, 2), st.integers(0, 2)),
    size=st.tuples(st.integers(1, 2), st.integers(5, 20), st.integers(5, 20)),
    activation=st.sampled_from(sorted(RELUS)),
    pending=st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_a_convolution_of_larger_steps(
    isa: Isa,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int],
    size: tuple[int, int, int],
    activation: str,
    pending: bool,
) -> None:
    torch_dense.LEAST = 0
    act, function = RELUS[activation]
    padding = (min(padding[0], kernel[0] // 2), min(padding[1], kernel[1] // 2))
    x = random(1, size[0], 19, *size[1:]).requires_grad_(True)
    weight, bias = random(2, 33, 19, *kernel) / 10, random(3, 33)
    spec = ConvSpec(weight, bias, stride, padding, (1, 1), 1, activation=act)
    conv = prepared(spec, x.shape, isa)
    assert conv._dense is not None
    assert (conv._dense_back is not None) == (kernel[0] >= stride[0] and kernel[1] >= stride[1])
    before = F.conv2d(x, weight, bias, stride, padding)
    y, gate = conv.forward(last(x.detach()), None)
    assert off(y, function(before).detach()) < 1e-5
    slopes = slopes_of(act, y)
    gradient = random(4, *y.shape)
    (slope,) = torch.autograd.grad(before, x, gradient * slopes)
    more = random(5, *x.shape) if pending else None
    given_back = last(gradient if gate is not None else gradient * slopes)
    found = conv.backward(given_back, None if more is None else last(more), gate)
    assert off(found, slope if more is None else slope + more) < 1e-5


def test_sizes_share_the_weights_of_a_strided_convolution() -> None:
    weight, cpu = random(1, 64, 48, 3, 3), torch.device("cpu")
    store = Store([weight])
    kept = []
    for height, width in ((40, 60), (61, 47), (52, 52)):
        spec = ConvSpec(weight, None, (2, 2), (1, 1), (1, 1), 1)
        shape = torch.Size((1, 48, height, width))
        PreparedConv(spec, shape, store, forward=FP32, backward=FP32, device=cpu, isa=SETS[0])
        kept.append(len(store._made))
    assert kept[0] == kept[1] == kept[2] > 4  # both ways, by phases


@pytest.mark.skipif(Isa.AVX512_BF16 not in instruction_sets(), reason="no bf16 on this machine")
@pytest.mark.parametrize("kind", list(Kind))
def test_products_in_bf16_are_off_by_what_they_are_said_to(kind: Kind) -> None:
    kernel = (3, 3) if kind is Kind.GATHERED else kind.kernel
    inputs, outputs = 51, 64
    x = random(1, 2, inputs, 25, 31) * (random(2, 2, inputs, 25, 31) > 0)
    weight = random(3, outputs, inputs, *kernel)
    expected = F.conv2d(x, weight)
    taps = Convolution(weight.permute(2, 3, 1, 0).numpy(), kind, Isa.AVX512_BF16)
    assert taps.bytes < Convolution(weight.permute(2, 3, 1, 0).numpy(), kind, Isa.AVX512).bytes
    ((found, _),) = DenseConv(taps, [x.shape], [expected.shape], (0, 0))([Given(last(x))], [None])
    error = off(found, expected)
    if kind in dense.ERRORS:
        assert 0.6 * dense.ERRORS[kind] < error < 1.1 * dense.ERRORS[kind]
    else:
        assert 0.03 < error < 0.06


@pytest.mark.skipif(Isa.AVX512_BF16 not in instruction_sets(), reason="no bf16 on this machine")
def test_products_in_bf16_of_small_whole_numbers_are_exact() -> None:
    """Seven taps of 21 channels: an odd number of factors, which go by in pairs."""
    x = random(1, 1, 21, 12, 17).mul(10).round().clamp(-100, 100)
    weight = random(2, 40, 21, 7, 1).mul(10).round().clamp(-100, 100)
    taps = Convolution(weight.permute(2, 3, 1, 0).numpy(), Kind.GATHERED, Isa.AVX512_BF16)
    expected = F.conv2d(x, weight)
    conv = DenseConv(taps, [x.shape], [expected.shape], (0, 0))
    # What lay in the memory before must not matter, infinite as it may be.
    conv([Given(last(torch.full_like(x, float("inf"))))], [None])
    assert torch.equal(conv([Given(last(x))], [None])[0].map.double(), expected)


@pytest.mark.parametrize("isa", SETS)
@pytest.mark.parametrize("activation", sorted(RELUS))
@pytest.mark.parametrize("widths", [(16,), (24, 17, 40), (16, 64, 48, 20)])
def test_points_that_read_one_map_are_each_its_own(
    isa: Isa, activation: str, widths: tuple[int, ...]
) -> None:
    """Alike but for one that has no activation."""
    x = random(1, 2, 45, 9, 11).requires_grad_(True)
    weights = [random(2 + i, n, 45, 1, 1) / 7 for i, n in enumerate(widths)]
    biases = [random(9 + i, n) if i != 1 else None for i, n in enumerate(widths)]
    kinds = [activation if i != len(widths) - 2 else "none" for i in range(len(widths))]
    acts = [RELUS[kind][0] for kind in kinds]
    specs = [
        ConvSpec(w, b, (1, 1), (0, 0), (1, 1), 1, activation=a)
        for w, b, a in zip(weights, biases, acts, strict=True)
    ]
    forth = PointsForth(specs, x.shape, Store([]), isa)
    back = PointsBack(specs, x.shape, Store([]), isa)
    whole = [F.conv2d(x, w, b) for w, b in zip(weights, biases, strict=True)]
    found = forth(last(x.detach()))
    sums, given, wide = [], [], 0
    for i, (given_back, before) in enumerate(zip(found, whole, strict=True)):
        assert off(given_back.map, RELUS[kinds[i]][1](before).detach()) < 1e-5
        assert (given_back.gate is None) == (acts[i] is None)
        wide += before.shape[1]
        gradient = random(20 + i, *before.shape)
        sums.append((before * (gradient * slopes_of(acts[i], given_back.map))).sum())
        given.append((gradient, given_back.gate))
    (slope,) = torch.autograd.grad(sum(sums), x)
    side_by_side = last(torch.cat([g for g, _ in given], 1))  # parts of one map, as they come out of a cat
    parts = torch.split(side_by_side, [g.shape[1] for g, _ in given], 1)
    more = random(40, *x.shape)
    gradient = back([Given(p, gate) for p, (_, gate) in zip(parts, given, strict=True)], last(more))
    assert off(gradient, slope + more) < 1e-5


@given(
    isa=st.sampled_from(SETS or [Isa.AVX2]),
    kernel=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    stride=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    pads=st.tuples(st.booleans(), st.booleans()),
    ceil=st.booleans(),
    shape=st.tuples(st.integers(1, 2), st.integers(1, 40), st.integers(4, 25), st.integers(4, 25)),
    dtypes=st.tuples(*(st.sampled_from([torch.float32, torch.bfloat16]),) * 2),
    seed=st.integers(0, 99),
)
@settings(max_examples=100, deadline=None)
def test_pooling_is_torchs_bit_for_bit(
    isa: Isa,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    pads: tuple[bool, bool],
    ceil: bool,
    shape: tuple[int, int, int, int],
    dtypes: tuple[torch.dtype, torch.dtype],
    seed: int,
) -> None:
    padding = (kernel[0] // 2 * pads[0], kernel[1] // 2 * pads[1])
    window = (kernel, stride, padding, (1, 1), ceil)
    # Few values, so that there are ties, which the first one wins.
    x = last((random(seed, *shape) * 2).round()).requires_grad_(True)
    expected = F.max_pool2d(x, *window)
    pool = Pool(window, x.shape, expected.shape, isa)
    there, back = dtypes
    y, where = pool.forward(x.detach().to(there))
    assert can_pool(window)
    assert torch.equal(y, expected.detach().to(there))
    gradient = last(random(seed + 1, *y.shape)).to(back)
    (slope,) = torch.autograd.grad(expected, x, gradient.float())
    found = pool.backward(gradient, where)
    assert found.dtype == back
    if back == torch.float32:  # whose sums are rounded, in another order
        assert torch.allclose(found, slope, rtol=1e-5, atol=1e-6)
    else:
        assert torch.equal(found, slope.to(back))


def test_what_is_no_number_stays_none() -> None:
    x = last(random(0, 1, 16, 12, 12))
    x[0, 3, 5, 5] = float("nan")
    window = ((3, 3), (2, 2), (1, 1), (1, 1), False)
    expected = F.max_pool2d(x, *window)
    y, _ = Pool(window, x.shape, expected.shape, SETS[0]).forward(x)
    assert torch.equal(y.isnan(), expected.isnan())
    for dtype in (torch.float16, torch.float64):  # as any operator may make them
        again, _ = Pool(window, x.shape, expected.shape, SETS[0]).forward(x.to(dtype))
        torch.testing.assert_close(again, expected, rtol=1e-3, atol=1e-3, equal_nan=True)
    for activation in (Activation("relu"), Activation("hardtanh", (0.0, 6.0))):
        spec = ConvSpec(random(1, 16, 16, 3, 3), None, (1, 1), (1, 1), (1, 1), 1, activation=activation)
        y, _ = prepared(spec, x.shape).forward(x, None)
        assert y[0, :, 5, 5].isnan().all()


@pytest.mark.parametrize(("results", "taps"), [(6, 3), (4, 5), (5, 4)])
def test_a_tile_is_a_correlation_of_every_place_with_every_tap(results: int, taps: int) -> None:
    """One-hot signals and filters: what the matrices of Toom and Cook are made for."""
    size = results + taps - 1
    out = torch.Size((1, 16, results, results))
    for place, tap in itertools.product(range(size), range(taps)):
        x = torch.zeros(1, 16, size, size, dtype=torch.float64)
        x[0, 0, :, place] = 1
        weight = torch.zeros(taps, taps, 16, 16, dtype=torch.float64)
        weight[0, tap, 0, 0] = 1
        kind = Kind[f"W{results}X{results}_{taps}X{taps}"]
        conv = DenseConv(Convolution(weight.numpy(), kind, SETS[0]), [x.shape], [out], (0, 0))
        row = conv([Given(last(x))], [None])[0].map[0, 0, 0].tolist()
        assert row == pytest.approx([int(i + tap == place) for i in range(results)], abs=2e-5)


@pytest.mark.parametrize("side", [1, 3, 10, 40, 200])
def test_the_cheapest_kind_fits_the_size(side: int) -> None:
    work = Work(256, 256, (3, 3), 1, side, side)
    kind, isa = dense.cheapest(work)
    assert isa is Isa.AVX512
    assert kind.kernel in ((3, 3), (1, 1))
    assert work.cost(kind) == min(
        work.cost(k) for k in (Kind.GATHERED, Kind.W2X2_3X3, Kind.W4X4_3X3, Kind.W6X6_3X3)
    )
    if side == 1:
        assert kind is Kind.GATHERED
    if side == 200:
        assert kind is Kind.W6X6_3X3
    assert dense.cheapest(Work(64, 64, (4, 2), 1, side, side))[0] is Kind.GATHERED


def test_bf16_is_taken_where_its_error_is_allowed() -> None:
    large = Work(256, 256, (3, 3), 1, 200, 200)
    assert dense.cheapest(large, Isa.AVX512_BF16, 0.02) == (Kind.W4X4_3X3, Isa.AVX512_BF16)
    assert dense.cheapest(large, Isa.AVX512_BF16, 0.003) == (Kind.W6X6_3X3, Isa.AVX512)
    points = Work(256, 256, (1, 1), 1, 200, 200)
    assert dense.cheapest(points, Isa.AVX512_BF16, 0.003) == (Kind.GATHERED, Isa.AVX512_BF16)
    assert dense.cheapest(points, Isa.AVX2) == (Kind.GATHERED, Isa.AVX2)


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
    plain = PlainEngine(net.to(dtype=torch.float64))
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
    assert sorted(len(step.writes) for step in plan.steps if isinstance(step, PointsStep)) == [1, 2]
    assert all(step.conv._dense is not None for step in plan.steps if isinstance(step, ConvStep))


def test_seeds_at_one_branch_only() -> None:
    net = wrap_net(Mixed().eval())
    engine, plain = TorchEngine(net, isa=SETS[0].name.lower()), PlainEngine(net)
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
    plain = PlainEngine(net.to(dtype=torch.float64))
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
    assert not any(isinstance(step, PointsStep | NativePoolStep) for step in plan.steps)
    assert all(step.conv._dense is None for step in plan.steps if isinstance(step, ConvStep))


@pytest.mark.parametrize("isa", ["mmx", "amx"])
def test_instructions_without_convolutions(isa: str) -> None:
    with pytest.raises(Unavailable, match=isa):
        TorchEngine(wrap_net(Mixed().eval()), isa=isa)


def test_no_memory_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    functions: Any = dense._functions()
    monkeypatch.setattr(dense, "_functions", lambda: (lambda *a: None, *functions[1:]))
    with pytest.raises(MemoryError, match="packing"):
        Convolution(np.ones((1, 1, 16, 16)), Kind.GATHERED, SETS[0])
    monkeypatch.setattr(dense, "_functions", lambda: (functions[0], lambda *a: -1, *functions[2:]))
    convolution = Convolution(np.ones((1, 1, 16, 16)), Kind.GATHERED, SETS[0])
    with pytest.raises(MemoryError, match="in a convolution"):
        convolution.run(dense.Job())


@given(
    shape=st.tuples(st.integers(1, 2), st.integers(1, 5), st.integers(1, 9), st.integers(1, 9)),
    step=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    last_channels=st.booleans(),
    threads=st.integers(1, 3),
)
@settings(max_examples=40, deadline=None)
def test_cells_are_pixels_side_by_side(
    shape: tuple[int, int, int, int], step: tuple[int, int], last_channels: bool, threads: int
) -> None:
    torch.set_num_threads(threads)
    x = random(1, *shape).float()
    around = (0, -shape[3] % step[1], 0, -shape[2] % step[0])
    whole = F.pad(x, around)
    # pixel_unshuffle's channels are (channel, row, column); it knows squares only
    rows = whole.unflatten(3, (-1, step[1])).unflatten(2, (-1, step[0]))
    expected = rows.permute(0, 3, 5, 1, 2, 4).flatten(1, 3)
    given_x = x.contiguous(memory_format=CHANNELS_LAST) if last_channels else x
    found = into_cells(given_x, step)
    assert torch.equal(found, expected)
    assert found.is_contiguous(memory_format=CHANNELS_LAST)
    assert torch.equal(out_of_cells(found, x.shape, step), x)


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
    plain = PlainEngine(wrap_net(Branches().eval().double()))
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
    plain = PlainEngine(wrap_net(FirstIntoCat().eval().double()))
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
    plain = PlainEngine(wrap_net(PaddedByName().eval().double()))
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
