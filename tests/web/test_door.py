"""The door: which requests pass, from whom, and how long and how large they may be."""

from __future__ import annotations

import asyncio
import itertools
import json
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from reverie.web import door
from reverie.web.addresses import addresses
from reverie.web.door import Door

OURS = addresses("127.0.0.1", 8765)


async def inside(scope: Any, receive: Any, send: Any) -> None:
    """Answers with what it read."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        return
    body = await Request(scope, receive).body()
    await PlainTextResponse(str(len(body)))(scope, receive, send)


def knock(
    method: str = "GET",
    path: str = "/api/pictures",
    *,
    headers: list[tuple[str, str]] | None = None,
    pieces: list[bytes] | None = None,
    kind: str = "http",
    app: Door | None = None,
    client: str = "127.0.0.1",
) -> tuple[int, dict[str, str], bytes]:
    """What is answered: the status (101 for a WebSocket let in), headers and body."""
    given = [("host", "127.0.0.1:8765")] if headers is None else headers
    scope = {
        "type": kind,
        "scheme": "http" if kind == "http" else "ws",
        "method": method,
        "path": path,
        "query_string": b"",
        "client": (client, 1234),
        "headers": [(n.encode(), v.encode()) for n, v in given],
    }
    waiting, sent = list(pieces or [b""]), []

    async def receive() -> dict[str, Any]:
        piece = waiting.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(waiting)}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run((app or Door(inside, OURS))(scope, receive, send))
    if sent[0]["type"].startswith("websocket"):
        return (101 if sent[0]["type"] == "websocket.accept" else 403), {}, b""
    told = {n.decode(): v.decode() for n, v in sent[0]["headers"]}
    return sent[0]["status"], told, b"".join(m.get("body", b"") for m in sent[1:])


HOSTS = ("127.0.0.1:8765", "localhost:8765", "evil.example", "127.0.0.1:9999")
ORIGINS = (None, "http://127.0.0.1:8765", "http://evil.example", "null")
SITES = (None, "same-origin", "cross-site", "same-site")


@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_only_our_own_pages_and_scripts_change_anything(kind: str) -> None:
    """Of all combinations of three headers, and by the rule as it is said in words."""
    passed = []
    for host, origin, site in itertools.product(HOSTS, ORIGINS, SITES):
        given = [("host", host), ("origin", origin), ("sec-fetch-site", site)]
        status, _, _ = knock("POST", headers=[(n, v) for n, v in given if v is not None], kind=kind)
        ours = host in HOSTS[:2]
        page = origin is None or origin == f"http://{host}"
        assert (status in (200, 101)) == (ours and page and site in (None, "same-origin")), given
        passed.append(status in (200, 101))
    assert (len(passed), sum(passed)) == (64, 6)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([("host", "127.0.0.1:8765"), ("host", "evil.example")], 400),
        ([("host", "127.0.0.1:8765"), ("origin", "http://127.0.0.1:8765"), ("origin", "null")], 400),
        ([("host", "127.0.0.1:8765"), ("content-length", "-1")], 400),
        ([("host", "LOCALHOST:8765")], 200),
        ([("host", "[::1]:8765")], 200),
        ([], 421),
        ([("host", "127.0.0.1")], 421),
        ([("host", "127.0.0.1:8765.evil.example")], 421),
        ([("host", "127.0.0.1:8765"), ("origin", "https://127.0.0.1:8765")], 403),
        ([("host", "127.0.0.1:8765"), ("origin", "http://localhost:8765")], 403),
        ([("host", "127.0.0.1:8765"), ("x-forwarded-host", "evil.example")], 200),
        ([("host", "evil.example"), ("x-forwarded-host", "127.0.0.1:8765")], 421),
    ],
)
def test_heads(headers: list[tuple[str, str]], status: int) -> None:
    assert knock(headers=headers)[0] == status


def test_who_follows_a_link_from_elsewhere_comes_to_the_page_and_nowhere_else() -> None:
    link = [("host", "127.0.0.1:8765"), ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")]
    assert knock("GET", "/", headers=link)[0] == 200
    assert knock("POST", "/", headers=link)[0] == 403
    assert knock("GET", "/api/pictures", headers=link)[0] == 403
    image = [*link[:2], ("sec-fetch-mode", "no-cors")]
    assert knock("GET", "/", headers=image)[0] == 403


def test_a_proxy_is_believed_where_it_is_named() -> None:
    app = Door(inside, addresses("127.0.0.1", 8765, also=["dreams.example"], proxies=["10.0.0.1"]))
    said = [
        ("host", "127.0.0.1:8765"),
        ("x-forwarded-host", "dreams.example"),
        ("x-forwarded-proto", "https"),
        ("origin", "https://dreams.example"),
    ]
    assert knock("POST", headers=said, app=app, client="10.0.0.1")[0] == 200
    assert knock("POST", headers=said, app=app, client="10.0.0.2")[0] == 403


def test_every_answer_tells_the_browser_to_run_and_guess_nothing() -> None:
    for headers in (None, [("host", "evil.example")]):
        _, told, _ = knock(headers=headers)
        assert told["x-content-type-options"] == "nosniff"
        policy = told["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert told["referrer-policy"] == "no-referrer"
        assert "access-control-allow-origin" not in told


def test_bodies_are_no_longer_than_their_path_allows() -> None:
    app = Door(inside, OURS, bodies={"/api/photos": 10})
    host = [("host", "127.0.0.1:8765")]

    def put(path: str, *pieces: bytes, stated: int | None = None) -> tuple[int, Any]:
        head = host if stated is None else [*host, ("content-length", str(stated))]
        status, _, body = knock("PUT", path, headers=head, pieces=list(pieces), app=app)
        return status, body

    assert put("/api/photos", b"12345", b"67890") == (200, b"10")
    with pytest.raises(Exception, match="413"):  # which the application behind turns into its answer
        put("/api/photos", b"12345", b"678901")
    with pytest.raises(Exception, match="413"):
        put("/api/photos", b"1", stated=11)
    assert put("/api/jobs", b"x" * 1_000_000)[0] == 200


def test_a_body_that_trickles_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "PAUSE", 0.05)

    async def never() -> Any:
        await asyncio.sleep(5)

    async def read() -> None:
        await door.Body(never, 10, 0).receive()

    with pytest.raises(Exception, match="408"):
        asyncio.run(read())


def test_refusals_are_one_sentence() -> None:
    status, told, body = knock(headers=[("host", "evil.example")])
    assert (status, told["content-type"]) == (421, "application/json")
    assert json.loads(body)["error"].startswith("this server does not go by that name")


def test_a_guest_comes_in_from_nowhere_but_not_by_another_name() -> None:
    """Who holds what only the invited have: by the server's own name, whatever the origin."""
    asked: list[str] = []

    def guest(scope: Any, headers: Any) -> bool:
        asked.append(headers.get("origin", ""))
        return scope["path"] == "/api/events"

    app = Door(inside, OURS, guest=guest)
    host, nowhere = ("host", "127.0.0.1:8765"), ("origin", "null")
    assert knock(kind="websocket", path="/api/events", headers=[host, nowhere], app=app)[0] == 101
    assert knock(kind="websocket", path="/api/other", headers=[host, nowhere], app=app)[0] == 403
    assert knock(path="/api/events", headers=[("host", "evil.example"), nowhere], app=app)[0] == 421
    assert knock(kind="websocket", path="/api/events", headers=[host, nowhere])[0] == 403
    assert asked == ["null", "null"]


def test_a_server_may_tell_browsers_more() -> None:
    app = Door(inside, OURS, headers={"permissions-policy": "microphone=(self)", "x-more": "1"})
    _, told, _ = knock(app=app)
    assert (told["permissions-policy"], told["x-more"]) == ("microphone=(self)", "1")
    assert told["x-content-type-options"] == "nosniff"
    assert knock()[1]["permissions-policy"] == door.HEADERS["permissions-policy"]
