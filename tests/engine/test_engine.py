"""The plain engine."""

from __future__ import annotations

from functools import cache

import pytest
import torch

from reverie.engine.engine import AutogradEngine
from reverie.network.network import Network
from reverie.network.zoo import load_net


@cache
def lite64() -> Network:
    return load_net("lite0").to(dtype=torch.float64)


def test_backward_without_a_forward_is_an_error():
    with pytest.raises(RuntimeError, match="forward before"):
        AutogradEngine(lite64()).backward({})
