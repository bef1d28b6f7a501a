"""Pictures as tensors."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from reverie.engine.check import check_pixels
from reverie.errors import BadInput
from reverie.media.picture import Picture
from reverie.media.picture.picture import Floats


def _as_laid(pixels: Floats) -> Tensor:
    """An array as torch sees it; a copy where torch takes none such, as backwards or not to be written to."""
    return torch.from_numpy(np.require(pixels, requirements=["C", "W"]))


def as_tensor(picture: Picture | Tensor) -> Tensor:
    """A picture as (1, C, H, W) float32; tensors (C, H, W) or (1, C, H, W) are taken as they are.

    Raises:
        BadInput: Another number of dimensions, a side of 0, no floating numbers, or values that are not
            finite.
    """
    if isinstance(picture, Picture):
        if picture.alpha is not None:
            check_pixels(_as_laid(picture.alpha), "picture's transparency")
        tensor = _as_laid(picture.pixels).permute(2, 0, 1)[None].contiguous()
    else:
        tensor = picture[None] if picture.ndim == 3 else picture
    shape = tuple(picture.pixels.shape if isinstance(picture, Picture) else picture.shape)
    if tensor.ndim != 4 or tensor.shape[0] != 1 or 0 in shape:
        raise BadInput(f"picture: a tensor of shape (C, H, W) with pixels is needed, got {shape}")
    if not tensor.is_floating_point():
        raise BadInput(f"picture: is of {tensor.dtype}; give floating numbers from 0 to 1")
    check_pixels(tensor)
    return tensor.detach()
