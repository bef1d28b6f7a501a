"""Whether all numbers are finite, of every kind of number and however large they are."""

from __future__ import annotations

import math

import pytest
import torch

from reverie.ops.finite import is_finite

FLOATS = [torch.float16, torch.bfloat16, torch.float32, torch.float64]


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("place", [0, 1, 77, -1])
def test_one_that_is_not_is_found(dtype: torch.dtype, bad: float, place: int) -> None:
    values = torch.rand(3, 5, 7).to(dtype)
    assert is_finite(values)
    values.view(-1)[place] = bad
    assert not is_finite(values)
    assert not is_finite(values.transpose(0, 2))


def test_opposite_infinities_do_not_make_up_for_each_other() -> None:
    assert not is_finite(torch.tensor([math.inf, -math.inf]))


@pytest.mark.parametrize("dtype", FLOATS)
def test_large_numbers_are_finite_though_their_sum_is_not(dtype: torch.dtype) -> None:
    most = torch.finfo(dtype).max
    assert is_finite(torch.full((100,), most, dtype=dtype))
    assert is_finite(torch.full((100,), -most, dtype=dtype))


def test_what_has_no_such_values_is_finite() -> None:
    for values in (torch.ones(3, dtype=torch.int64), torch.ones(3, dtype=torch.bool), torch.empty(0, 3)):
        assert is_finite(values)
    assert is_finite(torch.empty(3, device="meta"))


def test_sparse_and_complex_ones_are_looked_at_too() -> None:
    for bad in (math.nan, math.inf):
        assert not is_finite(torch.tensor([1.0, bad]).to_sparse())
        assert not is_finite(torch.tensor([1.0, complex(0, bad)]))
    assert is_finite(torch.tensor([1.0, 0.0]).to_sparse())


def test_a_leaf_of_autograd_is_left_alone() -> None:
    leaf = torch.rand(3, requires_grad=True)
    assert is_finite(leaf)
    assert leaf.grad is None
