"""Pictures to begin from when there is no photograph: noise, and the cloud sky of the first dreams."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor

from reverie.ascent.folds import folds
from reverie.ascent.sky import sky
from reverie.errors import UsageError
from reverie.ops.colour import bent, in_grey, with_channels
from reverie.ops.filters import periodic, resize
from reverie.recipe.recipe import Recipe

DEFAULT_SIZE = (768, 512)
#: How near black and white what goes beyond them is bent back.
KNEE = 0.06


def prepare(recipe: Recipe, picture: Tensor | None, rng: torch.Generator, channels: int) -> Tensor:
    """What a dream begins from: (1, C, H, W) float32 at the recipe's size, with the network's channel count.

    Raises:
        UsageError: No picture and no start, or channels that cannot be made to fit.
    """
    if picture is None:
        if recipe.start == "photo":
            raise UsageError(
                f"nothing to dream on: give a photograph, or --from {' or '.join(STARTS[recipe.scenery])}"
            )
        size = recipe.size or DEFAULT_SIZE
        source = STARTS[recipe.scenery][recipe.start](rng, size, channels)
    else:
        source = fitted(with_channels(picture.to(torch.float32), channels), recipe)
    source = _within_range(periodic(source)) if recipe.seamless else source
    return in_grey(source) if recipe.grey and channels == 3 else source


def _within_range(picture: Tensor) -> Tensor:
    """Bend what lies beyond black and white back into [0, 1], in place; clipping would open a seam again."""
    for k in range(picture.shape[1]):  # one channel at a time, for less memory
        picture[:, k] = bent(picture[:, k], KNEE)
    return picture


def fitted(picture: Tensor, recipe: Recipe) -> Tensor:
    """At ``size`` (scaled to cover it, then cropped at the centre), or no longer than ``max_size``."""
    height, width = picture.shape[2:]
    if recipe.size:
        factor = max(recipe.size[0] / width, recipe.size[1] / height)
        inner = (recipe.size[1], recipe.size[0])
    else:
        factor = min(1.0, recipe.max_size / max(width, height)) if recipe.max_size else 1.0
        inner = (max(1, round(height * factor)), max(1, round(width * factor)))
    outer = (
        max(inner[0], round(height * factor)),
        max(inner[1], round(width * factor)),
    )
    if outer != (height, width):
        picture = resize(picture, *outer).clamp(0, 1)
    top, left = (outer[0] - inner[0]) // 2, (outer[1] - inner[1]) // 2
    return picture[:, :, top : top + inner[0], left : left + inner[1]].contiguous()


def _fractal(rng: torch.Generator, count: int, height: int, width: int, slope: float) -> Tensor:
    """Planes (count, H, W) of Gaussian noise with amplitude 1 / f ** slope, mean 0, deviation 1.

    They are periodic: opposite edges meet.
    """
    white = torch.randn(count, height, width, generator=rng)
    fy = torch.fft.fftfreq(height).view(-1, 1) * height
    fx = torch.fft.rfftfreq(width).view(1, -1) * width
    # Frequencies in cycles per short side, so that clouds are round and of one size on any format.
    short = min(height, width)
    f = torch.sqrt((fy * short / height) ** 2 + (fx * short / width) ** 2).clamp_min(1)
    spectrum = torch.fft.rfft2(white) * f ** (-slope)
    spectrum[:, 0, 0] = 0
    plane = torch.fft.irfft2(spectrum, s=(height, width))
    scaled: Tensor = plane / plane.std((1, 2), keepdim=True)
    return scaled


def noise(rng: torch.Generator, size: tuple[int, int], channels: int = 3) -> Tensor:
    """A grey field with faint coloured noise in natural proportions, (1, C, H, W) in [0, 1]."""
    width, height = size
    coarse = _fractal(rng, channels, height, width, 1.0)
    shared = _fractal(rng, 1, height, width, 1.0)
    return (0.5 + 0.05 * coarse + 0.07 * shared).clamp(0, 1)[None]


def clouds(rng: torch.Generator, size: tuple[int, int], channels: int = 3) -> Tensor:
    """A procedural sky with clouds, (1, C, H, W) in [0, 1]; edges meet from left to right."""
    width, height = size
    billow, wisp = _fractal(rng, 2, height, width, 1.7)
    fine = _fractal(rng, 1, height, width, 1.2)[0]
    density = billow + 0.35 * wisp + 0.12 * fine
    cover = torch.sigmoid(3.0 * (density - 0.15))
    # Light comes from above: a cloud is darker where there is more cloud above than below.
    lit = (torch.roll(density, max(1, height // 60), 0) - density) * -0.9
    shade = (0.88 + 0.16 * torch.tanh(lit) - 0.10 * (density - 0.6).clamp_min(0)).clamp(0.45, 1)
    down = torch.linspace(0, 1, height).view(-1, 1)
    sky = torch.tensor([0.20, 0.42, 0.74]).view(3, 1, 1) * (1 - down) + down * torch.tensor(
        [0.58, 0.74, 0.90]
    ).view(3, 1, 1)
    white = torch.tensor([1.0, 0.985, 0.96]).view(3, 1, 1) * shade
    picture = (sky * (1 - cover) + white * cover).clamp(0, 1)
    if channels != 3:
        picture = picture.mean(0, keepdim=True).expand(channels, -1, -1)
    result: Tensor = picture.contiguous()[None]
    return result


Start = Callable[[torch.Generator, tuple[int, int], int], Tensor]
#: In each ``scenery``, each ``start`` of a recipe but for a photograph.
STARTS: Final[dict[str, dict[str, Start]]] = {
    "flat": {"noise": noise, "clouds": clouds},
    "deep": {"noise": folds, "clouds": sky},
}
