"""What torch tells of oneDNN's operators and layouts."""

from __future__ import annotations

import torch

from reverie.engine.torch.conv.onednn import fused_operators, layout


def test_layouts_are_one_where_torch_does_not_tell_them_apart(monkeypatch) -> None:
    monkeypatch.setattr(torch.ops, "mkldnn", object())
    assert layout(torch.ones(3)) == b""


def test_fused_operators_are_only_used_where_they_compute() -> None:
    assert not fused_operators(torch.float64)
    assert not fused_operators(torch.float16)
