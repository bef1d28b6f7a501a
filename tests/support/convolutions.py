"""What the tests of the native library's convolutions share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from reverie.engine.torch.conv.activation import Activation
from reverie.engine.torch.kernels import dense as torch_dense
from reverie.native import Isa, instruction_sets

SETS = [isa for isa in instruction_sets() if isa <= Isa.AVX512]
CHANNELS_LAST = torch.channels_last
RELUS = {
    "none": (None, lambda y: y),
    "relu": (Activation("relu"), torch.relu),
    "relu6": (Activation("hardtanh", (0.0, 6.0)), F.relu6),
    "leaky": (Activation("leaky_relu", (0.1,)), lambda y: F.leaky_relu(y, 0.1)),
}


@pytest.fixture(autouse=True)
def everything_is_large_enough(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Small convolutions are natively done too, and threads are as before."""
    threads = torch.get_num_threads()
    monkeypatch.setattr(torch_dense, "LEAST", 0)
    yield
    torch.set_num_threads(threads)


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
