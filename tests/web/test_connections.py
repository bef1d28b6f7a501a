"""Connections that trickle are cut, and so are those that are too many; who uses the server goes on."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import httpx2 as httpx
import pytest
import uvicorn
from starlette.responses import PlainTextResponse
from websockets.sync.client import connect

from reverie.web.connections import Connections, guarded


async def app(scope: dict[str, object], receive: object, send: object) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})  # type: ignore[operator]
        await send({"type": "websocket.send", "text": "in"})  # type: ignore[operator]
        await send({"type": "websocket.close"})  # type: ignore[operator]
    elif scope["type"] == "http":
        await PlainTextResponse("ok")(scope, receive, send)  # type: ignore[arg-type]


class Server:
    def __init__(self, connections: Connections) -> None:
        self.connections = connections
        http, sockets = guarded(connections)
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        config = uvicorn.Config(app, http=http, ws=sockets, log_level="critical", lifespan="off")  # type: ignore[arg-type]
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.socket]}, daemon=True)
        self.thread.start()
        end = time.monotonic() + 60
        while not self.server.started:
            assert time.monotonic() < end
            time.sleep(0.01)

    def open(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def left(self) -> int:
        """Who is connected, as soon as that is settled."""
        end = time.monotonic() + 5
        while len(self.connections) and time.monotonic() < end:
            time.sleep(0.01)
        return len(self.connections)

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(10)


@pytest.fixture
def server() -> Iterator[Server]:
    one = Server(Connections(most=8, in_all=20, seconds=0.4))
    yield one
    one.stop()


def is_cut(one: socket.socket) -> bool:
    try:
        return one.recv(100) == b""
    except ConnectionError:
        return True


@pytest.mark.slow
def test_heads_that_trickle_are_cut_while_a_user_goes_on(server: Server) -> None:
    slow = [server.open() for _ in range(6)]
    began = time.monotonic()
    for one in slow[:3]:
        one.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n")
    for index in range(6):
        time.sleep(0.04)
        for one in slow[:3]:
            with suppress(ConnectionError):
                one.sendall(b"X-%d: y\r\n" % index)
        assert httpx.get(f"http://127.0.0.1:{server.port}/").text == "ok"
    assert all(map(is_cut, slow))  # also those that said nothing at all
    assert time.monotonic() - began < 5
    assert server.left() == 0


@pytest.mark.slow
def test_the_second_head_on_a_connection_has_a_deadline_too(server: Server) -> None:
    one = server.open()
    one.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert b"200 OK" in one.recv(1000)
    time.sleep(0.6)  # between two requests it may wait longer
    one.sendall(b"GET / HTTP/1.1\r\n")
    began = time.monotonic()
    while not is_cut(one):
        assert time.monotonic() - began < 3
    assert time.monotonic() - began > 0.2


def test_an_address_has_so_many_connections(server: Server) -> None:
    held = [server.open() for _ in range(8)]
    time.sleep(0.1)
    assert is_cut(server.open())
    for one in held:
        one.close()
    assert server.left() == 0
    assert httpx.get(f"http://127.0.0.1:{server.port}/").text == "ok"


def test_websockets_are_counted_out_as_well(server: Server) -> None:
    for _ in range(12):
        with connect(f"ws://127.0.0.1:{server.port}/") as one:
            assert one.recv(timeout=30) == "in"
    assert server.left() == 0
