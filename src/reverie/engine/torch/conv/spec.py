"""A convolution, its batch norm and its activation, before anything is prepared."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from reverie.engine.torch.conv.activation import Activation

Pair = tuple[int, int]
FEW = 8  # channels of a picture, not of a layer


@dataclass
class ConvSpec:
    """A two-dimensional convolution with what follows it, before it is prepared.

    Attributes:
        weight: (out, in / groups, kernel, kernel), as the network has it.
        bias: (out,), with a folded batch norm's shift; None for zero.
        stride: By axis.
        padding: Zeros on both sides, by axis.
        dilation: By axis.
        groups: Of channels.
        scale: (out,) in float64, what a folded batch norm multiplies the weight with.
        norms: The tensors that ``scale`` was made of.
        activation: Comes last.
        factor: What the weight is multiplied with for values in other units; the bias is in them already.
    """

    weight: Tensor
    bias: Tensor | None
    stride: Pair
    padding: Pair
    dilation: Pair
    groups: int
    scale: Tensor | None = None
    norms: tuple[Tensor, ...] = ()
    activation: Activation | None = None
    factor: float = 1.0

    @property
    def sources(self) -> tuple[Tensor, ...]:
        """The tensors that the folded weight is made of."""
        return (self.weight, *self.norms)

    def folded(self) -> Tensor:
        """The weight with the batch norm in it, on the CPU; in float64 where there is one."""
        weight = self.weight.detach().cpu()
        if self.scale is not None:
            weight = weight.double() * self.scale.view(-1, 1, 1, 1)
        return weight if self.factor == 1 else weight.double() * self.factor

    def out_shape(self, shape: torch.Size) -> torch.Size:
        """(N, out, h, w) for an input (N, in, H, W)."""
        axes = zip(shape[2:], self.weight.shape[2:], self.stride, self.padding, self.dilation, strict=True)
        sides = [(n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in axes]
        return torch.Size((shape[0], self.weight.shape[0], *sides))

    def work(self, shape: torch.Size) -> int:
        """Multiplications for an input of a shape."""
        return self.out_shape(shape).numel() * self.weight[0].numel()
