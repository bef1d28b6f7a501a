"""Maximum pooling, bit for bit torch's."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from reverie.engine.torch.kernels.max_pool import Pool, can_pool
from reverie.native import Isa
from support.convolutions import NATIVE, SETS, last, random

pytestmark = NATIVE


@given(
    isa=st.sampled_from(SETS or [Isa.AVX2]),
    kernel=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    stride=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    pads=st.tuples(st.booleans(), st.booleans()),
    ceil=st.booleans(),
    shape=st.tuples(st.integers(1, 2), st.integers(1, 40), st.integers(4, 25), st.integers(4, 25)),
    dtypes=st.tuples(*(st.sampled_from([torch.float32, torch.bfloat16]),) * 2),
    seed=st.integers(0, 99),
)
@settings(max_examples=100, deadline=None)
def test_pooling_is_torchs_bit_for_bit(
    isa: Isa,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    pads: tuple[bool, bool],
    ceil: bool,
    shape: tuple[int, int, int, int],
    dtypes: tuple[torch.dtype, torch.dtype],
    seed: int,
) -> None:
    padding = (kernel[0] // 2 * pads[0], kernel[1] // 2 * pads[1])
    window = (kernel, stride, padding, (1, 1), ceil)
    # Few values, so that there are ties, which the first one wins.
    x = last((random(seed, *shape) * 2).round()).requires_grad_(True)
    expected = F.max_pool2d(x, *window)
    pool = Pool(window, x.shape, expected.shape, isa)
    there, back = dtypes
    y, where = pool.forward(x.detach().to(there))
    assert can_pool(window)
    assert torch.equal(y, expected.detach().to(there))
    gradient = last(random(seed + 1, *y.shape)).to(back)
    (slope,) = torch.autograd.grad(expected, x, gradient.float())
    found = pool.backward(gradient, where)
    assert found.dtype == back
    if back == torch.float32:  # whose sums are rounded, in another order
        assert torch.allclose(found, slope, rtol=1e-5, atol=1e-6)
    else:
        assert torch.equal(found, slope.to(back))
