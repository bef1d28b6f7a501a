"""A Gaussian blur of pictures, edges mirrored: its own adjoint, and each item by itself."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from reverie.ops.filters import gaussian_kernel


def gaussian_blur(x: Tensor, sigma: float, *, truncate: float = 4.0) -> Tensor:
    """Blur (..., H, W) with a Gaussian, mirrored about the outer side of the edge pixels.

    The blur is a symmetric matrix, so the gradient through it is the blur of the gradient.

    Args:
        x: Any number of planes.
        sigma: In pixels; 0 gives ``x`` itself.
        truncate: The kernel ends after so many sigmas; 4 is scipy's ``gaussian_filter``.
    """
    radius = int(truncate * sigma + 0.5)
    if sigma <= 0 or radius == 0:
        return x
    kernel = gaussian_kernel(sigma, radius).tolist()
    return _along(_along(x, kernel, radius, -2), kernel, radius, -1)


def _along(x: Tensor, kernel: Sequence[float], radius: int, axis: int) -> Tensor:
    """Filter along one axis, as sums of shifted views: on a CPU far faster than a depthwise convolution."""
    size = x.shape[axis]
    padded = x
    while padded.shape[axis] < size + 2 * radius:  # more than once where the kernel is wider than the picture
        missing = (size + 2 * radius - padded.shape[axis] + 1) // 2
        edge = min(missing, padded.shape[axis])
        ends = padded.narrow(axis, 0, edge), padded.narrow(axis, padded.shape[axis] - edge, edge)
        padded = torch.cat([ends[0].flip(axis), padded, ends[1].flip(axis)], axis)
    total = padded.narrow(axis, radius, size) * kernel[radius]
    for k in range(1, radius + 1):
        pair = padded.narrow(axis, radius - k, size) + padded.narrow(axis, radius + k, size)
        total.add_(pair, alpha=kernel[radius + k])
    return total
