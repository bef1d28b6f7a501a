"""How strong a film's dream is at each place, and what each place gets of a step."""

from __future__ import annotations

import math
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from reverie.canvas.moving import FilmCanvas
from reverie.deepdream.direction import StepDirection
from reverie.motion.film.flow import grid

#: How often a full dream is shaken by half a pixel, before it is carried.
SHAKES: Final = 1
#: The side of a place, in pixels.
PLACE: Final = 16


def weighted(direction: StepDirection, fresh: Tensor, leak: float) -> Tensor:
    """A step that is whole where the dream is new and a small part of one elsewhere.

    Each of the two has its own measure: what is dreamt already excites the network more, so that next to it
    the gradient of what is new is small.
    """
    plane = direction.plane.mul_(direction.factor).add_(direction.offset)
    there = 1 - fresh
    square = plane[:, :, ::2, ::2].square().mean(1, keepdim=True)  # every other pixel tells enough
    new, old = (
        math.sqrt(float((square * weight).mean()) / max(float(weight.mean()), 1e-6))
        for weight in (fresh[:, :, ::2, ::2], there[:, :, ::2, ::2])
    )
    return plane.mul_(fresh.div(max(new, 0.2)).add_(there, alpha=leak / max(old, 0.2)))


def local_rms(square: Tensor) -> Tensor:
    """Root mean square about each place, (1, 1, h, w), of squares (1, 1, H, W)."""
    side = min(PLACE, *square.shape[2:])
    return F.avg_pool2d(square, side, ceil_mode=True, count_include_pad=False).sqrt_()


def carried_once(canvas: FilmCanvas) -> FilmCanvas:
    """A canvas as it is after a few frames of motion: without the noise that no motion leaves as it is.

    So that the first frame is like those that follow, in sharpness and in score.
    """
    height, width = canvas.base.shape[2:]
    rest = torch.tensor(grid(height, width)).to(canvas.base.device)
    for there in (0.5, -0.5) * SHAKES:
        canvas = canvas.warped(rest + there)
    return canvas
