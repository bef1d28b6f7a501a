"""The door: every request passes it before anything of it is read, WebSockets too.

It asks three things. Is this server meant (Host)? Did a page of ours, or no page at all, send it (Origin,
Sec-Fetch-Site)? May its sender come in (``Gate``)? What passes is read with limits and deadlines, and what is
answered says to the browser that nothing of it may be run, framed or guessed at.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from reverie.web.addresses import Addresses, Client, asked

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

#: Bytes of a body where nothing else is said, seconds between two pieces of it, and for all of it.
BODY, PAUSE, WHOLE = 2_000_000, 10.0, 120.0
#: Seconds that one piece of an answer may wait for its reader.
PATIENCE: Final = 60.0
_SAFE: Final = ("GET", "HEAD")
#: What a browser is told of every answer.
HEADERS: Final[Mapping[str, str]] = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "x-frame-options": "DENY",
    "permissions-policy": "geolocation=(), microphone=(), camera=(self)",
}
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "media-src 'self' blob:; font-src 'self'; connect-src 'self' {socket}; manifest-src 'self'; "
    "worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Refused(Exception):
    """A request that goes no further: a status, and a sentence that says why."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status, self.words = status, words


@dataclass(frozen=True)
class Answer:
    """What a gate answers itself: a page that lets somebody in, or asks who is there."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    type: str = "text/html; charset=utf-8"


class Gate(Protocol):
    """Who may come in."""

    def visitor(self, scope: Scope, headers: Mapping[str, str], who: Client) -> str | Answer:
        """The visitor's name, or what is answered instead."""


class Open:
    """Everybody who reaches the server is its one user."""

    def visitor(self, scope: Scope, headers: Mapping[str, str], who: Client) -> str | Answer:
        return "local"


@dataclass
class Door:
    """An ASGI application before another one.

    Attributes:
        app: What is behind the door.
        ours: The names that this server goes by.
        gate: Who may come in.
        bodies: Bytes that the body of a request to a path may have, by how the path begins.
        headers: What a browser is told beside ``HEADERS``, or in the place of one of them.
        guest: Whether a request that no page of this server sent may come in all the same, because it holds
            something that only whoever was let in has; nobody may if missing.
    """

    app: App
    ours: Addresses
    gate: Gate = field(default_factory=Open)
    bodies: Mapping[str, int] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    guest: Callable[[Scope, Mapping[str, str]], bool] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        try:
            found = self._let_in(scope)
        except Refused as refused:
            found = _told(refused)
        if isinstance(found, Answer):
            await _answer(scope, send, found)
            return
        visitor, who = found
        scope.setdefault("state", {})["visitor"] = visitor
        if scope["type"] == "websocket":
            await self.app(scope, receive, send)
            return
        most = next((m for begin, m in self.bodies.items() if scope["path"].startswith(begin)), BODY)
        socket = f"{'wss' if who.scheme == 'https' else 'ws'}://{who.host}"
        await self.app(
            scope, Body(receive, most, _stated(scope)).receive, telling(send, socket, self.headers)
        )

    def _let_in(self, scope: Scope) -> tuple[str, Client] | Answer:
        """The visitor, and who asked; or what is answered instead. Raises Refused."""
        headers = headers_of(scope)
        client = scope.get("client") or ("", 0)
        who = asked(client[0], headers, _plain(scope["scheme"]), self.ours)
        check_host(who, self.ours)
        if self.guest is None or not self.guest(scope, headers):
            check_origin(scope, headers, who)
        visitor = self.gate.visitor(scope, headers, who)
        return visitor if isinstance(visitor, Answer) else (visitor, who)


