"""The frozen weights of a convolution, in the number formats and the layouts that operators want."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from reverie.engine.torch.conv.onednn import CHANNELS_LAST, fused_operators, layout, packed_for
from reverie.engine.torch.conv.spec import ConvSpec, Pair
from reverie.engine.torch.conv.store import Store


@dataclass(frozen=True)
class Weights:
    """Of one convolution on a device.

    Attributes:
        spec: The convolution.
        store: Where what is made of its weight is kept.
        device: Where it is needed.
    """

    spec: ConvSpec
    store: Store
    device: torch.device

    def fused(self, dtype: torch.dtype) -> bool:
        """Whether oneDNN's convolutions with things fused behind them are to be had."""
        return self.device.type == "cpu" and fused_operators(dtype)

    def packed(
        self,
        purpose: tuple[object, ...],
        arranged: Tensor,
        dtype: torch.dtype,
        *,
        shape: torch.Size,
        padding: Pair,
        stride: Pair = (1, 1),
        groups: int = 1,
    ) -> Tensor:
        """A weight as oneDNN wants it.

        What it wants depends on the size of the input. It takes any layout, but another one than that costs
        it more than the convolution: so each size has its own, and those that are alike are one.

        Args:
            purpose: What tells it from others that are made of the same tensors.
            arranged: (out, in / groups, kernel, kernel), made of the folded weight.
            dtype: The number format.
            shape: Of what it is convolved with, (N, in, H, W).
            padding: Zeros on both sides, by axis.
            stride: By axis.
            groups: Of channels.
        """
        plain = arranged.to(dtype).contiguous(memory_format=CHANNELS_LAST)
        packed = packed_for(plain, padding, stride, self.spec.dilation, groups, shape)
        key = ("packed", *purpose, dtype, self.spec.factor)
        return self.store.alike(key, self.spec.sources, packed, layout(packed))

    def plain(self, dtype: torch.dtype) -> Tensor:
        """The folded weight in torch's own layout, channels last."""

        def make() -> Tensor:
            return self.spec.folded().to(self.device, dtype).contiguous(memory_format=CHANNELS_LAST)

        return self.store.get(("plain", dtype, self.spec.factor), self.spec.sources, make)
