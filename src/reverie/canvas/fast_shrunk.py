"""What is weak in the change of a frame left out, in a third of the time: ``ops.opponent.shrunk`` by OpenCV.

That is the reference, and makes still pictures; what this makes differs from it in the last bits.
"""

from __future__ import annotations

from typing import Any

import cv2 as opencv
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from reverie.ops.filters import band_count, gaussian_kernel
from reverie.ops.opponent import AXES, BANDS, LEAST_SIDE, NEAR, SPARED, TINY, WEAK, WEAK_SLOPE, shrunk

cv2: Any = opencv  # its stubs leave out arrays' number formats
Floats = NDArray[np.float32]


def fast_shrunk(change: Tensor, amount: float, *, attention: Tensor | None = None) -> Tensor:
    """As ``shrunk``, of a change (1, C, H, W) of a picture whose edges do not meet."""
    channels, height, width = change.shape[1:]
    if change.device.type != "cpu" or change.dtype != torch.float32 or channels != len(AXES):
        return shrunk(change, amount, attention=attention)
    axes = AXES.numpy().astype(np.float32)
    planes = (axes @ change[0].reshape(channels, -1).numpy()).reshape(channels, height, width)
    seen = None if attention is None else cv2.resize(attention[0, 0].numpy(), (width, height))
    cleaned = np.stack(_cleaned(list(planes), seen, amount, band_count(height, width, BANDS, LEAST_SIDE)))
    return torch.from_numpy(axes.T @ cleaned.reshape(channels, -1)).view(change.shape)


def _cleaned(planes: list[Floats], seen: Floats | None, amount: float, bands: int) -> list[Floats]:
    """Planes (H, W) along the axes of colour without what is weak in so many bands, from the finest on."""
    if bands == 0:
        return planes
    lows = [cv2.pyrDown(plane) for plane in planes]
    below = _cleaned(lows, None if seen is None else _halved(seen), amount * 2**-WEAK_SLOPE, bands - 1)
    size = planes[0].shape[::-1]
    noise = np.full_like(planes[0], amount) if seen is None else amount - amount * SPARED * seen
    noise *= noise
    taps = gaussian_kernel(NEAR, round(3 * NEAR + 0.49)).float().numpy()
    made = []
    for plane, low, rest, weak in zip(planes, lows, below, WEAK, strict=True):
        band = plane - cv2.resize(low, size)
        energy = cv2.sepFilter2D(band * band, cv2.CV_32F, taps, taps, borderType=cv2.BORDER_REFLECT_101)
        band *= energy
        energy += noise * weak**2
        band /= np.maximum(energy, TINY, out=energy)
        band += cv2.resize(rest, size)
        made.append(band)
    return made


def _halved(plane: Floats) -> Floats:
    """Means of two by two, at the far ends of what is left of them."""
    half = torch.nn.functional.avg_pool2d(torch.from_numpy(plane)[None, None], 2, ceil_mode=True)
    means: Floats = half[0, 0].numpy()
    return means
