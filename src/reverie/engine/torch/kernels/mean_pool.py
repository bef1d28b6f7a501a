"""Average pooling of stride 1 in the torch engine, with what follows it where it stands behind a convolution.

A mean over pixels and a convolution of 1 x 1, which mixes channels, may change places: convolution first, and
only the channels that it leaves are averaged (a quarter of them or fewer in Inception networks, Szegedy et
al. 2015, "Rethinking the Inception architecture"). Its bias and activation come last, as before.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from reverie.engine.torch.conv.activation import Activation
from reverie.engine.torch.conv.onednn import CHANNELS_LAST
from reverie.engine.torch.kernels.conv import ActivationMask, ConvInput, DenseConv, gates
from reverie.native import Isa, dense


class PreparedBox:
    """Activation(mean over windows + bias) at one size; zeros around the picture count, as they do in torch.

    Attributes:
        shape: The input's, and the results'.
        activation: Comes last.
        gates: As of ``PreparedConv``.
        places: Whether forward can write its result into some channels of a larger map.
    """

    def __init__(
        self,
        kernel: tuple[int, int],
        shape: torch.Size,
        *,
        bias: Tensor | None = None,
        activation: Activation | None = None,
        isa: Isa | None = None,
    ) -> None:
        """For an input (N, C, H, W).

        Args:
            kernel: Rows and columns of a window, odd.
            shape: The input's.
            bias: (C,) in the input's number format; None for zero.
            activation: Comes last.
            isa: The instruction set of the native library, for maps in fp32; None for torch alone.
        """
        self.shape, self.activation, self._kernel = shape, activation, kernel
        self._padding = (kernel[0] // 2, kernel[1] // 2)
        self._bias = None if bias is None else bias.view(1, -1, 1, 1)
        self._forth = self._back = None
        if isa is not None and (activation is None or gates(activation)):
            box = dense.Box(shape[1], kernel, isa)
            self._forth = DenseConv(box, [shape], [shape], self._padding, [bias])
            self._back = DenseConv(box, [shape], [shape], self._padding)
        self.places = self._forth is not None
        self.gates = self.places and activation is not None

    def forward(
        self, x: Tensor, other: Tensor | None, into: Tensor | None = None
    ) -> tuple[Tensor, ActivationMask | None]:
        """Activation(mean(x) + bias + other). (N, C, H, W) -> the same, and its gate if it ``gates``."""
        if self._forth is not None:
            (found,) = self._forth(
                [ConvInput(x)], [other], activation=self.activation, keep=self.gates, into=[into]
            )
            return found.map, found.gate
        y = self._mean(x)
        for added in (self._bias, other):
            if added is not None:
                y = y.add_(added)
        return (y if self.activation is None else self.activation.apply_(y)), None

    def backward(
        self, gradient: Tensor, pending: Tensor | None, gate: ActivationMask | None = None
    ) -> Tensor:
        """The gradient at the input, plus ``pending``; as of ``PreparedConv``."""
        if self._back is not None:
            return self._back([ConvInput(gradient, gate)], [pending])[0].map
        found = self._mean(gradient.contiguous(memory_format=CHANNELS_LAST))
        return found if pending is None else found.add_(pending)

    def _mean(self, x: Tensor) -> Tensor:
        return F.avg_pool2d(x, self._kernel, 1, self._padding)
