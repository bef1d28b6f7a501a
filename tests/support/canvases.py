"""Small canvases of portraits, and how near a picture comes to another."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from reverie.canvas.base import Canvas, CanvasSetup
from reverie.canvas.make import make_canvas


def setup(size: tuple[int, int], *, seeds=(0,), channels: int = 3, dtype=torch.float32) -> CanvasSetup:
    """What a canvas of a picture for each seed is made with."""
    rngs = [torch.Generator().manual_seed(seed) for seed in seeds]
    return CanvasSetup(size, channels, rngs, dtype=dtype)


def canvas(
    kind: str,
    size: tuple[int, int] = (24, 16),
    *,
    seeds=(0,),
    channels: int = 3,
    dtype=torch.float32,
    **options,
) -> Canvas:
    if kind == "cppn":
        options = {"layers": 2, "width": 6, **options}
    return make_canvas(kind, setup(size, seeds=seeds, channels=channels, dtype=dtype), **options)


def stirred(kind: str, **options) -> Canvas:
    """A canvas whose parameters are far from the start: a CPPN begins as an even tone."""
    made = canvas(kind, **options)
    for seed, leaf in enumerate(made.parameters()):
        noise = torch.randn(leaf.shape[1:], generator=torch.Generator().manual_seed(seed), dtype=leaf.dtype)
        with torch.no_grad():
            leaf.add_(0.3 * noise)
    return made


def noise(*shape: int, seed: int = 7, **options) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), **options)


def psnr(made: Tensor, wanted: Tensor) -> float:
    return -10 * math.log10(float((made - wanted).double().square().mean()) + 1e-12)
