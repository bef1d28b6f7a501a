"""Filters for pictures and their gradients: smoothing before the step, low-pass for drift, resampling.

All take (N, C, H, W) and keep shape and number format. ``circular`` treats the picture as a tile of a plane.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

#: Binomial kernel of the Laplacian pyramid (Burt & Adelson 1983).
BINOMIAL = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)


def separable(x: Tensor, kernel: Tensor, *, circular: bool, stride: int = 1) -> Tensor:
    """Filter along both axes with one odd kernel, mirrored (or wrapped) at the border."""
    radius = kernel.numel() // 2
    for axis in (2, 3):
        pad = (0, 0, radius, radius) if axis == 2 else (radius, radius, 0, 0)
        padded = F.pad(x, pad, mode="circular" if circular else _mirror(x.shape[axis], radius))
        last = (x.shape[axis] - 1) // stride * stride + 1
        # Sums of shifted views: nine times as fast on a CPU as a depthwise convolution of three channels.
        total: Tensor | None = None
        for i, weight in enumerate(kernel.tolist()):
            view = padded[:, :, i : i + last : stride] if axis == 2 else padded[..., i : i + last : stride]
            total = view * weight if total is None else total.add_(view, alpha=weight)
        assert total is not None
        x = total
    return x


def _mirror(size: int, radius: int) -> str:
    return "reflect" if size > radius else "replicate"


def gaussian_kernel(sigma: float, radius: int) -> Tensor:
    """A normalised Gaussian of 2 * radius + 1 taps, in float64."""
    x = torch.arange(-radius, radius + 1, dtype=torch.float64)
    kernel = torch.exp(-0.5 * (x / sigma) ** 2)
    return kernel / kernel.sum()


def gaussian_cascade(g: Tensor, sigma: float, *, circular: bool = False) -> Tensor:
    """The sum of three Gaussian blurs, of 0.5, 1 and 2 sigma and 9 taps (A. Gordic's pytorch-deepdream)."""
    kernels = [gaussian_kernel(s * sigma, 4) for s in (0.5, 1.0, 2.0)]
    return sum((separable(g, k, circular=circular) for k in kernels), torch.zeros_like(g))


def laplacian_normalised(g: Tensor, *, levels: int = 4, tilt: float = 0.0, circular: bool = False) -> Tensor:
    """Divide each band of a Laplacian pyramid by its RMS and add the bands up again.

    High frequencies, which dominate a plain gradient as a grid, get the weight of every other band (the
    "laplacian normalisation" of the TensorFlow deep dream notebook, 2015). ``tilt`` multiplies band k (0 the
    finest) by 2 to the power tilt * k. The coarsest remainder, brightness that would drift, is left out.

    Args:
        g: (N, C, H, W).
        levels: Bands; fewer where the picture is small.
        tilt: Octave gain towards coarse bands.
        circular: Wrap at the border.
    """
    *bands, g = laplacian_bands(g, levels, 8, circular=circular)
    result: Tensor | None = None
    for k in reversed(range(len(bands))):
        band = bands[k]
        scaled = band * (2 ** (tilt * k) / rms(band).clamp_min(1e-30))
        result = (
            scaled
            if result is None
            else scaled + enlarge(result, band.shape[2], band.shape[3], circular=circular)
        )
    return result if result is not None else g - g.mean((2, 3), keepdim=True)


def laplacian_bands(plane: Tensor, most: int, least: int, *, circular: bool = False) -> list[Tensor]:
    """The bands of a Laplacian pyramid, finest first, and the remainder.

    Args:
        plane: (N, C, H, W).
        most: Bands at most.
        least: What is smaller, one way or the other, is divided no further.
        circular: Wrap at the border.
    """
    kernel = torch.tensor(BINOMIAL)
    bands: list[Tensor] = []
    for _ in range(band_count(plane.shape[2], plane.shape[3], most, least)):
        low = separable(plane, kernel, circular=circular, stride=2)
        bands.append(plane - enlarge(low, *plane.shape[2:], circular=circular))
        plane = low
    return [*bands, plane]


def band_count(height: int, width: int, most: int, least: int) -> int:
    """How many bands ``laplacian_bands`` makes of a plane of this size."""
    count, side = 0, min(height, width)
    while count < most and side >= least:
        count, side = count + 1, (side + 1) // 2
    return count


def rms(x: Tensor) -> Tensor:
    """Root mean square of each item, (N, 1, 1, 1)."""
    return x.square().mean((1, 2, 3), keepdim=True).sqrt()


def enlarge(x: Tensor, height: int, width: int, *, circular: bool = False) -> Tensor:
    """Bilinear resampling to a size at least as large, (N, C, height, width)."""
    if not circular:
        return F.interpolate(x, size=(height, width), mode="bilinear", align_corners=False)
    padded = F.pad(x, (1, 1, 1, 1), mode="circular")
    return _sample_padded(padded, x.shape[2], x.shape[3], height, width)


def _sample_padded(padded: Tensor, rows: int, columns: int, height: int, width: int) -> Tensor:
    """Bilinear resampling of the inside of a picture padded by one pixel all around."""

    def grid(cells: int, size: int) -> Tensor:
        place = (torch.arange(size, dtype=padded.dtype, device=padded.device) + 0.5) * cells / size
        return (place + 1) * 2 / (cells + 2) - 1

    y, x = torch.meshgrid(grid(rows, height), grid(columns, width), indexing="ij")
    where = torch.stack([x, y], -1).expand(padded.shape[0], -1, -1, -1)
    return F.grid_sample(padded, where, mode="bilinear", align_corners=False)


def resize(x: Tensor, height: int, width: int, *, circular: bool = False, plain: bool = False) -> Tensor:
    """Resample a picture: antialiased bicubic on the way down, bicubic on the way up; may overshoot slightly.

    ``circular`` keeps edges that meet meeting; ``plain`` is bilinear without antialiasing.
    """
    if (height, width) == tuple(x.shape[2:]):
        return x
    if plain:
        return F.interpolate(x, size=(height, width), mode="bilinear", align_corners=False)
    if circular and height >= x.shape[2] and width >= x.shape[3]:
        return enlarge(x, height, width, circular=True)
    shrinks = height < x.shape[2] or width < x.shape[3]
    return F.interpolate(x, size=(height, width), mode="bicubic", align_corners=False, antialias=shrinks)


def low_pass(x: Tensor, sigma: float, *, circular: bool = False) -> Tensor:
    """A Gaussian blur of a large sigma (pixels), computed on a smaller copy."""
    height, width = x.shape[2:]
    cells, scaled = low_pass_cells(height, width, sigma)
    if cells == (height, width):
        return low_passed(x, scaled, circular=circular)
    small = low_passed(F.interpolate(x, size=cells, mode="area"), scaled, circular=circular)
    return enlarge(small, height, width, circular=circular)


def low_pass_cells(height: int, width: int, sigma: float) -> tuple[tuple[int, int], float]:
    """The (height, width) of the smaller copy that ``low_pass`` blurs, and its sigma there."""
    factor = max(1, int(sigma // 2))
    cells = (height, width) if factor == 1 else tuple(max(4, math.ceil(s / factor)) for s in (height, width))
    return (cells[0], cells[1]), sigma / factor


def low_passed(small: Tensor, sigma: float, *, circular: bool = False) -> Tensor:
    """That copy blurred."""
    return separable(small, gaussian_kernel(sigma, math.ceil(3 * sigma)), circular=circular)


def periodic(picture: Tensor) -> Tensor:
    """The periodic component of a picture: nearly the same, but opposite edges meet (Moisan 2011).

    (N, C, H, W) in, the same out; float32 precision, computed by FFT.
    """
    result = torch.empty_like(picture)
    for k in range(picture.shape[1]):  # one channel at a time: spectra are large
        result[:, k : k + 1] = _periodic(picture[:, k : k + 1])
    return result


def _periodic(picture: Tensor) -> Tensor:
    height, width = picture.shape[2:]
    jump = torch.zeros_like(picture)
    vertical = picture[:, :, -1] - picture[:, :, 0]
    jump[:, :, 0] += vertical
    jump[:, :, -1] -= vertical
    across = picture[:, :, :, -1] - picture[:, :, :, 0]
    jump[:, :, :, 0] += across
    jump[:, :, :, -1] -= across
    y = torch.arange(height, device=picture.device).view(-1, 1) * (2 * math.pi / height)
    x = torch.arange(width // 2 + 1, device=picture.device).view(1, -1) * (2 * math.pi / width)
    laplacian = 2 * torch.cos(y) + 2 * torch.cos(x) - 4
    laplacian[0, 0] = 1
    spectrum = torch.fft.rfft2(jump).div_(laplacian)
    spectrum[..., 0, 0] = 0
    smooth: Tensor = torch.fft.irfft2(spectrum, s=(height, width))
    return picture - smooth


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
    return _mirrored_along(_mirrored_along(x, kernel, radius, -2), kernel, radius, -1)


def _mirrored_along(x: Tensor, kernel: Sequence[float], radius: int, axis: int) -> Tensor:
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
