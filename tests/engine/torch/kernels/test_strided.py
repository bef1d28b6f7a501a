"""Convolutions in steps of two and more, beside torch's in float64."""

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
from reverie.engine.torch.plan.prepared import PreparedConv
from reverie.native import Isa
from support.convolutions import FP32, NATIVE, RELUS, SETS, last, off, prepared, random, slopes_of

pytestmark = NATIVE


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
