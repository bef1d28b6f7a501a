"""How sure a network is: the levels that classes are counted over, and how a confidence is written."""

from __future__ import annotations

import math
from typing import Final

#: Confidences over which classes are counted.
LEVELS: Final = (0.5, 0.95, 0.99)


def percent(value: float) -> str:
    """A probability in percent, never rounded up to certainty."""
    shown = 100 * value
    if 99 < shown < 100:
        return f"{math.floor(100 * shown) / 100:.2f} %"
    return f"{shown:.1f} %"
