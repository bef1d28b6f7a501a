"""What the tests of the native library's convolutions share."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from reverie.engine.torch.conv.activation import Activation
from reverie.engine.torch.conv.spec import ConvSpec
from reverie.engine.torch.conv.store import Store
from reverie.engine.torch.plan.prepared import PreparedConv
from reverie.native import Isa, instruction_sets

SETS = [isa for isa in instruction_sets() if isa <= Isa.AVX512]
#: Marks of tests of the library's convolutions.
NATIVE = [
    pytest.mark.usefixtures("large_enough"),
    pytest.mark.skipif(not SETS, reason="no native library on this machine"),
]
CHANNELS_LAST = torch.channels_last
RELUS = {
    "none": (None, lambda y: y),
    "relu": (Activation("relu"), torch.relu),
    "relu6": (Activation("hardtanh", (0.0, 6.0)), F.relu6),
    "leaky": (Activation("leaky_relu", (0.1,)), lambda y: F.leaky_relu(y, 0.1)),
}


def random(seed: int, *shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def last(x: Tensor) -> Tensor:
    return x.float().contiguous(memory_format=CHANNELS_LAST)


def off(found: Tensor, expected: Tensor) -> float:
    """Relative error."""
    return float((found.double() - expected).norm() / expected.norm())


def slopes_of(activation: Activation | None, y: Tensor) -> Tensor:
    """The slope of an activation at each of its results; within rounding of a kink either is right."""
    ones = torch.ones(y.shape)
    return (ones if activation is None else activation.backward(ones, y, into=None)).double()


FP32 = torch.float32


def prepared(spec: ConvSpec, shape: torch.Size, isa: Isa = Isa.AVX2, *, summed: bool = False) -> PreparedConv:
    cpu = torch.device("cpu")
    return PreparedConv(
        spec, shape, Store([]), forward=FP32, backward=FP32, device=cpu, isa=isa, summed=summed
    )
