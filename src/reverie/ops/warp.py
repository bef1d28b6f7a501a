"""Warps: a picture looked at from elsewhere, exactly to a small part of a pixel and without growing soft.

Coordinates are in pixels, x to the right and y downwards, with the centre of the first pixel at (0, 0). A
field says for each pixel of the result where in the picture it comes from.
"""

from __future__ import annotations

import cmath
import math
from dataclasses import dataclass
from functools import cache
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from reverie.ops.filters import gaussian_kernel, separable

Border = Literal["mirror", "wrap"]

#: The pole of the filter that turns samples into the coefficients of a cubic spline.
POLE = math.sqrt(3) - 2
#: Taps to each side of that filter: what lies beyond is 2e-7 of the whole.
TAPS = 12
#: A blur against aliasing of a smaller sigma than this (pixels) would change nothing.
LEAST_BLUR = 0.25


@dataclass(frozen=True)
class Similarity:
    """A zoom, a rotation and a pan about a picture's centre: a warp that keeps shapes.

    With p the place in the result and s that in the picture, both as complex numbers from the centre in
    pixels, ``s = factor * p + offset``.
    """

    factor: complex = 1 + 0j
    offset: complex = 0j

    @staticmethod
    def of(*, zoom: float = 1.0, turn: float = 0.0, right: float = 0.0, down: float = 0.0) -> Similarity:
        """The warp that magnifies, turns and moves.

        Args:
            zoom: Magnification; above 1 things grow.
            turn: Degrees by which things turn clockwise.
            right: Pixels of the picture by which the view goes to the right (things go to the left).
            down: Pixels of the picture by which the view goes down.
        """
        return Similarity(cmath.rect(1 / zoom, -math.radians(turn)), complex(right, down))

    def then(self, later: Similarity) -> Similarity:
        """The warp that does this one first, and then the other to what came of it."""
        return Similarity(self.factor * later.factor, self.factor * later.offset + self.offset)

    def inverse(self) -> Similarity:
        """The warp that undoes this one."""
        return Similarity(1 / self.factor, -self.offset / self.factor)

    @property
    def zoom(self) -> float:
        """Magnification."""
        return 1 / abs(self.factor)

    @property
    def turn(self) -> float:
        """Degrees clockwise, -180..180."""
        return -math.degrees(cmath.phase(self.factor))

    def field(self, height: int, width: int) -> Tensor:
        """Where each pixel of the result comes from, (H, W, 2) float32 as (x, y) in pixels."""
        across, down = (width - 1) / 2, (height - 1) / 2
        x = torch.arange(width, dtype=torch.float64) - across
        y = (torch.arange(height, dtype=torch.float64) - down)[:, None]
        a, b = self.factor, self.offset
        return torch.stack(
            [x * a.real - y * a.imag + (b.real + across), x * a.imag + y * a.real + (b.imag + down)], -1
        ).float()


def warp(
    picture: Tensor,
    where: Tensor | Similarity,
    *,
    border: Border = "mirror",
    sharp: bool = True,
) -> Tensor:
    """A picture resampled at the places of a field.

    By cubic B-splines (Unser, Aldroubi & Eden 1991): the picture is first turned into the coefficients of the
    spline that goes through every pixel, so that many small warps one after another do not add up to a blur.
    Where the warp shrinks by more than a little, what is too fine for the result is filtered out before.

    Args:
        picture: (1, C, H, W) float32.
        where: (H', W', 2), for each pixel of the result (x, y) in the picture in pixels, absolute; or a
            similarity, for a result of the picture's own size.
        border: What lies beyond the edges: the picture mirrored (about the outermost pixels' centres), or the
            picture again, for one whose opposite edges meet.
        sharp: False looks linearly between pixels: faster and softer, for masks.

    Returns:
        (1, C, H', W'); splines overshoot a little at hard edges, clamp where that matters.

    Raises:
        ValueError: A field of another shape.
    """
    height, width = picture.shape[2:]
    if isinstance(where, Similarity):
        shrinks = 1 / where.zoom
        where = where.field(height, width)
    else:
        if where.ndim != 3 or where.shape[2] != 2:
            raise ValueError(f"a field has the shape (H, W, 2), got {tuple(where.shape)}")
        shrinks = _shrinks(where)
    wrap = border == "wrap"
    where = where.to(picture)
    picture = _blurred(picture, shrinks, wrap)
    if not sharp:
        return _linear(picture, where[..., 0], where[..., 1], wrap)
    return _spline(coefficients(picture, wrap=wrap), where, wrap)


