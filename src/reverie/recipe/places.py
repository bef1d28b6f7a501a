"""Parts of a picture that have a name, so that nobody has to paint a mask for them."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: The names.
PLACES: Final = ("upper half", "lower half", "left half", "right half", "middle", "edges")
#: Width and height of a mask; it is stretched over the picture.
SIDES: Final = (128, 72)
#: How wide the edge of a mask is, as a share of the half picture.
EDGE: Final = 0.12
#: The radius within which the middle lies, as a share of half of each side.
RADIUS: Final = 0.62


@functools.cache
def mask_of(place: str) -> NDArray[np.float32]:
    """How much each part of a picture belongs to a place of ``PLACES``, (72, 128) in [0, 1]."""
    import numpy as np

    width, height = SIDES
    x = (np.arange(width, dtype=np.float32)[None] + 0.5) / width * 2 - 1
    y = (np.arange(height, dtype=np.float32)[:, None] + 0.5) / height * 2 - 1
    away = np.hypot(x, y)
    halves = (-y + 0 * x, y + 0 * x, -x + 0 * y, x + 0 * y)
    inside = dict(zip(PLACES, (*halves, RADIUS - away, away - RADIUS), strict=True))[place]
    share = np.clip(inside / EDGE / 2 + 0.5, 0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float32)
