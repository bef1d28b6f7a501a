"""Convolutions of the torch engine that the native library does better than oneDNN.

These are what dense networks are made of: filters of 3 x 3, 5 x 5, 1 x 7 and 7 x 1 with stride 1, 1 x 1, and
any with a stride, of maps in fp32 with products in fp32 or bf16. Of an activation behind one a bit for each
value is kept instead of it; going back, the bits are applied while the gradient is read, and the gradient of
other branches is added while the result is written.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from reverie.engine.torch.conv.spec import FEW
from reverie.engine.torch.conv.taps import axes_of, in_phases
from reverie.engine.torch.kernels.cells import into_cells, out_of_cells
from reverie.engine.torch.kernels.conv import ActivationMask, ConvInput, DenseConv, Forward
from reverie.engine.torch.kernels.strided import StridedBack, StridedForth
from reverie.engine.torch.kernels.weights import cheapest_weights, pair, shared_weights
from reverie.native import Isa, dense
from reverie.native.dense import ConvolutionKind

if TYPE_CHECKING:
    from reverie.engine.torch.conv.spec import ConvSpec
    from reverie.engine.torch.conv.store import Store

CHANNELS = 16  # of the input of a convolution: fewer leave too little to multiply
#: Multiplications below which starting threads and switching between libraries costs what is won.
LEAST = 2_000_000
#: Filters with a kind of their own.
KERNELS = {kind.kernel for kind in ConvolutionKind if kind is not ConvolutionKind.GATHERED}


class Forth(Forward):
    """A convolution of stride 1 with a filter of its own kind, and an activation."""

    def __init__(self, spec: ConvSpec, shape: torch.Size, store: Store, isa: Isa) -> None:
        out = spec.out_shape(shape)
        kernel = pair(spec.weight.shape[2:])

        def weight() -> Tensor:
            return spec.folded().permute(2, 3, 1, 0)

        packed = cheapest_weights("forth", spec, weight, kernel, shape, out, store, isa)
        self._parts = [DenseConv(packed, [shape], [out], spec.padding, [spec.bias])]


class Back:
    """The gradient of such a convolution: the same with the filter turned round."""

    def __init__(self, spec: ConvSpec, shape: torch.Size, store: Store, isa: Isa) -> None:
        out = spec.out_shape(shape)
        rows, columns = kernel = pair(spec.weight.shape[2:])

        def weight() -> Tensor:
            return spec.folded().flip(2, 3).permute(2, 3, 0, 1)

        packed = cheapest_weights("back", spec, weight, kernel, out, shape, store, isa)
        before = (rows - 1 - spec.padding[0], columns - 1 - spec.padding[1])
        self._conv = DenseConv(packed, [out], [shape], before)

    def __call__(
        self, gradient: Tensor, pending: Tensor | None, gate: ActivationMask | None = None
    ) -> Tensor:
        """The gradient at the input, plus ``pending``."""
        return self._conv([ConvInput(gradient, gate)], [pending])[0].map


class CellsForth(Forward):
    """A convolution of stride 2 over a picture: one of stride 1 over cells of 2 x 2 pixels as channels."""

    def __init__(self, spec: ConvSpec, shape: torch.Size, store: Store, isa: Isa) -> None:
        rows, columns = axes_of(spec, shape)
        out = spec.out_shape(shape)
        cells = _cells(shape)

        def weight() -> Tensor:
            return in_phases(spec.folded(), rows, columns).flip(2, 3).permute(2, 3, 0, 1)

        kernel = (rows.size, columns.size)
        packed = cheapest_weights(("cells", rows, columns), spec, weight, kernel, cells, out, store, isa)
        before = (rows.first + rows.size - 1, columns.first + columns.size - 1)
        self._parts = [DenseConv(packed, [cells], [out], before, [spec.bias])]

    def _read(self, x: Tensor) -> Tensor:
        return into_cells(x.float(), (2, 2))


class CellsBack:
    """The gradient of such a convolution, in cells that are put in their places."""

    def __init__(self, spec: ConvSpec, shape: torch.Size, store: Store, isa: Isa) -> None:
        rows, columns = axes_of(spec, shape)
        out = spec.out_shape(shape)
        self._shape, cells = shape, _cells(shape)

        def weight() -> Tensor:
            return in_phases(spec.folded(), rows, columns).permute(2, 3, 1, 0)

        kernel = (rows.size, columns.size)
        packed = cheapest_weights(("cells back", rows, columns), spec, weight, kernel, out, cells, store, isa)
        self._conv = DenseConv(packed, [out], [cells], (-rows.first, -columns.first))

    def __call__(
        self, gradient: Tensor, pending: Tensor | None, gate: ActivationMask | None = None
    ) -> Tensor:
        """As ``Back``."""
        (found,) = self._conv([ConvInput(gradient, gate)], [None])
        whole = out_of_cells(found.map, self._shape, (2, 2))
        return whole if pending is None else whole + pending


class PointwiseForth:
    """Convolutions of 1 x 1 that read the same map, as one; their activations are alike, or there is none.

    Attributes:
        made: The shapes of their outputs.
    """

    def __init__(self, specs: Sequence[ConvSpec], shape: torch.Size, store: Store, isa: Isa) -> None:
        self.made = outs = [spec.out_shape(shape) for spec in specs]

        def weight() -> Tensor:
            parts = [torch.zeros(shape[1], dense.padded(out[1]), dtype=torch.float64) for out in outs]
            for part, spec in zip(parts, specs, strict=True):
                part[:, : len(spec.weight)] = spec.folded()[:, :, 0, 0].T
            return torch.cat(parts, 1)[None, None]

        convolution = shared_weights("points", specs, weight, ConvolutionKind.GATHERED, isa, store)
        linear = [spec.activation is None for spec in specs]
        biases = [spec.bias for spec in specs]
        self._activation = next((spec.activation for spec in specs if spec.activation is not None), None)
        self._conv = DenseConv(convolution, [shape], outs, (0, 0), biases, linear=linear)

    def __call__(self, x: Tensor, into: Sequence[Tensor | None] | None = None) -> list[ConvInput]:
        """Activation(convolution(x)) of each, and its gate."""
        others = [None] * len(self.made)
        return self._conv([ConvInput(x)], others, activation=self._activation, keep=True, into=into)


class PointwiseBack:
    """The gradient of some such convolutions at what they read: one with their outputs side by side."""

    def __init__(self, specs: Sequence[ConvSpec], shape: torch.Size, store: Store, isa: Isa) -> None:
        def weight() -> Tensor:
            return torch.cat([spec.folded().double()[:, :, 0, 0] for spec in specs])[None, None]

        convolution = shared_weights("points back", specs, weight, ConvolutionKind.GATHERED, isa, store)
        self._conv = DenseConv(convolution, [spec.out_shape(shape) for spec in specs], [shape], (0, 0))

    def __call__(self, gradients: Sequence[ConvInput], pending: Tensor | None) -> Tensor:
        """The sum of their gradients, plus ``pending``."""
        return self._conv(gradients, [pending])[0].map


def forth(
    spec: ConvSpec, shape: torch.Size, store: Store, isa: Isa
) -> Forth | CellsForth | StridedForth | None:
    """A convolution of an input (N, in, H, W) by the native kernels, if these are made for it."""
    if _single(spec, shape):
        return Forth(spec, shape, store, isa)
    if _of_a_picture(spec, shape):
        return CellsForth(spec, shape, store, isa)
    if _strided(spec, shape):
        return StridedForth(spec, shape, store, isa)
    return None


def back(spec: ConvSpec, shape: torch.Size, store: Store, isa: Isa) -> Back | CellsBack | StridedBack | None:
    """The gradient of a convolution by the native kernels, if these are made for it."""
    rest = [k - 1 - p for k, p in zip(spec.weight.shape[2:], spec.padding, strict=True)]
    if _single(spec, shape) and min(rest) >= 0 and len(spec.weight) >= CHANNELS:
        return Back(spec, shape, store, isa)
    if _of_a_picture(spec, shape):
        return CellsBack(spec, shape, store, isa)
    if _strided(spec, shape) and all(k >= s for k, s in zip(spec.weight.shape[2:], spec.stride, strict=True)):
        return StridedBack(spec, shape, store, isa)
    return None


def is_pointwise(spec: ConvSpec, shape: torch.Size) -> bool:
    """Whether a convolution is one of 1 x 1 that the native kernels take."""
    return (
        spec.groups == 1
        and spec.stride == spec.dilation == (1, 1)
        and spec.padding == (0, 0)
        and tuple(spec.weight.shape[2:]) == (1, 1)
        and min(spec.weight.shape[:2]) >= CHANNELS
        and spec.work(shape) >= LEAST
    )


def _single(spec: ConvSpec, shape: torch.Size) -> bool:
    """Whether a filter has a kind of its own."""
    return (
        spec.groups == 1
        and spec.stride == spec.dilation == (1, 1)
        and pair(spec.weight.shape[2:]) in KERNELS
        and spec.work(shape) >= LEAST
    )


def _strided(spec: ConvSpec, shape: torch.Size) -> bool:
    """Whether a convolution of a map is strided."""
    return (
        spec.groups == 1
        and spec.dilation == (1, 1)
        and max(spec.stride) > 1
        and min(spec.weight.shape[:2]) >= CHANNELS
        and spec.work(shape) >= LEAST
    )


def _of_a_picture(spec: ConvSpec, shape: torch.Size) -> bool:
    """Whether a convolution of a picture has stride 2 and, in cells, a filter with a kind of its own."""
    if spec.groups != 1 or spec.dilation != (1, 1) or spec.stride != (2, 2) or shape[1] > FEW:
        return False
    if len(spec.weight) < CHANNELS or spec.work(shape) < LEAST:
        return False
    rows, columns = axes_of(spec, shape)
    return (rows.size, columns.size) in KERNELS


def _cells(shape: torch.Size) -> torch.Size:
    count, channels, height, width = shape
    return torch.Size((count, 4 * channels, math.ceil(height / 2), math.ceil(width / 2)))
