"""What is kept of weights in other layouts."""

from __future__ import annotations

import torch

from reverie.engine.torch.conv.store import Store


def test_only_few_layouts_are_kept() -> None:
    weight = torch.randn(8, 16, 3, 3)
    store, packed = Store([weight]), [torch.zeros(1) for _ in range(6)]
    for number, one in enumerate(packed):
        assert store.alike(("packed",), (weight,), one, bytes([number])) is one
        assert store.alike(("packed",), (weight,), torch.ones(1), bytes([number])) is one
    again = torch.ones(1)
    assert store.alike(("packed",), (weight,), again, bytes([5])) is packed[5]
    assert store.alike(("packed",), (weight,), again, bytes([0])) is again
    assert store.alike(("packed",), (torch.ones(2),), again, bytes([5])) is again
