"""A link that lets people in: its token is exchanged for a cookie, and is seen nowhere afterwards."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import parse_qs

from reverie.web.addresses import Client
from reverie.web.door import Answer, Scope

#: Seconds after which a cookie is forgotten.
KEPT: Final = 30 * 86_400
_WHO: Final = (
    b'<!doctype html><html lang="en"><meta charset="utf-8"><title>reverie</title>'
    b"<p>This studio is for those who have its link. Ask whoever runs it for the link.</p></html>"
)


def come_in(where: str, called: str) -> bytes:
    """A page that goes on to ``where`` by itself, with a link that says so.

    A redirect would not do: after a link from elsewhere a browser keeps a SameSite=Strict cookie back until a
    page of ours asks.
    """
    head = f'<meta charset="utf-8"><meta http-equiv="refresh" content="0; url={where}">'
    head += '<link rel="icon" href="/static/icon.svg"><title>reverie</title>'
    link = f'<a href="{where}">{called}</a>'
    return f'<!doctype html><html lang="en">{head}<p>Come in: {link}.</p></html>'.encode()


def hashed(key: str) -> str:
    """What is kept of a key, so that whoever reads the store gets in nowhere."""
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()


@dataclass
class LinkGate:
    """Lets in whoever has the link or a cookie.

    Attributes:
        token: What the link holds.
        cookie: The cookie's name.
        known: The visitor of a hashed key, or None.
        enter: Keeps a new visitor by a hashed key; says who that is.
    """

    token: str
    cookie: str
    known: Callable[[str], str | None]
    enter: Callable[[str], str]

    def visitor(self, scope: Scope, headers: Mapping[str, str], who: Client) -> str | Answer:
        """Whose cookie it is; or a page that gives one for the link's token, or says what is needed."""
        key = cookie_of(headers.get("cookie", ""), self.cookie)
        found = self.known(hashed(key)) if key else None
        query = scope.get("query_string", b"").decode("latin-1")
        given = parse_qs(query, max_num_fields=20).get("token", [""])[0] if "token=" in query else ""
        if given and scope["type"] == "http" and scope["path"] == "/":
            if not self.opens(given):
                return Answer(403, _WHO)
            return Answer(200, come_in("/", "to the studio"), (() if found else (self._cookie_for(who),)))
        if found:
            return found
        bearer = headers.get("authorization", "").removeprefix("Bearer ").strip()
        if bearer and self.opens(bearer):  # a script, which has no cookies
            return self.known(hashed(f"script {self.token}")) or self.enter(hashed(f"script {self.token}"))
        return Answer(401, _WHO)

    def opens(self, given: str) -> bool:
        """Whether it is the token, asked in the same time whatever it is."""
        return hmac.compare_digest(hashed(given), hashed(self.token))

    def _cookie_for(self, who: Client) -> tuple[str, str]:
        key = secrets.token_urlsafe(32)
        self.enter(hashed(key))
        secure = "; Secure" if who.scheme == "https" else ""
        kept = f"Path=/; Max-Age={KEPT}; HttpOnly; SameSite=Strict{secure}"
        return "set-cookie", f"{self.cookie}={key}; {kept}"


def cookie_of(header: str, name: str) -> str:
    """A cookie's value, or nothing."""
    try:
        found = SimpleCookie(header[:8000]).get(name)
    except CookieError:
        return ""
    return found.value if found is not None else ""
