"""What of a photograph is spared by a dream: faces, with the hair around them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from reverie.network.faces import Face, find_faces
from reverie.notices import warn
from reverie.recipe.recipe import Recipe

#: A head is an ellipse. In lengths from the eyes to the mouth: how far above the eyes its middle is, half its
#: height, and half its width. Seen from above or below that length is short: at least a share of the face's.
ABOVE, HIGH, WIDE, SHORT = 0.1, 2.1, 1.65, 0.3
#: From the middle of the ellipse (0) to its edge (1): where sparing begins to end, and where it has ended.
WHOLE, ENDED = 0.95, 1.4
#: The longer side of the mask in pixels, where the user's own is no larger.
SIDE = 1024


def spared(source: Tensor, recipe: Recipe, mask: Tensor | None, name: str) -> Tensor | None:
    """The mask of a dream, and what it spares.

    Args:
        source: What is dreamt on, (1, C, H, W) in [0, 1].
        recipe: Says what is spared, and how much of the dream is kept from it.
        mask: The user's own, (1, 1, h, w), white where it may dream.
        name: What is dreamt on, for what is said.

    Returns:
        (1, 1, h, w), or None where all may dream. That no face was found is warned of.

    Raises:
        NetworkError: What finds faces is not installed.
    """
    if recipe.spare == "nothing":
        return mask
    pixels = source[0].expand(3, -1, -1) if source.shape[1] == 1 else source[0, :3]
    faces = find_faces(np.ascontiguousarray(pixels.permute(1, 2, 0).cpu().numpy()))
    if not faces:
        warn(f"{name}: no face was found in it, so none is spared; --mask keeps what you paint black")
        return mask
    height, width = source.shape[2:]
    factor = min(1.0, SIDE / max(height, width))
    size = max(1, round(height * factor)), max(1, round(width * factor))
    if mask is not None and max(mask.shape[2:]) > max(size):
        size = mask.shape[2], mask.shape[3]
    free = (1 - recipe.spared * heads(faces, (height, width), size)).to(source.device)
    if mask is None:
        return free
    own = F.interpolate(mask, size, mode="bilinear", align_corners=False) if mask.shape[2:] != size else mask
    return free * own


def heads(faces: Sequence[Face], picture: tuple[int, int], size: tuple[int, int]) -> Tensor:
    """Where the heads of faces are: 1 within, 0 outside, soft in between; (1, 1, h, w).

    Args:
        faces: In pixels of the picture.
        picture: Its height and width.
        size: (h, w) of the result.
    """
    y = ((torch.arange(size[0]) + 0.5) * (picture[0] / size[0])).view(-1, 1)
    x = ((torch.arange(size[1]) + 0.5) * (picture[1] / size[1])).view(1, -1)
    found = torch.zeros(size)
    for face in faces:
        right, down = face.mouth[0] - face.eyes[0], face.mouth[1] - face.eyes[1]
        apart = max(math.hypot(right, down), 1e-6)
        unit = max(apart, SHORT * (face.box[3] - face.box[1]))
        right, down = right / apart, down / apart  # from the eyes to the mouth
        dx, dy = x - face.eyes[0] + ABOVE * unit * right, y - face.eyes[1] + ABOVE * unit * down
        along, across = (dx * right + dy * down) / (HIGH * unit), (dy * right - dx * down) / (WIDE * unit)
        way = ((ENDED - torch.sqrt(along**2 + across**2)) / (ENDED - WHOLE)).clamp(0, 1)
        found = torch.maximum(found, way * way * (3 - 2 * way))
    return found[None, None]
