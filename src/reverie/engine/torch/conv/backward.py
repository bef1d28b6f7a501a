"""Ways back through a frozen convolution: the gradient at its input from the one at its result.

The gradient of a convolution at its input is itself a convolution, with the kernel flipped and its channels
swapped (Dumoulin & Visin 2016, "A guide to convolution arithmetic for deep learning"); with a stride it is
one for the even and one for the odd pixels along each axis. Frozen weights are arranged and packed once, and
oneDNN's forward kernels, which are its best, do the rest, with the gradient of a second branch added on the
way out.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import torch
from torch import Tensor

from reverie.engine.torch.conv.onednn import CHANNELS_LAST, convolve
from reverie.engine.torch.conv.spec import FEW, ConvSpec, Pair
from reverie.engine.torch.conv.taps import KernelTaps, axes_of, in_phases, one_phase
from reverie.engine.torch.conv.weights import Weights

#: From the gradient (N, out, h, w), and another one (N, in, H, W) or None that is added, to (N, in, H, W).
WayBack = Callable[[Tensor, Tensor | None], Tensor]
aten = torch.ops.aten


def way_back(weights: Weights, shape: torch.Size, dtype: torch.dtype, *, fused: bool) -> WayBack:
    """The fastest way back through a convolution of an input of a shape, in a number format.

    ``fused``: oneDNN's convolutions can be used.
    """
    spec = weights.spec
    kernel = spec.weight.shape[2:]
    if fused and weights.fused(dtype):
        if _of_a_picture(spec):
            return _by_phases(weights, shape, dtype)
        reach = [d * (k - 1) for d, k in zip(spec.dilation, kernel, strict=True)]
        rest = (reach[0] - spec.padding[0], reach[1] - spec.padding[1])
        if spec.stride == (1, 1) and min(rest) >= 0:
            return _by_flipping(weights, shape, dtype, rest)
        # in fp32 what torch has takes no longer
        halves = dtype == torch.bfloat16 and spec.stride == (2, 2) and spec.dilation == (1, 1)
        if halves and _is_depthwise(spec) and min(kernel) > 1:
            return _by_each_phase(weights, shape, dtype)
    return _by_torch(weights, shape, dtype)


def _of_a_picture(spec: ConvSpec) -> bool:
    """Whether it reads few channels, so that a convolution's results would be few: four pixels are more."""
    return (
        spec.dilation == (1, 1)
        and spec.groups == 1
        and spec.weight.shape[1] <= FEW
        and max(spec.weight.shape[2:]) > 1
        and all(s in (1, 2) for s in spec.stride)
    )


def _is_depthwise(spec: ConvSpec) -> bool:
    return spec.groups == len(spec.weight) and spec.weight.shape[1] == 1


def _by_flipping(weights: Weights, shape: torch.Size, dtype: torch.dtype, padding: Pair) -> WayBack:
    spec = weights.spec
    groups = spec.groups
    out, each, *kernel = spec.weight.shape
    grouped = spec.folded().reshape(groups, out // groups, each, *kernel)
    flipped = grouped.transpose(1, 2).reshape(each * groups, out // groups, *kernel).flip(2, 3)
    packed = weights.packed(
        ("flipped",), flipped, dtype, shape=spec.out_shape(shape), padding=padding, groups=groups
    )

    def backward(gradient: Tensor, pending: Tensor | None) -> Tensor:
        return convolve(gradient, pending, packed, None, padding, (1, 1), spec.dilation, groups, "none", [])

    return backward


def _by_phases(weights: Weights, shape: torch.Size, dtype: torch.dtype) -> WayBack:
    """Each 2 x 2 pixels of the input as channels of one output position, then put in their places."""
    spec = weights.spec
    step = (2 // spec.stride[0], 2 // spec.stride[1])
    rows, columns = axes_of(spec, shape, KernelTaps.fewest)
    padding = (rows.padding, columns.padding)
    phases = in_phases(spec.folded(), rows, columns)
    packed = weights.packed(
        ("phases", rows, columns), phases, dtype, shape=spec.out_shape(shape), padding=padding, stride=step
    )
    high, wide = (math.ceil((n + t.before) / 2) for n, t in zip(shape[2:], (rows, columns), strict=True))
    pixels = (
        ...,
        slice(rows.before, rows.before + shape[2]),
        slice(columns.before, columns.before + shape[3]),
    )

    def backward(gradient: Tensor, pending: Tensor | None) -> Tensor:
        cells = convolve(gradient, None, packed, None, padding, step, (1, 1), 1, "none", [])
        cells = cells[:, :, rows.start : rows.start + high, columns.start : columns.start + wide]
        found = _out_of_cells(cells, shape[1])[pixels]
        return found if pending is None else found + pending

    return backward


def _by_each_phase(weights: Weights, shape: torch.Size, dtype: torch.dtype) -> WayBack:
    """Depthwise, stride 2: the even and the odd pixels along each axis, each four by a convolution."""
    spec = weights.spec
    rows, columns = axes_of(spec, shape)
    padding = (rows.padding, columns.padding)
    phases = []
    for r, c in itertools.product((0, 1), (0, 1)):
        packed = weights.packed(
            ("phase", rows, columns, r, c), one_phase(spec.folded(), rows, columns, r, c), dtype,
            shape=spec.out_shape(shape), padding=padding, groups=spec.groups,
        )  # fmt: skip
        top, left = rows.start + rows.entries[r][0][0], columns.start + columns.entries[c][0][0]
        phases.append((r, c, top, left, packed))

    def backward(gradient: Tensor, pending: Tensor | None) -> Tensor:
        found = torch.empty(shape, dtype=dtype, memory_format=CHANNELS_LAST)
        for r, c, top, left, packed in phases:
            part = convolve(gradient, None, packed, None, padding, (1, 1), (1, 1), spec.groups, "none", [])
            into = found[:, :, r::2, c::2]
            into.copy_(part[:, :, top : top + into.shape[2], left : left + into.shape[3]])
        return found if pending is None else found.add_(pending)

    return backward


def _by_torch(weights: Weights, shape: torch.Size, dtype: torch.dtype) -> WayBack:
    spec, device = weights.spec, weights.device
    # oneDNN's strided depthwise gradient is 15 times slower in bf16 than in fp32
    slow = device.type == "cpu" and dtype == torch.bfloat16 and spec.groups > 1
    inner = torch.float32 if slow else dtype
    weight = weights.plain(inner)

    def backward(gradient: Tensor, pending: Tensor | None) -> Tensor:
        like = torch.empty(shape, dtype=inner, device=device, memory_format=CHANNELS_LAST)
        found: Tensor = aten.convolution_backward(
            gradient.to(inner), like, weight, None, spec.stride, spec.padding, spec.dilation, False,
            [0, 0], spec.groups, [True, False, False],
        )[0]  # fmt: skip
        found = found.to(dtype)
        return found if pending is None else found.add_(pending)

    return backward


def _out_of_cells(cells: Tensor, channels: int) -> Tensor:
    """(N, 4 C, h, w) -> (N, C, 2 h, 2 w), a plane a channel."""
    count, _, high, wide = cells.shape
    planes = cells.contiguous().view(count, 2, 2, channels, high, wide)
    return planes.permute(0, 3, 4, 1, 5, 2).reshape(count, channels, 2 * high, 2 * wide)
