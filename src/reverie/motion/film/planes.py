"""What is known of each place of a frame, moved along with the film."""

from __future__ import annotations

from typing import Any

import cv2 as opencv
import numpy as np
import torch
from torch import Tensor

from reverie.motion.film.flow import Floats, Motion

cv2: Any = opencv  # its stubs leave out arrays' number formats


def plane_of(values: Floats, device: torch.device) -> Tensor:
    """(H, W) as (1, 1, H, W)."""
    return torch.from_numpy(values).to(device)[None, None]


def moved(plane: Tensor | None, motion: Motion) -> Floats | None:
    """A plane (1, 1, H, W) of the frame's size moved on with the film, (H, W)."""
    return None if plane is None else _seen_at(plane, motion.field)


def map_moved(plane: Tensor, motion: Motion) -> Tensor:
    """A map of the frame (1, 1, h, w), of any size, moved on with the film."""
    height, width = plane.shape[2:]
    scale = np.array([width / motion.field.shape[1], height / motion.field.shape[0]], np.float32)
    field = (cv2.resize(motion.field, (width, height)) + 0.5) * scale - 0.5
    return plane_of(_seen_at(plane, field), plane.device)


def _seen_at(plane: Tensor, field: Floats) -> Floats:
    there: Floats = cv2.remap(
        plane[0, 0].cpu().numpy(), field, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return there