def blur_against_aliasing(picture: Tensor, where: Tensor | Similarity, *, wrap: bool = False) -> Tensor:
    """A picture without what is too fine for a warp that shrinks it by more than a little."""
    return _blurred(picture, 1 / where.zoom if isinstance(where, Similarity) else _shrinks(where), wrap)


def _blurred(picture: Tensor, shrinks: float, wrap: bool) -> Tensor:
    sigma = 0.5 * math.sqrt(max(0.0, shrinks**2 - 1))
    if sigma <= LEAST_BLUR:
        return picture
    return separable(picture, gaussian_kernel(sigma, math.ceil(3 * sigma)), circular=wrap)


@cache
def spline_filter() -> tuple[float, ...]:
    """The taps of the filter that makes coefficients of samples, an odd count, 1 in all."""
    side = -6 * POLE / (1 - POLE * POLE)
    kernel = torch.tensor([side * POLE ** abs(k) for k in range(-TAPS, TAPS + 1)], dtype=torch.float64)
    return tuple((kernel / kernel.sum()).tolist())


def coefficients(picture: Tensor, *, wrap: bool = False) -> Tensor:
    """Those of the cubic spline through every pixel (Unser, Aldroubi & Eden 1991), of the same shape."""
    kernel = torch.tensor(spline_filter(), dtype=torch.float64)
    if picture.device.type != "cpu":
        return separable(picture, kernel, circular=wrap)
    import cv2

    taps = kernel.float().numpy()
    result = torch.empty_like(picture, memory_format=torch.contiguous_format)
    for plane, out in zip(picture[0].detach(), result[0], strict=True):
        values = plane.numpy()
        if wrap:
            values = cv2.copyMakeBorder(values, TAPS, TAPS, TAPS, TAPS, cv2.BORDER_WRAP)
        filtered = cv2.sepFilter2D(values, cv2.CV_32F, taps, taps, borderType=cv2.BORDER_REFLECT_101)
        out.copy_(torch.from_numpy(filtered[TAPS:-TAPS, TAPS:-TAPS] if wrap else filtered))
    return result


def _spline(planes: Tensor, where: Tensor, wrap: bool) -> Tensor:
    """A cubic spline's values, as four linear look-ups a pixel (Sigg & Hadwiger 2005)."""
    (x0, x1, right), (y0, y1, down) = _pairs(where[..., 0]), _pairs(where[..., 1])
    above = torch.lerp(_linear(planes, x0, y0, wrap), _linear(planes, x1, y0, wrap), right)
    below = torch.lerp(_linear(planes, x0, y1, wrap), _linear(planes, x1, y1, wrap), right)
    return torch.lerp(above, below, down)


def _pairs(place: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Two places whose linear look-ups make up the four taps along an axis, and the second one's share."""
    first = place.floor()
    t = place - first
    u = 1 - t
    outer, inner = u * u * u / 6, (4 - 6 * t * t + 3 * t * t * t) / 6
    last = t * t * t / 6
    left = outer + inner
    return first - 1 + inner / left, first + 1 + last / (1 - left), 1 - left


def _linear(planes: Tensor, x: Tensor, y: Tensor, wrap: bool) -> Tensor:
    """Linear look-ups at places in pixels, (1, C, H', W')."""
    height, width = planes.shape[2:]
    if wrap:
        planes = F.pad(planes, (1, 1, 1, 1), mode="circular")
        x, y = x.remainder(width) + 1, y.remainder(height) + 1
        height, width = height + 2, width + 2
    grid = torch.stack([x * (2 / max(1, width - 1)) - 1, y * (2 / max(1, height - 1)) - 1], -1)
    padding = "border" if wrap else "reflection"
    return F.grid_sample(planes, grid[None], mode="bilinear", padding_mode=padding, align_corners=True)


def _shrinks(where: Tensor) -> float:
    """By how much a field shrinks: the median, over the picture, of a step's length in it."""
    if min(where.shape[:2]) < 2:
        return 1.0
    step = 4  # a coarse look is enough
    across = (where[::step, 1::step] - where[::step, :-1:step]).norm(dim=-1)
    down = (where[1::step, ::step] - where[:-1:step, ::step]).norm(dim=-1)
    return float(torch.cat([across.flatten(), down.flatten()]).median())
