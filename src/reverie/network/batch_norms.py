"""What batch norms remember of the pictures a network was trained on: mean and deviation of each channel."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

#: No channel's deviation is taken for less: a dead channel would weigh more than all others.
LEAST = 0.02


@dataclass(frozen=True)
class Statistics:
    """How a layer's channels are distributed over natural pictures.

    Attributes:
        layer: Where they are read.
        mean: (C,) over pictures and positions.
        deviation: (C,), at least ``LEAST``.
        less: The layer whose activations are taken off first, as a residual block adds them after the norm.
    """

    layer: str
    mean: Tensor
    deviation: Tensor
    less: str | None = None


def after_norm(scale: Tensor, shift: Tensor, variance: Tensor, eps: float) -> tuple[Tensor, Tensor]:
    """Mean and deviation of what a batch norm gives out: its shift, and its scale but for epsilon."""
    deviation = scale.double().abs() * torch.sqrt(variance.double() / (variance.double() + eps))
    return shift.float(), deviation.clamp_min(LEAST).float()


def rectified(mean: Tensor, deviation: Tensor, top: float = 6.0) -> tuple[Tensor, Tensor]:
    """Mean and deviation of normal numbers cut off at 0 and ``top``, as ReLU6 does."""
    m, s = mean.double(), deviation.double().clamp_min(1e-12)
    a, b = -m / s, (top - m) / s

    def density(z: Tensor) -> Tensor:
        return torch.exp(-z * z / 2) / math.sqrt(2 * math.pi)

    def share(z: Tensor) -> Tensor:
        return (1 + torch.erf(z / math.sqrt(2))) / 2

    inside = share(b) - share(a)
    first = m * inside + s * (density(a) - density(b)) + top * (1 - share(b))
    second = (m * m + s * s) * inside + s * (m * (density(a) - density(b)))
    second = second + s * s * (a * density(a) - b * density(b)) + m * s * (density(a) - density(b))
    second = second + top * top * (1 - share(b))
    spread = (second - first * first).clamp_min(0).sqrt()
    return first.float(), spread.clamp_min(LEAST).float()


def of_modules(module: nn.Module, layers: Mapping[str, object]) -> tuple[Statistics, ...]:
    """The statistics that a module's batch norms keep, of those whose outputs are layers."""
    found = []
    for name, part in module.named_modules():
        if not isinstance(part, nn.BatchNorm2d) or name not in layers or part.running_var is None:
            continue
        ones = torch.ones_like(part.running_var)
        scale = ones if part.weight is None else part.weight.detach()
        shift = torch.zeros_like(ones) if part.bias is None else part.bias.detach()
        mean, deviation = after_norm(scale.cpu(), shift.cpu(), part.running_var.cpu(), part.eps)
        found.append(Statistics(name, mean, deviation))
    return tuple(found)
