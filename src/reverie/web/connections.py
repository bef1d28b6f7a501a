"""Connections: so many an address, and so many seconds for the head of a request.

uvicorn holds a connection for as long as a request's head trickles in. So its protocol is extended: a timer
runs from the moment a head begins until it is whole.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.wsproto_impl import WSProtocol

#: The name by which the connection of a WebSocket stands among its scope's extensions.
TRANSPORT: Final = "reverie.transport"


@dataclass
class Connections:
    """Who is connected.

    Attributes:
        most: Connections that one address may have.
        in_all: Connections that all may have together.
        seconds: What a request's head may take, from the connection or the answer before it.
        believed: Addresses that stand for many people, as a proxy's; ``in_all`` alone limits them.
    """

    most: int = 64
    in_all: int = 1000
    seconds: float = 8.0
    believed: frozenset[str] = frozenset()
    _open: dict[int, str] = field(default_factory=dict)
    _each: Counter[str] = field(default_factory=Counter)

    def __len__(self) -> int:
        return len(self._open)

    def enter(self, transport: asyncio.BaseTransport) -> bool:
        """Whether there is room for one more."""
        peer = transport.get_extra_info("peername")
        who = str(peer[0]) if peer else ""
        few = who in self.believed or self._each[who] < self.most
        if not few or len(self._open) >= self.in_all:
            return False
        self._open[id(transport)] = who
        self._each[who] += 1
        return True

    def leave(self, transport: asyncio.BaseTransport | None) -> None:
        """One is gone."""
        who = self._open.pop(id(transport), None)
        if who is not None:
            self._each[who] -= 1
            if not self._each[who]:
                del self._each[who]


class GuardedHttp(H11Protocol):
    """uvicorn's protocol with a deadline for heads and a limit on connections."""

    connections_of_all: Connections
    _timer: asyncio.TimerHandle | None = None
    _refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._refused = not self.connections_of_all.enter(transport)
        if self._refused:
            transport.abort()
        else:
            self._wait()

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._stop_waiting()
        elif self._timer is None:  # the head of a further request on this connection has begun
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        self.connections_of_all.leave(self.transport)
        super().connection_lost(exc)

    def _wait(self) -> None:
        seconds = self.connections_of_all.seconds
        self._timer = asyncio.get_running_loop().call_later(seconds, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class GuardedWebSocket(WSProtocol):
    """uvicorn's protocol for WebSockets, which leaves as the other one entered.

    An application finds the connection itself under ``TRANSPORT`` in its scope, for what it sends to many.
    """

    connections_of_all: Connections

    async def run_asgi(self) -> None:
        extensions: dict[str, Any] = self.scope["extensions"]
        extensions[TRANSPORT] = self.transport
        await super().run_asgi()

    def connection_lost(self, exc: Exception | None) -> None:
        self.connections_of_all.leave(self.transport)
        super().connection_lost(exc)


def guarded(connections: Connections) -> tuple[type[GuardedHttp], type[GuardedWebSocket]]:
    """Protocols for uvicorn that keep to these connections."""
    given = {"connections_of_all": connections}
    return type("Http", (GuardedHttp,), given), type("WebSocket", (GuardedWebSocket,), given)
