"""Noise to dream on that has light and depth: folds, as of cloth or of rock, in three deep colours.

A fractal is bent by two others (I. Quilez, "Domain warping", 2002), taken for heights and lit from one side.
Slow fields, bent alike, say which colour is where.
"""

from __future__ import annotations

import colorsys
import math

import torch
from torch import Tensor

from reverie.ops.fractal import fractal, grid_for, lattices, mean_of, offspring, to_size
from reverie.ops.warp import warp

#: The most cells of the grid that it is drawn in.
CELLS = 250_000
#: The longest wave, in short sides; how many of heights, and of all else; how strong each is for the last.
LONGEST, WAVES, FEW, ROUGHNESS = 0.7, 6, 3, 0.42
#: How far folds are bent, in short sides, and how steep they are.
BENT, STEEP = 0.22, 0.07
#: Of each colour, how far around the circle it is from the first, and its saturation.
COLOURS = ((0.0, 0.8), (0.12, 0.7), (0.5, 0.75))
#: How sharply colours part, how much of each is white, and how bright it all is.
PARTED, PALE, EXPOSURE = 3.0, 0.25, 1.5
#: Light that comes from everywhere, from the lamp, and to what is high.
AROUND, LAMP, HIGH = 0.16, 0.40, 0.14


def folds(rng: torch.Generator, size: tuple[int, int], channels: int = 3) -> Tensor:
    """Folds in light and shade, in three deep colours.

    Args:
        rng: Where all that is random comes from.
        size: Width and height in pixels; the same seed is the same at any size of one shape.
        channels: 3, or another count, which is grey.

    Returns:
        (1, C, H, W) in [0, 1]; opposite edges meet.
    """
    unit, (rows, columns) = min(size), grid_for(size, CELLS)
    hue, turn = torch.rand(2, generator=rng).tolist()
    extent = size[1] / unit, size[0] / unit
    down, across, *rest = (
        _even(
            fractal(
                lattices(offspring(rng), extent, LONGEST, count, min(rows, columns)),
                (rows, columns),
                ROUGHNESS,
            )
        )
        for count in (FEW, FEW, WAVES, FEW, FEW)
    )
    far = BENT * min(rows, columns)
    y = torch.arange(rows).view(-1, 1) + far * down
    x = torch.arange(columns).view(1, -1) + far * across
    heights, *slow = warp(torch.stack(rest)[None], torch.stack([x, y], -1), border="wrap")[0]
    light = AROUND + LAMP * lamp_on(heights, turn) + HIGH * heights.clamp(-1, 1.5)
    shares = torch.softmax(PARTED * torch.stack([*slow, -slow[0] - slow[1]]), 0)
    tints = torch.tensor([colorsys.hsv_to_rgb((hue + step) % 1, deep, 1.0) for step, deep in COLOURS])
    colour = sum(
        share * (tint / tint.mean()).view(3, 1, 1) for share, tint in zip(shares, tints, strict=True)
    )
    picture = 1 - torch.exp(-EXPOSURE * light.clamp_min(0.02) * (PALE + (1 - PALE) * colour))
    return to_size(picture, size, channels, rng, circular=True)


def lamp_on(heights: Tensor, turn: float) -> Tensor:
    """How much of a lamp's light falls on each place of a relief (H, W) that goes round, 0 to 1.4.

    The lamp stands half way up (J. Lambert), above, and ``turn`` of a half circle to the right.
    """
    scale = STEEP * min(heights.shape) / 2
    right = (heights.roll(-1, 1) - heights.roll(1, 1)) * scale
    down = (heights.roll(-1, 0) - heights.roll(1, 0)) * scale
    facing = 1 + down * math.sin(math.pi * turn) - right * math.cos(math.pi * turn)
    return (facing / torch.sqrt(2 * (1 + right**2 + down**2))).clamp(0, 1.4)


def _even(field: Tensor) -> Tensor:
    """A field of mean 0, at a deviation of 1."""
    return field / math.sqrt(mean_of(field.square()))
