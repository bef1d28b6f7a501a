"""Frozen convolutions, prepared once: weights packed, forward in one number format and back in another."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from reverie.engine.torch.conv.activation import Activation
from reverie.engine.torch.conv.backward import way_back
from reverie.engine.torch.conv.onednn import convolve
from reverie.engine.torch.conv.spec import ConvSpec
from reverie.engine.torch.conv.store import Store
from reverie.engine.torch.conv.weights import Weights
from reverie.engine.torch.kernels import dense as torch_dense
from reverie.engine.torch.kernels.conv import ActivationMask, gates
from reverie.native import Isa


class PreparedConv:
    """A convolution at one size of input, forward in one number format and backward in another.

    Attributes:
        spec: What it computes.
        gates: Forward tells where the activation let its values through, and backward wants to know that
            instead of a gradient from before the activation.
    """

    def __init__(
        self,
        spec: ConvSpec,
        shape: torch.Size,
        store: Store,
        *,
        forward: torch.dtype,
        backward: torch.dtype,
        device: torch.device,
        isa: Isa | None = None,
        back_isa: Isa | None = None,
        summed: bool = False,
    ) -> None:
        """Packs what ``store`` does not have yet.

        Args:
            spec: What to compute.
            shape: The input's, (N, in, H, W).
            store: Where packed weights are kept.
            forward: Number format.
            backward: Number format.
            device: Where it runs.
            isa: The instruction set of the native library's convolutions; None for oneDNN's alone.
            back_isa: The same for the backward pass; None takes ``isa``.
            summed: Another value will be added before the activation.
        """
        self.spec, self.shape, self._dtype = spec, shape, forward
        weights = Weights(spec, store, device)
        self._fused = weights.fused(forward)
        native = isa if device.type == "cpu" else None
        native_back = native and (back_isa or native)
        fits, fits_back = forward == torch.float32, backward == torch.float32
        self._dense = torch_dense.forth(spec, shape, store, native) if native and fits else None
        self._dense_back = (
            torch_dense.back(spec, shape, store, native_back) if native_back and fits_back else None
        )
        both = self._dense is not None and self._dense_back is not None
        self.gates = both and not summed and gates(spec.activation)
        if self._dense is None:
            self._weight = self._forward_weight(weights)
            self._bias = None if spec.bias is None else spec.bias.to(device, forward)
        if self._dense_back is None:
            self._backward = way_back(weights, shape, backward, fused=self._fused)

    @property
    def activation(self) -> Activation | None:
        """What comes last."""
        return self.spec.activation

    @property
    def places(self) -> bool:
        """Whether forward can write its result into some channels of a larger map."""
        return self._dense is not None and (self.spec.activation is None or self.gates)

    def forward(
        self, x: Tensor, other: Tensor | None, into: Tensor | None = None
    ) -> tuple[Tensor, ActivationMask | None]:
        """Activation(convolution(x) + other). (N, in, H, W) -> (N, out, h, w)."""
        if self._dense is None:
            return self._forward(x, other), None
        activation = self.spec.activation
        if activation is None or gates(activation):
            return self._dense(x, other, activation=activation, keep=self.gates, into=into)
        y, _ = self._dense(x, other)
        return activation.apply_(y), None

    def backward(
        self, gradient: Tensor, pending: Tensor | None, gate: ActivationMask | None = None
    ) -> Tensor:
        """The gradient at the input, plus ``pending``; of the activation ``gate`` is all that it minds."""
        if self._dense_back is None:
            return self._backward(gradient, pending)
        return self._dense_back(gradient, pending, gate)

    def _forward_weight(self, weights: Weights) -> Tensor:
        if not self._fused:
            return weights.plain(self._dtype)
        spec = self.spec
        return weights.packed(
            ("forward",), spec.folded(), self._dtype,
            shape=self.shape, padding=spec.padding, stride=spec.stride, groups=spec.groups,
        )  # fmt: skip

    def _forward(self, x: Tensor, other: Tensor | None) -> Tensor:
        spec = self.spec
        x = x.to(self._dtype)
        if not self._fused:
            y = F.conv2d(x, self._weight, self._bias, spec.stride, spec.padding, spec.dilation, spec.groups)
            if other is not None:
                y = y.add_(other)
            return y if spec.activation is None else spec.activation.apply_(y)
        kind, numbers = "none", []
        within = spec.activation is not None and (other is None or spec.activation.kind == "relu")
        if within and spec.activation is not None:
            kind, numbers = spec.activation.kind, list(spec.activation.numbers)
        other = None if other is None else other.to(self._dtype)
        y = convolve(
            x, other, self._weight, self._bias, spec.padding, spec.stride, spec.dilation, spec.groups,
            kind, numbers,
        )  # fmt: skip
        return y if within or spec.activation is None else spec.activation.apply_(y)
