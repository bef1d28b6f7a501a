"""What there is to dream at in a network, told before anybody dreams."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from reverie.analysis.layers import describe_layers
from reverie.errors import NetworkError, UsageError
from reverie.network.wrap import wrap_net
from reverie.network.zoo import load_net
from reverie.objective import parse


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 8, 5, 2),
        nn.ReLU(),
        nn.Conv2d(8, 6, 3, 2, 1),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(6, 4),
    )


@pytest.mark.parametrize("measure", [False, True])
def test_a_network_of_ones_own(measure: bool) -> None:
    found = {one.name: one for one in describe_layers(wrap_net(network()), 64, 80, measure=measure)}
    assert found["0"].shape == (8, 30, 38)
    assert found["2"].shape == (6, 15, 19)
    assert [found[name].stride for name in ("0", "2", "3", "4", "logits")] == [2, 4, None, None, None]
    assert found["0"].receptive_field == (5 if measure else None)
    assert found["2"].receptive_field == (9 if measure else None)
    assert found["0"].unknown is not measure
    for one in found.values():
        (term,) = parse(one.objective).terms
        assert term.quantity.layer == one.name


def test_an_embedded_network_knows_it_all() -> None:
    found = describe_layers(load_net("lite0"), 224, 224)
    assert found[0].name == "stem"
    assert not any(one.unknown for one in found)
    assert (
        found[0].as_json() | {"shape": [32, 112, 112], "objective": "stem", "stride": 2} == found[0].as_json()
    )


def test_sizes_that_cannot_be() -> None:
    with pytest.raises(UsageError, match="no pixels"):
        describe_layers(load_net("lite0"), 0, 5)
    with pytest.raises(NetworkError, match="fails on a picture of 3 x 2"):
        describe_layers(wrap_net(network()), 2, 3)
