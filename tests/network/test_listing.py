"""The networks that can dream, listed."""

from __future__ import annotations

import json

from reverie.network.description import KINDS
from reverie.network.listing import document, rows
from reverie.network.zoo import network_names


def test_every_network_and_every_kind_is_listed_in_both_ways() -> None:
    told = json.loads(json.dumps(document()))
    assert [one["name"] for one in told["networks"]] == list(network_names())
    assert [one["kind"] for one in told["kinds"]] == list(KINDS)
    listed = [row[0] for row in rows()]
    assert listed[: len(network_names())] == list(network_names())
    assert {f"{name}{kind.usage}" for name, kind in KINDS.items()} <= set(listed)
