"""Smooth random fields, and fractals of them: what clouds and grounds are made of.

Fields are cubic B-splines through random lattices. They are computed element by element, so the same bytes
come of any number of threads, and the same field is seen at any size.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

#: The shortest wave that a grid shows, in its cells.
SHORTEST = 2.5
#: The longest ripple, in short sides, and how many there are; how far one goes, as a share of its wave.
RIPPLES, RIPPLE = (0.02, 5), 0.28
#: Cells that a grid goes on beyond its edges while it is enlarged; pixel rows that are enlarged at a time.
EDGE, STRIP = 8, 256


def spline_field(lattice: Tensor, sizes: Sequence[int], *, rows: slice = slice(None)) -> Tensor:
    """A lattice of values enlarged by cubic B-splines; it goes round on every axis.

    Args:
        lattice: Any number of axes, at least one value on each.
        sizes: As many values on each axis; the middle of the first lies half a value from the edge.
        rows: Which of the values on the first axis are wanted.

    Returns:
        Of shape ``sizes`` (on the first axis, what was wanted of it), within the range of the lattice.
    """
    field, axes = lattice, range(lattice.ndim)
    for axis in axes if rows != slice(None) else reversed(axes):  # what is cheaper
        field = _enlarged(field, axis, sizes[axis], rows if axis == 0 else slice(None))
    return field


def _enlarged(field: Tensor, axis: int, size: int, part: slice) -> Tensor:
    """A part of a field enlarged along one axis: four neighbours, times a cubic B-spline's weights."""
    count = field.shape[axis]
    place = (torch.arange(size, dtype=torch.float64)[part] + 0.5) * (count / size) - 0.5
    below = place.floor()
    index, t = below.long(), (place - below).float()
    weights = (1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3
    shape = [-1 if k == axis else 1 for k in range(field.ndim)]
    total = field.index_select(axis, (index - 1) % count) * (weights[0] / 6).view(shape)
    for k in (1, 2, 3):
        near = field.index_select(axis, (index - 1 + k) % count)
        total.addcmul_(near, (weights[k] / 6).view(shape))
    return total


def offspring(rng: torch.Generator) -> torch.Generator:
    """A generator of its own, seeded by another: however much it is asked for, the other goes on alike."""
    return torch.Generator().manual_seed(int(torch.randint(2**62, (1,), generator=rng)))


def lattices(
    rng: torch.Generator, extent: Sequence[float], longest: float, count: int, cells: float
) -> list[Tensor]:
    """Lattices of normal values for waves of halving length, the longest first, as many as a grid shows.

    Args:
        rng: Where the values come from; a finer grid gets the same ones, and more.
        extent: How long each axis is, in the unit of ``longest``; each goes round, so it holds whole waves.
        longest: The first wave.
        count: How many there are at most.
        cells: How many cells of the grid a unit has.
    """
    shown = [k for k in range(count) if not k or longest * cells >= SHORTEST * 2**k]
    sizes = [[max(1, round(side / longest * 2**k)) for side in extent] for k in shown]
    return [torch.randn(*size, generator=rng) for size in sizes]


def fractal(
    waves: Sequence[Tensor], sizes: Sequence[int], roughness: float, *, bulges: bool = False
) -> Tensor:
    """A sum of smooth fields, of mean 0.

    Args:
        waves: What ``lattices`` draws.
        sizes: Of the field.
        roughness: How strong each wave is for the last.
        bulges: Take each without its sign: round bulges with creases between them, as cauliflowers and clouds
            have.
    """
    total = torch.zeros(*sizes)
    for k, lattice in enumerate(waves):
        field = spline_field(lattice, sizes)
        total.add_(field.abs_() if bulges else field, alpha=roughness**k)
    return total.sub_(mean_of(total))


def mean_of(field: Tensor) -> float:
    """The mean of a field, added up in one order whatever the number of threads."""
    return float(field.numpy().mean(dtype="float64"))


def grid_for(size: tuple[int, int], most: int) -> tuple[int, int]:
    """Rows and columns of the grid, of no more cells than that, that a (width, height) is drawn in."""
    width, height = size
    finest = min(1.0, math.sqrt(most / (width * height)))
    return max(8, round(height * finest)), max(8, round(width * finest))


def to_size(
    drawn: Tensor, size: tuple[int, int], channels: int, rng: torch.Generator, *, circular: bool
) -> Tensor:
    """What was drawn in a grid, at the size of a picture, with ripples in place of the grid's corners.

    Ripples that the picture is too small for are left out: a large one has what a small one has, and more.

    Args:
        drawn: (3, rows, columns).
        size: Width and height of the picture.
        channels: 3, or another count, which is grey.
        rng: Where the ripples come from.
        circular: Whether opposite edges meet; else only the left one and the right one do.

    Returns:
        (1, C, H, W) in [0, 1].
    """
    width, height = size
    extent = height / min(size), width / min(size)
    downs, acrosses = (lattices(offspring(rng), extent, *RIPPLES, min(size)) for _ in range(2))
    if channels != 3:
        drawn = drawn.mean(0).expand(channels, -1, -1)
    rows, columns = drawn.shape[1:]
    if (height, width) == (rows, columns):
        return drawn[None].clamp(0, 1).contiguous()
    large = drawn.new_empty(1, drawn.shape[0], height, width)
    padded = F.pad(drawn[None], (EDGE, EDGE, 0, 0), mode="circular")
    padded = F.pad(padded, (0, 0, EDGE, EDGE), mode="circular" if circular else "replicate")
    x = (torch.arange(width) + 0.5) * (columns / width) + EDGE
    for top in range(0, height, STRIP):
        part = slice(top, min(top + STRIP, height))
        y = ((torch.arange(height)[part] + 0.5) * (rows / height) + EDGE).view(-1, 1)
        down, across = y.expand(-1, width).clone(), x.expand(len(y), -1).clone()
        for way, waves in ((down, downs), (across, acrosses)):
            for lattice in waves:
                ripple = spline_field(lattice, (height, width), rows=part)
                way.add_(ripple, alpha=RIPPLE * columns / lattice.shape[1])
        grid = torch.stack([across * (2 / padded.shape[3]) - 1, down * (2 / padded.shape[2]) - 1], -1)[None]
        large[:, :, part] = F.grid_sample(padded, grid, mode="bicubic", align_corners=False)
    return large.clamp_(0, 1)
