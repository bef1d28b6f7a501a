"""Limits that half of all numbers may sit at."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from reverie.engine.torch.conv.activation import Activation


@given(st.floats(2.0**-60, 2.0**60, width=32))
def test_a_tied_limit_is_known_by_its_rounding(high: float) -> None:
    activation, unit = Activation("hardtanh", (0.0, high)).tied()
    tied = torch.tensor(activation.numbers[1])
    assert not activation.limited
    assert activation.tied() == (activation, 1.0)
    assert float(tied) == pytest.approx(unit * high)
    assert abs(unit - 1) < 0.02
    tiny = torch.tensor([2.0**-100])
    below = torch.stack([torch.nextafter(tied, tied * 0), 0.9999 * tied, 0.99 * tied, 0.5 * tied, *tiny])
    results = torch.cat([below, tied[None], torch.zeros(1)])
    expected = [1.0] * len(below) + [0.0, 0.0]
    ones = torch.ones(len(results), dtype=torch.bfloat16)
    assert activation.backward(ones, results.to(torch.bfloat16), into=None).tolist() == expected


def test_only_limits_over_zero_are_tied() -> None:
    for activation in (Activation("hardtanh", (-1.0, 1.0)), Activation("hardtanh", (0.0, float("inf")))):
        assert activation.tied() == (activation, 1.0)
        assert activation.limited
    assert Activation("relu").tied() == (Activation("relu"), 1.0)
    assert not Activation("relu").limited
