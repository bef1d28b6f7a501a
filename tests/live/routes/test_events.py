"""What pages hear as it happens."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from reverie.live.dreamer.protocol import SetPulse
from support.live_pages import PATIENCE, Alone, pages_alone, until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alone]:
    with pages_alone(tmp_path_factory.mktemp("show"), hold=3600, least=3600, pulse=True) as running:
        yield running


def events(show: Alone, query: str = "", **headers: str) -> ClientConnection:
    address = show.address.replace("http", "ws", 1) + f"/api/events{query}"
    return connect(address, additional_headers=headers, open_timeout=PATIENCE)


def told(socket: ClientConnection) -> dict:
    return json.loads(socket.recv(timeout=PATIENCE))


def test_the_newest_is_told_to_everybody(show: Alone) -> None:
    with events(show) as fast, events(show) as slow:
        assert told(fast)["type"] == "show"
        ada = show.visitor()
        for text in ("volcano", "goldfish", "lion", "tiger", "castle"):
            ada.wish(text)
        until(lambda: [one["label"] for one in told(fast)["queue"]] == ["castle"])
        seen = 0
        while [one["label"] for one in told(slow)["queue"]] != ["castle"]:
            seen += 1
        assert seen <= 6


def test_an_overlay_of_no_origin_listens_with_its_token_alone(show: Alone) -> None:
    token = show.overlay.partition("?")[2]
    with events(show, f"?{token}", Origin="null") as socket:
        assert "code" not in told(socket)
    for query, origin in (
        ("", "null"),
        ("?token=x", "null"),
        (f"?{token}", "http://evil.example"),
        ("", "http://evil.example"),
    ):
        with pytest.raises(InvalidStatus):
            events(show, query, Origin=origin)


def test_only_the_stage_says_how_loud_it_is(show: Alone) -> None:
    guest, stage = show.visitor(), show.visitor(show.stage)

    def cookies(visitor) -> str:
        return "; ".join(f"{name}={value}" for name, value in visitor.http.cookies.items())

    with events(show, Cookie=cookies(guest)) as socket:
        told(socket)
        socket.send(json.dumps({"pulse": 0.9}))
        with events(show, Cookie=cookies(stage)) as ours:
            assert "code" in told(ours)
            for text in ("[]", "{", '{"pulse": true}', '{"pulse": "x"}', "x" * 5000, '{"pulse": 0.25}'):
                ours.send(text)
            until(lambda: show.room.orders)
    assert [order.level for order in show.room.orders if isinstance(order, SetPulse)] == [0.25]


def test_whoever_goes_is_forgotten(show: Alone) -> None:
    before = show.lobby.pages
    sockets = [events(show) for _ in range(5)]
    until(lambda: show.lobby.pages == before + 5)
    for socket in sockets:
        socket.socket.close()  # without a word
    until(lambda: show.lobby.pages == before)
