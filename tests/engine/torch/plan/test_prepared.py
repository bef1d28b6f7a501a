"""Prepared convolutions beside torch's."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from reverie.engine.torch.conv.onednn import fused_operators, layout
from reverie.engine.torch.conv.spec import ConvSpec
from reverie.engine.torch.conv.store import Store
from reverie.engine.torch.plan.prepared import PreparedConv

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