def headers_of(scope: Scope) -> dict[str, str]:
    """Headers by name in small letters.

    Raises:
        Refused: One that may stand once only is there twice.
    """
    found: dict[str, str] = {}
    for name, value in scope["headers"]:
        key = name.decode("latin-1").lower()
        if key in ("host", "origin", "content-length", "sec-fetch-site") and key in found:
            raise Refused(400, f"{key}: is there twice")
        found[key] = value.decode("latin-1")
    if not (found.get("content-length", "0") or "0").isdecimal():
        raise Refused(400, "content-length: is no number")
    return found


def check_host(who: Client, ours: Addresses) -> None:
    """Whether this server is meant.

    Raises:
        Refused: It is not; by 421.
    """
    if who.host not in ours.hosts:
        raise Refused(421, "this server does not go by that name; --allow-host adds one")


def check_origin(scope: Scope, headers: Mapping[str, str], who: Client) -> None:
    """Whether a page of this server asked, or no page.

    Raises:
        Refused: Another one did; by 403.
    """
    origin, site = headers.get("origin"), headers.get("sec-fetch-site", "none")
    if origin is not None and origin.lower() != who.origin:
        raise Refused(403, "another site's page asked; only pages of this server may")
    if site in ("same-origin", "none"):
        return
    safe = scope["type"] == "http" and scope["method"] in _SAFE
    if safe and scope["path"] == "/" and headers.get("sec-fetch-mode") == "navigate":
        return  # somebody followed a link to the page
    raise Refused(403, "another site's page asked; only pages of this server may")


class Body:
    """The body of a request, read with a limit and a deadline."""

    def __init__(self, receive: Receive, most: int, stated: int) -> None:
        self._receive, self._most, self._stated = receive, most, stated
        self._read, self._over = 0, False
        self._until = asyncio.get_running_loop().time() + WHOLE

    async def receive(self) -> Message:
        """The next piece.

        Raises:
            HTTPException: It is too long, or comes too slowly; by 413 or 408.
        """
        from starlette.exceptions import HTTPException

        if self._over:
            return await self._receive()
        if self._stated > self._most:
            raise HTTPException(413, f"over {self._most} bytes are too long")
        left = self._until - asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(max(0.01, min(PAUSE, left))):
                message = await self._receive()
        except TimeoutError:
            raise HTTPException(408, "it came too slowly") from None
        self._read += len(message.get("body", b""))
        if self._read > self._most:
            raise HTTPException(413, f"over {self._most} bytes are too long")
        self._over = not message.get("more_body", False)
        return message


def telling(send: Send, socket: str, headers: Mapping[str, str] | None = None) -> Send:
    """An answer with what browsers are told, whose reader may not dawdle."""

    async def told(message: Message) -> None:
        if message["type"] == "http.response.start":
            names = {name.lower() for name, _ in message.get("headers", ())}
            more = {**HEADERS, **(headers or {}), "content-security-policy": POLICY.format(socket=socket)}
            more |= {} if b"cache-control" in names else {"cache-control": "no-store"}
            message["headers"] = [
                *message.get("headers", ()),
                *((name.encode(), value.encode()) for name, value in more.items()),
            ]
        async with asyncio.timeout(PATIENCE):
            await send(message)

    return told


def _stated(scope: Scope) -> int:
    """How long a body says it is."""
    stated = next((value for name, value in scope["headers"] if name.lower() == b"content-length"), b"0")
    return int(stated or b"0")


def _plain(scheme: str) -> str:
    return {"ws": "http", "wss": "https"}.get(scheme, scheme)


def _told(refused: Refused) -> Answer:
    body = json.dumps({"error": refused.words}).encode()
    return Answer(refused.status, body, type="application/json")


async def _answer(scope: Scope, send: Send, answer: Answer) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": "refused"})
        return
    told = telling(send, "")
    head = [("content-type", answer.type), ("content-length", str(len(answer.body))), *answer.headers]
    head.append(("connection", "close"))  # what it would have sent is not read
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in head]
    await told({"type": "http.response.start", "status": answer.status, "headers": raw})
    await told({"type": "http.response.body", "body": answer.body})
