"""Which entries of a convolution's kernel meet the even and the odd pixels of what it reads."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from reverie.engine.torch.conv.spec import ConvSpec


@dataclass(frozen=True)
class KernelTaps:
    """Along one axis: which kernel entries make the even and the odd pixels of the input's gradient.

    Pixel i = 2 j + r of the input takes entry a = i + padding - stride * o from output o; with
    o = (2 / stride) j + d this is a = r + padding - stride * d, the same for every j. Cells of two pixels may
    also begin before the first pixel (``before``), r = -1 and 0.
    """

    entries: tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]  # by r: (place, entry)
    size: int
    padding: int  # of the convolution, on both sides
    start: int  # of its results, before which there is padding only
    first: int  # d of place 0
    before: int = 0  # pixels of the first cell that are none of the input's

    @staticmethod
    def of(kernel: int, stride: int, padding: int, length: int, outputs: int, before: int = 0) -> KernelTaps:
        pairs = [
            [(d, r - before + padding - stride * d) for d in range(-kernel - padding, kernel + padding + 2)]
            for r in (0, 1)
        ]
        fits = [[(d, a) for d, a in side if 0 <= a < kernel] for side in pairs]
        first = min(d for side in fits for d, _ in side)
        size = max(d for side in fits for d, _ in side) - first + 1
        step = 2 // stride
        ahead = -first
        after = (math.ceil((length + before) / 2) - 1) * step + size - ahead - outputs
        around = max(ahead, after, 0)
        around += (around - ahead) % step  # so that the first result wanted is a result
        entries = [tuple((d - first, a) for d, a in side) for side in fits]
        return KernelTaps((entries[0], entries[1]), size, around, (around - ahead) // step, first, before)

    @staticmethod
    def fewest(kernel: int, stride: int, padding: int, length: int, outputs: int) -> KernelTaps:
        """With cells that begin where fewer places are needed."""
        return min(
            (KernelTaps.of(kernel, stride, padding, length, outputs, before) for before in (0, 1)),
            key=lambda taps: taps.size,
        )


def axes_of(
    spec: ConvSpec, shape: torch.Size, of: Callable[..., KernelTaps] = KernelTaps.of
) -> tuple[KernelTaps, KernelTaps]:
    """The taps of a convolution, of its rows and of its columns, for an input of a shape."""
    sides = (spec.weight.shape[2:], spec.stride, spec.padding, shape[2:], spec.out_shape(shape)[2:])
    rows, columns = (of(*axis) for axis in zip(*sides, strict=True))
    return rows, columns


def in_phases(weight: Tensor, rows: KernelTaps, columns: KernelTaps) -> Tensor:
    """Of (out, in, kernel, kernel), the weight that makes cells of 2 x 2 pixels from outputs.

    Returns:
        (4 in, out, rows.size, columns.size): four pixels of the input's gradient, row by row.
    """
    out, inputs = weight.shape[:2]
    phases = weight.new_zeros(2, 2, inputs, out, rows.size, columns.size)
    for r in (0, 1):
        for q in (0, 1):
            for place, entry in rows.entries[r]:
                for at, a in columns.entries[q]:
                    phases[r, q, :, :, place, at] = weight[:, :, entry, a].T
    return phases.reshape(4 * inputs, out, rows.size, columns.size)


def one_phase(weight: Tensor, rows: KernelTaps, columns: KernelTaps, row: int, column: int) -> Tensor:
    """Of (channels, 1, kernel, kernel), the entries that make even (0) or odd (1) rows and columns.

    Returns:
        (channels, 1, k, k), in the order of a convolution over the outputs; the first one is at the first
        place of ``rows.entries[row]`` and ``columns.entries[column]``.
    """
    down = [entry for _, entry in rows.entries[row]]
    across = [entry for _, entry in columns.entries[column]]
    return weight[:, :, down][:, :, :, across]
