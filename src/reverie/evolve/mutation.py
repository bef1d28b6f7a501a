"""Polynomial mutation (Deb & Agrawal 1995; Deb 2001, section 4.3), in its form without bounds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: The paper's; the larger it is, the nearer a child stays to its parent.
ETA = 15.0
Doubles = NDArray[np.float64]


def polynomial_steps(u: Doubles, eta: float = ETA) -> Doubles:
    """Steps in (-1, 1), as a share of the range, of numbers ``u`` uniform in [0, 1); of any shape.

    Their density is (eta + 1) / 2 * (1 - |step|)^eta.
    """
    power = 1 / (eta + 1)
    lower = (2 * np.minimum(u, 0.5)) ** power - 1
    upper = 1 - (2 * (1 - np.maximum(u, 0.5))) ** power
    return np.where(u < 0.5, lower, upper)
