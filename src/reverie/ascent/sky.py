"""A sky to dream on: towering clouds, as light goes through them.

Clouds are heaps of round puffs whose surface is a fractal of bulges. In a coarse grid of cells the sun's
light is followed through them, row by row, and then what is seen from in front, by Beer and Lambert's law.
That light is scattered many times is three such laws with ever weaker absorption (M. Wrenninge,
"Art-directable multiple volumetric scattering", SIGGRAPH 2015 talks). The grid's picture is enlarged to the
size asked for, so the same seed is the same sky at any size.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from reverie.ops.fractal import fractal, grid_for, lattices, offspring, spline_field, to_size

Colour = tuple[float, float, float]

#: The most cells of the grid, seen from in front.
CELLS = 110_000
#: How many waves of bulges there are, and how strong each is for the last; and how far they bulge.
WAVES, ROUGHNESS, BULGE = 6, 0.6, 0.95
#: How steeply a cloud begins at its surface, and how much light a cell of it takes away: of a grid of CELLS.
STEEP, THICK = 6.0, 0.5
#: Of the sun's light, shares that are absorbed so much: once scattered, and many times.
SCATTERED = ((0.66, 0.5), (0.26, 0.16), (0.08, 0.05))
#: How much more of what is behind a cell hides.
OPAQUE = 1.6
#: Waves of the line where clouds end below, on a short side, and how uneven it is.
SHORE, UNEVEN = 4.0, 0.5
#: Puffs of a tower.
PUFFS = 9
#: The height of the horizon, from the top, and how bright it all is.
HORIZON, EXPOSURE = 0.95, 1.35


@dataclass(frozen=True)
class Light:
    """Where the sun is, and what light it makes; colours may be above 1.

    Attributes:
        sun: Its place in the picture, shares of width and height from the left top.
        toward: Unit vector towards it: right, up, and to who looks.
        direct: Its colour on a cloud.
        shade: The colour of what it does not reach.
        zenith: Of the sky above.
        horizon: Of the sky at the horizon, and of haze.
        glow: What is added around the sun.
    """

    sun: tuple[float, float]
    toward: tuple[float, float, float]
    direct: Colour
    shade: Colour
    zenith: Colour
    horizon: Colour
    glow: Colour


@dataclass(frozen=True)
class Bank:
    """Clouds at one distance. Lengths are shares of the picture's short side, heights of its height.

    Attributes:
        depth: From front to back.
        base: Where they end below, from the top.
        tall: How high the highest is.
        wide: How wide a tower is.
        often: How many there are on the length of the short side.
        haze: How much of the horizon's colour is before them.
        wave: How long the longest bulges are.
    """

    depth: float
    base: float
    tall: float
    wide: float
    often: float
    haze: float
    wave: float


#: From the far ones to the near ones.
BANKS = (
    Bank(depth=0.10, base=0.94, tall=0.30, wide=0.16, often=4.0, haze=0.55, wave=0.10),
    Bank(depth=0.14, base=0.42, tall=0.16, wide=0.22, often=1.6, haze=0.35, wave=0.12),
    Bank(depth=0.18, base=1.04, tall=0.56, wide=0.26, often=2.4, haze=0.28, wave=0.18),
    Bank(depth=0.25, base=1.18, tall=0.94, wide=0.42, often=1.4, haze=0.04, wave=0.28),
)


def sky(rng: torch.Generator, size: tuple[int, int], channels: int = 3) -> Tensor:
    """Towering clouds over a horizon in the light of morning, noon or evening.

    Args:
        rng: Where all that is random comes from.
        size: Width and height in pixels; the same seed is the same sky at any size of one shape.
        channels: 3, or another count, which is grey.

    Returns:
        (1, C, H, W) in [0, 1]; clouds go on from the right edge to the left one.
    """
    day, across = torch.rand(2, generator=rng).tolist()
    light = light_of(day, 0.2 + 0.25 * across if across < 0.5 else 0.55 + 0.25 * across)
    grid = grid_for(size, CELLS)
    picture, haze = empty_sky(grid, light)
    for bank in BANKS:
        colour, through, rows = clouds_of(bank, offspring(rng), size, grid, light)
        hazy = colour * (1 - bank.haze) + haze[:, rows] * (1 - through) * bank.haze
        picture[:, rows] = picture[:, rows] * through + hazy
    return to_size(1 - torch.exp(-EXPOSURE * picture), size, channels, rng, circular=False)


def light_of(day: float, across: float) -> Light:
    """The light of an hour: 0 is evening, 1 is noon; the sun stands so far across the picture, 0 to 1."""
    warm = (1 - day) ** 2
    toward = (0.8 if across > 0.5 else -0.8, 0.45 + 0.5 * day, 0.2)
    length = math.hypot(*toward)
    return Light(
        sun=(across, 0.42 - 0.3 * day),
        toward=(toward[0] / length, toward[1] / length, toward[2] / length),
        direct=_mixed((1.55, 1.40, 1.12), (1.75, 1.0, 0.50), warm),
        shade=_mixed((0.13, 0.20, 0.34), (0.14, 0.13, 0.26), warm),
        zenith=_mixed((0.0, 0.15, 0.66), (0.05, 0.09, 0.38), warm),
        horizon=_mixed((0.36, 0.66, 0.92), (1.1, 0.60, 0.36), warm),
        glow=_mixed((0.40, 0.36, 0.22), (0.8, 0.38, 0.10), warm),
    )


def _mixed(a: Colour, b: Colour, share: float) -> Colour:
    red, green, blue = (x + (y - x) * share for x, y in zip(a, b, strict=True))
    return red, green, blue


def _plane(colour: Colour) -> Tensor:
    return torch.tensor(colour).view(3, 1, 1)


def empty_sky(grid: tuple[int, int], light: Light) -> tuple[Tensor, Tensor]:
    """A sky without clouds, and the colour of haze, (3, rows, columns) each."""
    rows, columns = grid
    y = ((torch.arange(rows) + 0.5) / rows).view(-1, 1)
    x = ((torch.arange(columns) + 0.5) / columns).view(1, -1)
    low = torch.exp(-2.6 * (HORIZON - y).clamp_min(0))
    around = torch.sin(math.pi * (x - light.sun[0])) / math.pi * columns / rows  # it goes round
    away = torch.sqrt(around**2 + (y - light.sun[1]) ** 2)
    haze = _plane(light.horizon) + _plane(light.glow) * (0.6 * torch.exp(-2.5 * away))
    glow = 0.55 * torch.exp(-2.8 * away) + 1.2 * torch.exp(-7 * away)
    return _plane(light.zenith) * (1 - low) + haze * low + _plane(light.glow) * glow, haze


def clouds_of(
    bank: Bank, rng: torch.Generator, size: tuple[int, int], grid: tuple[int, int], light: Light
) -> tuple[Tensor, Tensor, slice]:
    """What is seen of a bank: colour (3, r, columns), transparency (r, columns), and on which rows."""
    rows, columns = grid
    short = min(grid)
    depth = max(4, round(bank.depth * short))
    unit = min(size)
    extent = bank.depth, size[1] / unit, size[0] / unit
    puffs = puffs_of(bank, rng, extent)
    waves = lattices(rng, extent, bank.wave, WAVES, short)
    shape = heaped(puffs, extent, (depth, rows, columns))
    bulges = fractal(waves, (depth, rows, columns), ROUGHNESS, bulges=True)
    within = shape.add_(bulges, alpha=BULGE)
    highest = min(down - 2.2 * radius for _, down, _, radius in puffs) / extent[1]
    top = max(0, min(math.floor(highest * rows), math.floor(bank.base * rows) - 1))
    seen = slice(top, min(rows, math.ceil((bank.base + 0.2) * rows)))
    shore = torch.randn(max(1, round(SHORE * extent[2])), generator=rng)
    ends = bank.base + UNEVEN * min(bank.tall, 0.2) * spline_field(shore, (columns,))
    below = torch.arange(top, seen.stop).view(-1, 1) / rows
    flat = ((ends - below) / max(2 / rows, 0.04)).clamp(0, 1)
    density = (STEEP * within[:, seen]).clamp_(0, 1) * flat
    cell = THICK * math.sqrt(CELLS / (rows * columns))
    return *lit(density * cell, light), seen


def puffs_of(bank: Bank, rng: torch.Generator, extent: Sequence[float]) -> list[tuple[float, ...]]:
    """Towers of puffs: of each (from the left, from the top, from the front, radius), in short sides."""
    depth, height, width = extent
    count = max(1, round(bank.often * width))
    giant, *draws = torch.rand(1 + 4 * count, generator=rng).tolist()
    found: list[tuple[float, ...]] = []
    for k in range(count):
        across, high, wide, back = draws[4 * k : 4 * k + 4]
        tall = bank.tall * height * (1 if k == int(giant * count) else 0.3 + 0.6 * high**1.5)
        middle = (k + 0.1 + 0.8 * across) / count * width
        girth = bank.wide * (0.65 + 0.6 * wide)
        for j, (a, b, c, d) in enumerate(torch.rand(PUFFS, 4, generator=rng).tolist()):
            up = j / (PUFFS - 1)
            radius = girth * (0.55 - 0.22 * up) * (0.7 + 0.6 * a)
            spread = girth * 0.9 * (1 - 0.7 * up)
            z = depth * (0.45 + 0.1 * back + 0.1 * (2 * d - 1))
            y = bank.base * height - tall * up * (0.75 + 0.25 * c)
            found.append((middle + spread * (2 * b - 1), y, z, radius))
    return found


def heaped(
    puffs: Sequence[tuple[float, ...]], extent: Sequence[float], cells: tuple[int, int, int]
) -> Tensor:
    """How far within the nearest puff each cell is, 1 at its middle, 0 at its surface; (Z, Y, X).

    Puffs melt into each other (J. Blinn 1982): what is measured is the sum of a Gaussian of each.
    """
    coarse = [max(2, round(n / step)) for n, step in zip(cells, (2, 4, 4), strict=True)]
    z, y, x = ((torch.arange(n) + 0.5) * (side / n) for n, side in zip(coarse, extent, strict=True))
    total = torch.full(coarse, 1e-9)
    for across, down, back, radius in puffs:
        dx = (x - across).abs() % extent[2]
        dx = torch.minimum(dx, extent[2] - dx)
        deep = min(radius, 0.21 * extent[0])
        row = torch.exp(-((dx / radius) ** 2)).view(1, 1, -1)
        column = torch.exp(-(((y - down) / radius) ** 2)).view(1, -1, 1)
        total.addcmul_(row * column, torch.exp(-(((z - back) / deep) ** 2)).view(-1, 1, 1).expand_as(total))
    within = 0.95 - (-torch.log(total)).clamp_min_(0).sqrt_()
    ends = 0.5 * (2 * z / extent[0] - 1) ** 4  # nothing is cut off in front
    within -= ends.view(-1, 1, 1)
    return F.interpolate(within[None, None], size=cells, mode="trilinear", align_corners=False)[0, 0]


def lit(density: Tensor, light: Light) -> tuple[Tensor, Tensor]:
    """What is seen of clouds from in front.

    Args:
        density: (Z, Y, X), what a cell takes away of light that goes straight through it, as an exponent.
        light: The sun's.

    Returns:
        Colour (3, Y, X), of what they hide, and transparency (Y, X).
    """
    above = torch.cumsum(density, 1) - density
    before = sunward(density, light.toward)
    sun = sum(share * torch.exp(-rate * before) for share, rate in SCATTERED)
    blue = 0.25 + 0.75 * torch.exp(-0.1 * above)
    seen = torch.exp(-OPAQUE * density.cumsum(0))
    hidden = torch.cat([1 - seen[:1], seen[:-1] - seen[1:]])
    direct, shade = (hidden * sun).sum(0), (hidden * blue).sum(0)
    return _plane(light.direct) * direct + _plane(light.shade) * shade, seen[-1]


def sunward(density: Tensor, toward: tuple[float, float, float]) -> Tensor:
    """The density between each cell and the sun, (Z, Y, X), added up row by row from above."""
    right, up, near = toward
    across, back = right / up, near / up  # how far the light has come from, for a row
    total = torch.empty_like(density)
    carried = torch.zeros(density.shape[0], density.shape[2])
    for row in range(density.shape[1]):
        carried = _from_front(_from_right(carried, across), back)
        total[:, row] = carried
        carried = carried + density[:, row] / up
    return total


def _from_right(plane: Tensor, way: float) -> Tensor:
    """A plane (Z, X) as it is so many columns further right; it goes round."""
    whole = math.floor(way)
    return torch.lerp(plane.roll(-whole, 1), plane.roll(-whole - 1, 1), way - whole)


def _from_front(plane: Tensor, way: float) -> Tensor:
    """A plane (Z, X) as it is so many slices, under one, nearer; before the first there is nothing."""
    return torch.lerp(plane, F.pad(plane, (0, 0, 1, 0))[:-1], min(way, 1.0))
