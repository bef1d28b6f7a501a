"""A link that lets in: exchanged for a cookie, and of no use to anybody else."""

from __future__ import annotations

import re
from typing import Any

import pytest

from reverie.web.addresses import Client
from reverie.web.door import Answer
from reverie.web.tokens import LinkGate, hashed

WHO = Client("10.0.0.7", "dreams.example", "http")


@pytest.fixture
def gate() -> LinkGate:
    visitors: dict[str, str] = {}

    def enter(key: str) -> str:
        return visitors.setdefault(key, f"visitor {len(visitors)}")

    return LinkGate("t0ken", "reverie-1", visitors.get, enter)


def come(gate: LinkGate, path: str = "/", query: str = "", who: Client = WHO, **headers: str) -> Any:
    scope = {"type": "http", "path": path, "query_string": query.encode()}
    return gate.visitor(scope, {n.replace("_", "-"): v for n, v in headers.items()}, who)


def test_the_link_gives_a_cookie_that_scripts_and_other_sites_never_see(gate: LinkGate) -> None:
    answer = come(gate, query="token=t0ken")
    assert isinstance(answer, Answer)
    assert answer.status == 200
    name, cookie = answer.headers[0]
    assert name == "set-cookie"
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    assert b"t0ken" not in answer.body
    assert b'url=/"' in answer.body  # a page of ours goes on, so a strict cookie is sent
    assert come(gate, cookie=cookie.split(";")[0], path="/api/me") == "visitor 0"


def test_over_https_the_cookie_stays_there(gate: LinkGate) -> None:
    answer = come(gate, query="token=t0ken", who=Client("10.0.0.7", "dreams.example", "https"))
    assert answer.headers[0][1].endswith("; Secure")


def test_each_visitor_is_another(gate: LinkGate) -> None:
    cookies = [come(gate, query="token=t0ken").headers[0][1].split(";")[0] for _ in range(3)]
    assert len({come(gate, cookie=cookie) for cookie in cookies}) == 3
    again = come(gate, query="token=t0ken", cookie=cookies[0])
    assert again.headers == ()  # who is known stays who it is


@pytest.mark.parametrize(
    "query", ["", "token=", "token=T0ken", "token=t0ken2", "token=%00", "t0ken", "token[]=t0ken"]
)
def test_without_it_nobody_comes_in(gate: LinkGate, query: str) -> None:
    answer = come(gate, query=query)
    assert answer.status in (401, 403)
    assert not answer.headers


@pytest.mark.parametrize(
    "cookie", ["reverie-1=", "reverie-1=x", "other=t0ken", "reverie-1", ";;;=", "a" * 9000]
)
def test_other_cookies_are_nobody(gate: LinkGate, cookie: str) -> None:
    assert come(gate, path="/api/me", cookie=cookie).status == 401


def test_a_script_says_the_token_in_a_header(gate: LinkGate) -> None:
    first = come(gate, path="/api/jobs", authorization="Bearer t0ken")
    assert first == come(gate, path="/api/me", authorization="Bearer t0ken") == "visitor 0"
    assert come(gate, path="/api/me", authorization="Bearer no").status == 401


def test_keys_are_kept_as_hashes_only(gate: LinkGate) -> None:
    cookie = come(gate, query="token=t0ken").headers[0][1]
    key = re.match(r"reverie-1=([\w-]+)", cookie)
    assert key is not None
    assert gate.known(key[1]) is None
    assert gate.known(hashed(key[1])) == "visitor 0"
