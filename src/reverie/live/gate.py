"""Who is who: everybody may come in; the holder of a link is a moderator, the stage or an overlay."""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import parse_qs

from reverie.live.crowd.ballot import Person
from reverie.live.keys import HOMES, Keys, Role
from reverie.web.addresses import Client
from reverie.web.door import HEADERS, Answer, Scope
from reverie.web.tokens import come_in, cookie_of

#: Seconds for which a browser is known.
KEPT: Final = 30 * 86_400
#: What an overlay's token opens for a page of no origin, as a program for streams may load it.
OVERLAYS: Final = ("/api/events", "/api/stream", "/api/show")
_WRONG: Final = (
    b'<!doctype html><html lang="en"><meta charset="utf-8"><title>reverie</title>'
    b'<p>That link is not one of this show any more. <a href="/">Watch and wish</a>.</p></html>'
)


@dataclass(frozen=True)
class Caller:
    """Who asked.

    Attributes:
        role: What they may do; "guest" is everybody.
        id: The browser they use, as a random name; empty if it has none yet.
        address: Where they are: an IPv4 address, or the first half of a longer one.
        room: When they are no longer in the room, in seconds since 1970.
        secure: Whether they came by HTTPS.
    """

    role: Role | Literal["guest"]
    id: str
    address: str
    room: float = 0.0
    secure: bool = False

    def person(self, now: float, name: str = "") -> Person:
        """Them as somebody who wishes; all of an address without a browser of their own are one."""
        who = f"web {self.id}" if self.id else f"address {self.address}"
        return Person(who, self.address, bool(self.id) and now < self.room, name)

    @property
    def moderates(self) -> bool:
        """Whether they may do what moderators do."""
        return self.role == "moderator"

    @property
    def stages(self) -> bool:
        """Whether they may see the room's code, and say how loud it is."""
        return self.role in ("moderator", "stage")

    def __str__(self) -> str:
        return "|".join((self.role, self.id, self.address, repr(self.room), "s" * self.secure))

    @classmethod
    def read(cls, text: str) -> Caller:
        """Who ``str`` was made of."""
        role, id, address, room, secure = text.split("|")
        return cls(role, id, address, float(room), bool(secure))  # type: ignore[arg-type]


class LiveGate:
    """Lets everybody in, and says who they are.

    Attributes:
        headers: What browsers are told in the place of what the door says: the stage may use a microphone.
    """

    headers: Final[Mapping[str, str]] = {
        "permissions-policy": HEADERS["permissions-policy"].replace("microphone=()", "microphone=(self)")
    }

    def __init__(self, keys: Keys) -> None:
        """A gate that knows these keys; cookies of another show beside it have other names."""
        self._keys = keys
        self._name = f"reverie-{hashlib.sha256(keys.secret.encode()).hexdigest()[:8]}"

    def visitor(self, scope: Scope, headers: Mapping[str, str], who: Client) -> str | Answer:
        """Who it is, as the text of a ``Caller``; or a page that lets the holder of a link in."""
        given = _token(scope)
        role = self._keys.role(given) if given else None
        if given and scope["type"] == "http" and scope["path"] == "/":
            if role is None:
                return Answer(403, _WRONG)
            cookie = self._cookie("role", role, "Strict", who.scheme == "https")
            return Answer(200, come_in(HOMES[role], role), (cookie,))
        cookies = headers.get("cookie", "")
        if role is None:
            bearer = headers.get("authorization", "").removeprefix("Bearer ").strip()
            role = self._keys.role(bearer) if bearer else self._role(cookies)
        id = self._read(cookies, "id")
        room = self._read(cookies, "room").partition(" ")
        until = float(room[2]) if id and room[0] == id else 0.0
        return str(Caller(role or "guest", id, _place(who.client), until, who.scheme == "https"))

    def guest(self, scope: Scope, headers: Mapping[str, str]) -> bool:
        """Whether an overlay asks, from a page of no origin, with its token."""
        if headers.get("origin") != "null" or scope["path"] not in OVERLAYS:
            return False
        return (scope["type"] == "websocket" or scope["method"] == "GET") and bool(
            self._keys.role(_token(scope))
        )

    def new_browser(self, caller: Caller) -> tuple[str, str]:
        """The header that gives a browser a name of its own."""
        return self._cookie("id", secrets.token_urlsafe(12), "Lax", caller.secure)

    def in_room(self, caller: Caller, until: float) -> tuple[str, str]:
        """The header that lets a browser be in the room until then."""
        return self._cookie("room", f"{caller.id} {until:.0f}", "Lax", caller.secure)

    def _cookie(self, what: str, value: str, site: str, secure: bool) -> tuple[str, str]:
        signed = self._keys.signed(f"{what} {value}").removeprefix(f"{what} ").replace(" ", "~")
        kept = f"Path=/; Max-Age={KEPT}; HttpOnly; SameSite={site}{'; Secure' if secure else ''}"
        return "set-cookie", f"{self._name}-{what}={signed}; {kept}"

    def _read(self, cookies: str, what: str) -> str:
        """The value of a cookie that is ours, or nothing."""
        signed = cookie_of(cookies, f"{self._name}-{what}").replace("~", " ")
        found = self._keys.verified(f"{what} {signed}") if signed else None
        return found.removeprefix(f"{what} ") if found else ""

    def _role(self, cookies: str) -> Role | None:
        found = self._read(cookies, "role")
        return next((role for role in HOMES if role == found), None)


def _token(scope: Scope) -> str:
    query = scope.get("query_string", b"").decode("latin-1")
    return parse_qs(query, max_num_fields=20).get("token", [""])[0] if "token=" in query else ""


def _place(address: str) -> str:
    """An address as one household's: of a longer one the first 64 bits, which one connection has."""
    try:
        found = ipaddress.ip_address(address.split("%")[0])
    except ValueError:
        return "".join(letter for letter in address[:60] if letter.isalnum() or letter in ".:-")
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False).network_address)
    return str(found)
