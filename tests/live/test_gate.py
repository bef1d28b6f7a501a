"""Who is who."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reverie.live.gate import Caller, LiveGate
from reverie.live.keys import Keys
from reverie.web.addresses import Client
from reverie.web.door import Answer


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys.of(tmp_path)


def scope(path: str = "/", query: str = "", kind: str = "http", method: str = "GET") -> dict[str, Any]:
    return {"type": kind, "path": path, "query_string": query.encode(), "method": method}


def client(address: str = "1.2.3.4", scheme: str = "http") -> Client:
    return Client(address, "show:1", scheme)


def caller(
    gate: LiveGate, cookies: str = "", address: str = "1.2.3.4", query: str = "", **more: Any
) -> Caller:
    found = gate.visitor(scope("/x", query), {"cookie": cookies, **more}, client(address))
    assert isinstance(found, str)
    return Caller.read(found)


def cookie(header: tuple[str, str]) -> str:
    assert header[0] == "set-cookie"
    assert "HttpOnly" in header[1]
    assert "SameSite=" in header[1]
    return header[1].partition(";")[0]


def test_everybody_comes_in_and_a_browser_gets_a_name(keys: Keys) -> None:
    gate = LiveGate(keys)
    somebody = caller(gate)
    assert (somebody.role, somebody.id, somebody.address) == ("guest", "", "1.2.3.4")
    assert somebody.person(0).id == "address 1.2.3.4"
    named = cookie(gate.new_browser(somebody))
    known = caller(gate, named)
    assert known.id
    assert known.person(0).id == f"web {known.id}"
    assert cookie(gate.new_browser(somebody)) != named
    assert caller(gate, named[:-1] + ("0" if named[-1] != "0" else "1")).id == ""
    assert Caller.read(str(known)) == known


def test_a_link_makes_a_role_and_only_that(keys: Keys) -> None:
    gate = LiveGate(keys)
    for role, home in (("moderator", b"/moderator"), ("stage", b"/stage")):
        answer = gate.visitor(scope("/", f"token={getattr(keys, role)}"), {}, client(scheme="https"))
        assert isinstance(answer, Answer)
        assert answer.status == 200
        assert home in answer.body
        assert getattr(keys, role).encode() not in answer.body
        (header,) = answer.headers
        assert header[1].endswith("SameSite=Strict; Secure")
        assert getattr(keys, role) not in header[1]
        found = caller(gate, cookie(header))
        assert found.role == role
        assert found.moderates is (role == "moderator")
        assert found.stages
    wrong = gate.visitor(scope("/", "token=wrong"), {}, client())
    assert isinstance(wrong, Answer)
    assert wrong.status == 403
    assert wrong.headers == ()


def test_cookies_cannot_be_exchanged_for_one_another(keys: Keys) -> None:
    """What proves a name proves no role, and a name that reads like one neither."""
    gate = LiveGate(keys)
    name = cookie(gate.new_browser(caller(gate)))
    label, _, value = name.partition("=")
    assert caller(gate, f"{label.removesuffix('-id')}-role={value}").role == "guest"
    forged = keys.signed("id moderator").removeprefix("id ")
    assert caller(gate, f"{label.removesuffix('-id')}-role={forged}").role == "guest"


def test_scripts_hold_the_token_itself(keys: Keys) -> None:
    gate = LiveGate(keys)
    assert caller(gate, authorization=f"Bearer {keys.moderator}").moderates
    assert not caller(gate, authorization="Bearer wrong").moderates
    assert caller(gate, query=f"token={keys.overlay}").role == "overlay"
    assert not caller(gate, query=f"token={keys.overlay}").stages


def test_the_room_is_of_one_browser_and_ends(keys: Keys) -> None:
    gate = LiveGate(keys)
    mine = cookie(gate.new_browser(caller(gate)))
    room = cookie(gate.in_room(caller(gate, mine), 5000.0))
    inside = caller(gate, f"{mine}; {room}")
    assert inside.person(4999.0).room
    assert not inside.person(5000.0).room
    other = cookie(gate.new_browser(caller(gate)))
    assert not caller(gate, f"{other}; {room}").person(0).room
    assert not caller(gate, room).person(0).room


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("1.2.3.4", "1.2.3.4"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("::ffff:1.2.3.4", "1.2.3.4"),
        ("unix|so\ncket", "unixsocket"),
        ("", ""),
    ],
)
def test_an_address_is_that_of_a_household(keys: Keys, address: str, place: str) -> None:
    assert caller(LiveGate(keys), address=address).address == place


def test_an_overlay_of_no_origin_needs_its_token(keys: Keys) -> None:
    gate, nowhere = LiveGate(keys), {"origin": "null"}
    token = f"token={keys.overlay}"
    for path in ("/api/events", "/api/stream"):
        assert gate.guest(scope(path, token, "websocket"), nowhere)
        assert not gate.guest(scope(path, "token=x", "websocket"), nowhere)
        assert not gate.guest(scope(path, "", "websocket"), nowhere)
        assert not gate.guest(scope(path, token, "websocket"), {"origin": "http://evil"})
        assert not gate.guest(scope(path, token, "websocket"), {})
    assert gate.guest(scope("/api/show", token), nowhere)
    assert not gate.guest(scope("/api/show", token, method="POST"), nowhere)
    for path in ("/api/wishes", "/api/moderator/skip", "/"):
        assert not gate.guest(scope(path, token, method="POST"), nowhere)
    assert "microphone=(self)" in gate.headers["permissions-policy"]
