"""What comes into view at the edges when a zoom goes out, pans or turns.

Mirroring each frame at its own edge would draw the outermost pixels out into streaks. Here the mirrors stand
still in the world: they are the edges of an earlier frame, its anchor, and what they show moves past them.
"""

from __future__ import annotations

import torch
from torch import Tensor

from reverie.motion.zoom.camera import Camera
from reverie.ops.warp import Similarity, warp

#: Once the anchor's frame is seen at less than this size, mirrors are put up anew.
SMALLEST = 0.5


def moved(picture: Tensor, camera: Camera, index: int, anchor: int) -> tuple[Tensor, int]:
    """A frame's picture as the next one's view shows it, and the anchor for the one after.

    Args:
        picture: (1, C, H, W), frame ``index - 1``.
        camera: The view, over pictures of this size.
        index: The frame to make.
        anchor: The frame whose edges are the mirrors, before ``index``.
    """
    step = camera.step(index)
    seen = warp(picture, step)
    if _covers(step, camera):
        return seen, index
    height, width = camera.height, camera.width
    where = step.field(height, width)
    new = _outside(where, camera)
    for place in (anchor, index - 1):
        mirrored = _mirrored(camera.between(place, index), camera)
        if camera.between(place, index).zoom >= SMALLEST and not _outside(mirrored[new], camera).any():
            anchor = place
            break
    else:
        return seen, index
    return torch.where(new.to(seen.device), warp(seen, mirrored), seen), anchor


def _mirrored(since: Similarity, camera: Camera) -> Tensor:
    """For each place in the view, the one within the mirrors that is seen in its stead, (H, W, 2)."""
    height, width = camera.height, camera.width
    there = since.field(height, width)
    sides = torch.tensor([width - 1.0, height - 1.0])
    there = sides - (there.remainder(2 * sides) - sides).abs()
    middle = sides / 2
    back = since.inverse()
    x, y = (there - middle).unbind(-1)
    a, b = back.factor, back.offset
    return torch.stack([x * a.real - y * a.imag + b.real, x * a.imag + y * a.real + b.imag], -1) + middle


def _outside(where: Tensor, camera: Camera) -> Tensor:
    """Which places (..., 2) are not in the picture."""
    far = torch.tensor([camera.width - 0.5, camera.height - 0.5])
    return ((where < -0.5) | (where > far)).any(-1)


def _covers(step: Similarity, camera: Camera) -> bool:
    """Whether the picture fills the whole view: its corners do."""
    across, down = (camera.width - 1) / 2, (camera.height - 1) / 2
    corners = (step.factor * complex(x, y) + step.offset for x in (-across, across) for y in (-down, down))
    return all(abs(c.real) <= across + 0.5 and abs(c.imag) <= down + 0.5 for c in corners)
