"""Whether all numbers of a tensor are finite, in one quick pass where they are."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def is_finite(values: Tensor) -> bool:
    """Whether no value is NaN or infinite, of a tensor of any shape and kind of number.

    A sum passes on whatever is not finite, and takes a fraction of the time of looking at each value. Only
    where the sum is none is each looked at, for large finite values may add up to infinity.
    """
    if not (values.is_floating_point() or values.is_complex()) or values.is_meta or values.numel() == 0:
        return True
    if values.layout != torch.strided:
        values = values._values() if values.layout == torch.sparse_coo else values.to_dense()
    if values.element_size() == 1:  # eight bits: nothing can be computed with them
        values = values.float()
    values = values.detach()
    with torch.no_grad():
        total = values.sum(dtype=torch.float32 if values.element_size() == 2 else None)
        if math.isfinite(abs(total.item())):
            return True
        return bool(torch.isfinite(values).all())
