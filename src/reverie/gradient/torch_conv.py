"""Frozen convolutions, prepared once: weights packed, also for the gradient, which is a forward pass too.

The gradient of a convolution at its input is itself a convolution, with the kernel flipped and its channels
swapped (Dumoulin & Visin 2016, "A guide to convolution arithmetic for deep learning"). Frozen weights are
flipped and packed once, and oneDNN's forward kernels, which are its best, do the rest, with the gradient of a
second branch added on the way out.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor

from reverie.gradient import torch_dense
from reverie.gradient.torch_dense import FEW
from reverie.gradient.torch_dense_conv import Gate, gates
from reverie.gradient.torch_onednn import CHANNELS_LAST, convolve, fused_operators, layout, packed_for
from reverie.gradient.torch_taps import Taps, in_phases
from reverie.native import Isa

LAYOUTS = 4  # of one weight that are kept for sizes to come
Pair = tuple[int, int]
Made = TypeVar("Made")
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
        """Whether its slope is another at a limit, which results must not be rounded to."""
        return self.kind == "hardtanh"

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


@dataclass
class Store:
    """What is made from frozen weights, shared by the plans for all sizes of picture.

    Attributes:
        weights: The tensors of the network: what is made of others is not kept.
    """

    weights: list[Tensor]
    _made: dict[tuple[object, ...], tuple[tuple[Tensor, ...], Any]] = field(default_factory=dict)
    _packed: dict[tuple[object, ...], tuple[tuple[Tensor, ...], dict[bytes, Tensor]]] = field(
        default_factory=dict
    )

    def __post_init__(self) -> None:
        self._ours = {id(w) for w in self.weights}

    def get(self, purpose: tuple[object, ...], sources: tuple[Tensor, ...], make: Callable[[], Made]) -> Made:
        """``make()``, or what it returned the last time for this purpose and these tensors."""
        if not all(id(s) in self._ours for s in sources):
            return make()
        key = (*purpose, *map(id, sources))
        if key not in self._made:
            self._made[key] = (sources, make())
        found: Made = self._made[key][1]
        return found

    def alike(
        self, purpose: tuple[object, ...], sources: tuple[Tensor, ...], packed: Tensor, layout: bytes
    ) -> Tensor:
        """``packed``, or what was packed before for this purpose of these tensors and has the same layout.

        Only the newest layouts are kept, however many sizes of picture come.
        """
        if not all(id(s) in self._ours for s in sources):
            return packed
        _, kept = self._packed.setdefault((*purpose, *map(id, sources)), (sources, {}))
        found = kept.pop(layout, packed)
        kept[layout] = found
        if len(kept) > LAYOUTS:
            del kept[next(iter(kept))]
        return found

    def clear(self) -> None:
        """Forget everything: the weights were changed."""
        self._made.clear()
        self._packed.clear()


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

    @property
    def sources(self) -> tuple[Tensor, ...]:
        """The tensors that the folded weight is made of."""
        return (self.weight, *self.norms)

    def folded(self) -> Tensor:
        """The weight with the batch norm in it, on the CPU; in float64 where there is one."""
        weight = self.weight.detach().cpu()
        return weight if self.scale is None else weight.double() * self.scale.view(-1, 1, 1, 1)

    def out_shape(self, shape: torch.Size) -> torch.Size:
        """(N, out, h, w) for an input (N, in, H, W)."""
        axes = zip(shape[2:], self.weight.shape[2:], self.stride, self.padding, self.dilation, strict=True)
        sides = [(n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in axes]
        return torch.Size((shape[0], self.weight.shape[0], *sides))

    def work(self, shape: torch.Size) -> int:
        """Multiplications for an input of a shape."""
        return self.out_shape(shape).numel() * self.weight[0].numel()


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
        self.spec, self.shape, self._out = spec, shape, spec.out_shape(shape)
        self._store, self._device, self._dtype = store, device, forward
        self._fused = device.type == "cpu" and fused_operators(forward)
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
            self._weight = self._packed("forward", forward, spec.padding, spec.stride, shape)
            self._bias = None if spec.bias is None else spec.bias.to(device, forward)
        if self._dense_back is None:
            self._backward = self._choose_backward(backward)

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
    ) -> tuple[Tensor, Gate | None]:
        """Activation(convolution(x) + other). (N, in, H, W) -> (N, out, h, w)."""
        if self._dense is None:
            return self._forward(x, other), None
        activation = self.spec.activation
        if activation is None or gates(activation):
            return self._dense(x, other, activation=activation, keep=self.gates, into=into)
        y, _ = self._dense(x, other)
        return activation.apply_(y), None

    def backward(self, gradient: Tensor, pending: Tensor | None, gate: Gate | None = None) -> Tensor:
        """The gradient at the input, plus ``pending``; of the activation ``gate`` is all that it minds."""
        if self._dense_back is None:
            return self._backward(gradient, pending)
        return self._dense_back(gradient, pending, gate)

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

    def _choose_backward(self, dtype: torch.dtype) -> Callable[[Tensor, Tensor | None], Tensor]:
        spec = self.spec
        inputs = spec.weight.shape[1] * spec.groups
        if self._fused and fused_operators(dtype):
            plain = spec.dilation == (1, 1) and spec.groups == 1
            if plain and inputs <= FEW and max(spec.weight.shape[2:]) > 1 and _halves(spec.stride):
                return self._by_phases(dtype)
            reach = [d * (k - 1) for d, k in zip(spec.dilation, spec.weight.shape[2:], strict=True)]
            rest = (reach[0] - spec.padding[0], reach[1] - spec.padding[1])
            if spec.stride == (1, 1) and min(rest) >= 0:
                return self._by_flipping(dtype, rest)
        return self._by_torch(dtype)

    def _by_flipping(self, dtype: torch.dtype, padding: Pair) -> Callable[[Tensor, Tensor | None], Tensor]:
        spec = self.spec
        packed = self._packed("flipped", dtype, padding, (1, 1), self._out)

        def backward(gradient: Tensor, pending: Tensor | None) -> Tensor:
            return convolve(
                gradient, pending, packed, None, padding, (1, 1), spec.dilation, spec.groups, "none", []
            )

        return backward

    def _by_phases(self, dtype: torch.dtype) -> Callable[[Tensor, Tensor | None], Tensor]:
        """Each 2 x 2 pixels of the input as channels of one output position, then put in their places."""
        spec = self.spec
        height, width = self.shape[2:]
        step = (2 // spec.stride[0], 2 // spec.stride[1])
        rows = Taps.of(spec.weight.shape[2], spec.stride[0], spec.padding[0], height, self._out[2])
        columns = Taps.of(spec.weight.shape[3], spec.stride[1], spec.padding[1], width, self._out[3])
        padding = (rows.padding, columns.padding)
        packed = self._packed(("phases", rows, columns), dtype, padding, step, self._out)
        high, wide = math.ceil(height / 2), math.ceil(width / 2)

        def backward(gradient: Tensor, pending: Tensor | None) -> Tensor:
            cells = convolve(gradient, None, packed, None, padding, step, (1, 1), 1, "none", [])
            cells = cells[:, :, rows.start : rows.start + high, columns.start : columns.start + wide]
            found = _out_of_cells(cells, self.shape)
            return found if pending is None else found + pending

        return backward

    def _by_torch(self, dtype: torch.dtype) -> Callable[[Tensor, Tensor | None], Tensor]:
        spec, shape, device = self.spec, self.shape, self._device
        # oneDNN's strided depthwise gradient is 15 times slower in bf16 than in fp32
        slow = device.type == "cpu" and dtype == torch.bfloat16 and spec.groups > 1
        inner = torch.float32 if slow else dtype
        weight = self._plain_weight(inner)

        def backward(gradient: Tensor, pending: Tensor | None) -> Tensor:
            like = torch.empty(shape, dtype=inner, device=device, memory_format=CHANNELS_LAST)
            found: Tensor = aten.convolution_backward(
                gradient.to(inner), like, weight, None, spec.stride, spec.padding, spec.dilation, False,
                [0, 0], spec.groups, [True, False, False],
            )[0]  # fmt: skip
            found = found.to(dtype)
            return found if pending is None else found.add_(pending)

        return backward

    def _packed(
        self,
        purpose: str | tuple[object, ...],
        dtype: torch.dtype,
        padding: Pair,
        stride: Pair,
        shape: torch.Size,
    ) -> Tensor:
        """The weight as oneDNN wants it, or in torch's own layout where oneDNN is not used.

        What it wants depends on the size of the input. It takes any layout, but another one than that costs
        it more than the convolution: so each size has its own, and those that are alike are one.
        """
        if not self._fused:
            return self._plain_weight(dtype)
        spec = self.spec
        groups = 1 if isinstance(purpose, tuple) else spec.groups
        weight = _arranged(purpose, spec.folded(), spec.groups)
        plain = weight.to(dtype).contiguous(memory_format=CHANNELS_LAST)
        packed = packed_for(plain, padding, stride, spec.dilation, groups, shape)
        return self._store.alike(("packed", purpose, dtype), spec.sources, packed, layout(packed))

    def _plain_weight(self, dtype: torch.dtype) -> Tensor:
        def make() -> Tensor:
            weight = self.spec.folded().to(self._device, dtype)
            return weight.contiguous(memory_format=CHANNELS_LAST)

        return self._store.get(("plain", dtype), self.spec.sources, make)


def _arranged(purpose: str | tuple[object, ...], weight: Tensor, groups: int) -> Tensor:
    """The weight for a purpose: as it is, flipped for the gradient, or split into phases."""
    if purpose == "forward":
        return weight
    if purpose == "flipped":
        out, each, *kernel = weight.shape
        grouped = weight.reshape(groups, out // groups, each, *kernel)
        return grouped.transpose(1, 2).reshape(each * groups, out // groups, *kernel).flip(2, 3)
    assert isinstance(purpose, tuple)
    rows, columns = purpose[1], purpose[2]
    assert isinstance(rows, Taps)
    assert isinstance(columns, Taps)
    return in_phases(weight, rows, columns)


def _out_of_cells(cells: Tensor, shape: torch.Size) -> Tensor:
    """(N, 4 C, h, w) with h and w half of H and W, rounded up -> (N, C, H, W), a plane a channel."""
    count, channels, height, width = shape
    high, wide = math.ceil(height / 2), math.ceil(width / 2)
    planes = cells.contiguous().view(count, 2, 2, channels, high, wide)
    whole = planes.permute(0, 3, 4, 1, 5, 2).reshape(count, channels, 2 * high, 2 * wide)
    return whole[:, :, :height, :width]


def _halves(stride: Pair) -> bool:
    return all(s in (1, 2) for s in stride)
