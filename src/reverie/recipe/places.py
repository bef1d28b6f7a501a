"""Parts of a picture that have a name, so that nobody has to paint a mask for them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

#: An array of float32.
Floats = NDArray[np.float32]

#: Width and height of a mask; it is stretched over the picture.
SIDES: Final = (128, 72)
#: How wide the edge of a mask is, as a share of the half picture.
EDGE: Final = 0.12
#: The radius within which the middle lies, as a share of half of each side.
RADIUS: Final = 0.62
#: Each part, and how far inside it a place (x, y) lies, x and y from -1 to 1 to the right and down.
PLACES: Final[Mapping[str, Callable[[Any, Any], Any]]] = MappingProxyType(
    {
        "upper half": lambda x, y: -y + 0 * x,
        "lower half": lambda x, y: y + 0 * x,
        "left half": lambda x, y: -x + 0 * y,
        "right half": lambda x, y: x + 0 * y,
        "middle": lambda x, y: RADIUS - np.hypot(x, y),
        "edges": lambda x, y: np.hypot(x, y) - RADIUS,
    }
)


@functools.cache
def mask_of(place: str) -> Floats:
    """How much each part of a picture belongs to a place of ``PLACES``, (72, 128) in [0, 1]."""
    width, height = SIDES
    x = (np.arange(width, dtype=np.float32)[None] + 0.5) / width * 2 - 1
    y = (np.arange(height, dtype=np.float32)[:, None] + 0.5) / height * 2 - 1
    share = np.clip(PLACES[place](x, y) / EDGE / 2 + 0.5, 0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float32)
