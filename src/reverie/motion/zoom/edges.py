"""What comes into view at the edges when a zoom goes out, pans or turns.

Mirroring each frame at its own edge would draw the outermost pixels out into streaks. Here the mirrors stand
still in the world: they are the edges of an earlier frame, and what they show moves past them.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from reverie.canvas.fast import fast_warp
from reverie.ops.warp import Similarity

#: Once the frame of the mirrors is seen at less than this size, they are put up anew.
SMALLEST = 0.5


def moved(picture: Tensor, step: Similarity, since: Similarity) -> tuple[Tensor, Similarity]:
    """A frame's picture as the next one's view shows it, within 0 and 1.

    Args:
        picture: (1, C, H, W), the frame before.
        step: How the view moves.
        since: How it moved since the mirrors were put up; not at all where they are the frame's own edges.

    Returns:
        The picture, and ``since`` for the frame after.
    """
    seen = fast_warp(picture, step, clamp=True)
    height, width = seen.shape[2:]
    if _covers(step, (width - 1) / 2, (height - 1) / 2):
        return seen, Similarity()
    rows, columns = _uncovered(step, height, width)
    for path in (since.then(step), step):
        where = _mirrored(path, rows, columns, height, width)
        if path.zoom >= SMALLEST and not _outside(where, height, width).any():
            if len(where):
                field = where.float().to(seen.device)[None]
                mirrored = fast_warp(seen, field, clamp=True, alias=True)[0, :, 0]
                seen[0][:, rows.to(seen.device), columns.to(seen.device)] = mirrored
            return seen, path
    return seen, Similarity()


def _uncovered(step: Similarity, height: int, width: int) -> tuple[Tensor, Tensor]:
    """Rows and columns of the pixels that the picture does not show, (N,) each: along the sides."""
    across, down = (width - 1) / 2, (height - 1) / 2
    corners = [_source(step, complex(x, y)) for x in (-across, across) for y in (-down, down)]
    wide = 2 + math.ceil(1.1 * max(abs(c.real) - across for c in corners))
    high = 2 + math.ceil(1.1 * max(abs(c.imag) - down for c in corners))
    rest = across - max(wide, 2), down - max(high, 2)
    candidates = torch.ones(height, width, dtype=torch.bool)
    if min(rest) > 0 and _shows(step, rest, (across, down)):
        inner = slice(max(high, 2), height - max(high, 2)), slice(max(wide, 2), width - max(wide, 2))
        candidates[inner] = False
    rows, columns = candidates.nonzero(as_tuple=True)
    new = _outside(_places(step, rows, columns, height, width), height, width)
    return rows[new], columns[new]


def _places(warp: Similarity, rows: Tensor, columns: Tensor, height: int, width: int) -> Tensor:
    """Where pixels come from, (N, 2) as x and y."""
    x, y = columns.double() - (width - 1) / 2, rows.double() - (height - 1) / 2
    a, b = warp.factor, warp.offset
    middle = torch.tensor([(width - 1) / 2, (height - 1) / 2], dtype=torch.float64)
    return torch.stack([x * a.real - y * a.imag + b.real, x * a.imag + y * a.real + b.imag], -1) + middle


def _mirrored(since: Similarity, rows: Tensor, columns: Tensor, height: int, width: int) -> Tensor:
    """For each of some pixels of the view the place within the mirrors that is seen in its stead, (N, 2)."""
    there = _places(since, rows, columns, height, width)
    sides = torch.tensor([width - 1.0, height - 1.0], dtype=torch.float64)
    there = sides - (there.remainder(2 * sides) - sides).abs()
    middle = sides / 2
    back = since.inverse()
    x, y = (there - middle).unbind(-1)
    a, b = back.factor, back.offset
    return torch.stack([x * a.real - y * a.imag + b.real, x * a.imag + y * a.real + b.imag], -1) + middle


def _outside(where: Tensor, height: int, width: int) -> Tensor:
    """Which places (..., 2) are not in the picture."""
    far = torch.tensor([width - 0.5, height - 0.5], dtype=where.dtype)
    return ((where < -0.5) | (where > far)).any(-1)


def _covers(step: Similarity, across: float, down: float) -> bool:
    """Whether the picture fills the whole view: its corners do."""
    return _shows(step, (across, down), (across, down))


def _shows(step: Similarity, half: tuple[float, float], picture: tuple[float, float]) -> bool:
    """Whether a part of the view, of these half sides about its middle, shows nothing but the picture."""
    corners = (_source(step, complex(x, y)) for x in (-half[0], half[0]) for y in (-half[1], half[1]))
    return all(abs(c.real) <= picture[0] + 0.5 and abs(c.imag) <= picture[1] + 0.5 for c in corners)


def _source(step: Similarity, place: complex) -> complex:
    return step.factor * place + step.offset
