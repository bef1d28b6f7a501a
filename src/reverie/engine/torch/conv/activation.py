"""Pointwise functions behind convolutions, whose slopes are read from their results."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

aten = torch.ops.aten


@dataclass(frozen=True)
class Activation:
    """A pointwise function whose slope can be read from its result.

    Attributes:
        kind: ``relu``, ``hardtanh`` or ``leaky_relu``.
        numbers: Limits of hardtanh, slope of leaky ReLU.
    """

    kind: str
    numbers: tuple[float, ...] = ()

    @property
    def limited(self) -> bool:
        """Whether its slope is another at a limit that results below it would be rounded to in bf16."""
        return self.kind == "hardtanh" and not (self.numbers[0] == 0 and _is_tied(self.numbers[1]))

    def tied(self) -> tuple[Activation, float]:
        """For results in other units: the same between 0 and a limit that rounds up in bf16, alone.

        A limit half-way between two numbers of bf16 rounds to the upper of them, and every result below it to
        the lower one or less: whether a result was at the limit can be told from its rounding. Networks of
        ReLU6 know no units (ReLU6 of c x, up to 6 c, is c times ReLU6 of x), so that any limit will do.

        Returns:
            The activation, and what results are multiplied with; itself and 1 if there is nothing to gain.
        """
        if not self.limited or self.numbers[0] != 0 or not 1e-30 < self.numbers[1] < 1e30:
            return self, 1.0
        high = self.numbers[1]
        upper = (_bits(high) >> 16) - 1 | 1
        tied = _number(upper << 16 | 0x8000)
        return Activation(self.kind, (0.0, tied)), tied / high

    def apply_(self, y: Tensor) -> Tensor:
        """In place."""
        if self.kind == "relu":
            return y.relu_()
        if self.kind == "hardtanh":
            return F.hardtanh_(y, *self.numbers)
        return F.leaky_relu_(y, *self.numbers)

    def backward(self, gradient: Tensor, y: Tensor, *, into: Tensor | None) -> Tensor:
        """The gradient before it, from the result ``y``, written ``into`` a tensor if one is given."""
        slope, numbers = {
            "relu": (aten.threshold_backward, (0,)),
            "hardtanh": (aten.hardtanh_backward, self.numbers),
            "leaky_relu": (aten.leaky_relu_backward, (*self.numbers, True)),
        }[self.kind]
        found: Tensor = (
            slope(gradient, y, *numbers)
            if into is None
            else slope.grad_input(gradient, y, *numbers, grad_input=into)
        )
        return found


def _bits(number: float) -> int:
    """Of a positive number in fp32, whose upper 16 are a bf16."""
    (bits,) = struct.unpack("<I", struct.pack("<f", number))
    return int(bits)


def _number(bits: int) -> float:
    (number,) = struct.unpack("<f", struct.pack("<I", bits))
    return float(number)


def _is_tied(number: float) -> bool:
    """Whether a number is positive, exact in fp32, and half-way to the next bf16, which it rounds to."""
    return number > 0 and _number(_bits(number)) == number and _bits(number) & 0x1FFFF == 0x18000
