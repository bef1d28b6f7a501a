"""Soft ends of the range against NumPy."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from reverie.ops.colour import softened


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_softened_is_numpys(values):
    x = np.array(values)
    light, dark = 0.5 + 0.37 * np.tanh((x - 0.5) / 0.37), 0.2 - 0.14 * np.tanh((0.2 - x) / 0.14)
    expected = np.where(x > 0.5, light, np.where(x < 0.2, dark, x))
    np.testing.assert_allclose(softened(torch.from_numpy(x)).numpy(), expected, atol=1e-12)


def test_softened_keeps_the_middle_the_order_and_room_at_both_ends():
    x = torch.linspace(0, 1, 1001, dtype=torch.float64)
    y = softened(x)
    middle = (x >= 0.2) & (x <= 0.5)
    assert torch.equal(y[middle], x[middle])
    slopes = y.diff() / x.diff()
    assert 0 < float(slopes.min()) < float(slopes.max()) <= 1 + 1e-9
    assert float(slopes.diff().abs().max()) < 0.02, "no kink where it begins"
    assert 0.06 < float(y[0]) < 0.1
    assert 0.8 < float(y[-1]) < 0.87
