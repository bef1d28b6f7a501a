"""Convolutions on the native library's kernels, forward and back, beside torch's in float64."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from reverie.engine.torch.conv.activation import Activation
from reverie.engine.torch.conv.spec import ConvSpec
from reverie.engine.torch.conv.store import Store
from reverie.engine.torch.kernels import dense as torch_dense
from reverie.engine.torch.kernels.conv import ConvInput
from reverie.engine.torch.kernels.dense import PointwiseBack, PointwiseForth
from reverie.engine.torch.kernels.max_pool import Pool
from reverie.native import Isa
from support.convolutions import NATIVE, RELUS, SETS, last, off, prepared, random, slopes_of

pytestmark = NATIVE


@pytest.mark.slow
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
    forth = PointwiseForth(specs, x.shape, Store([]), isa)
    back = PointwiseBack(specs, x.shape, Store([]), isa)
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
    gradient = back([ConvInput(p, gate) for p, (_, gate) in zip(parts, given, strict=True)], last(more))
    assert off(gradient, slope + more) < 1e-5


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
