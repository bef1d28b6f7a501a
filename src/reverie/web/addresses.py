"""Which names this server goes by, and who really asked where a proxy stands before it."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from reverie.errors import UsageError

#: Names that mean this machine, for whoever sits at it.
LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")
#: Addresses that stand for every one that the machine has.
ANY: Final = ("0.0.0.0", "::")


@dataclass(frozen=True)
class Addresses:
    """What a request may call this server, and which proxies are believed.

    Attributes:
        hosts: Allowed values of Host, in small letters, with the port where it is not the scheme's own.
        proxies: Addresses of proxies whose ``X-Forwarded-*`` counts.
    """

    hosts: frozenset[str]
    proxies: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True)
class Client:
    """Who asked: the address of the client, the Host that it named, and ``http`` or ``https``."""

    client: str
    host: str
    scheme: str

    @property
    def origin(self) -> str:
        """What a page of ours has as its origin."""
        return f"{self.scheme}://{self.host}"


def addresses(host: str, port: int, *, also: Iterable[str] = (), proxies: Iterable[str] = ()) -> Addresses:
    """The names of a server that is bound to ``host`` and ``port``.

    Args:
        host: The address it is bound to.
        port: Its port.
        also: Further names that its users type, with a port or without.
        proxies: Addresses of proxies that are believed.

    Raises:
        UsageError: A proxy is no address.
    """
    names = {*LOOPBACK, bracketed(host)} if is_loopback(host) else {*LOOPBACK, *of_this_machine(host)}
    hosts = {f"{name}:{port}" for name in names} | ({*names} if port == 80 else set())
    for name in also:
        plain = name.strip().lower()
        hosts |= {plain, f"{plain}:{port}"}
    for proxy in proxies:
        try:
            ipaddress.ip_address(proxy)
        except ValueError:
            raise UsageError(f"--trusted-proxy {proxy}: an address is needed, such as 127.0.0.1") from None
    return Addresses(frozenset(name.lower() for name in hosts), frozenset(proxies))


def of_this_machine(host: str) -> set[str]:
    """What others may call a machine that is bound to ``host``: that, or all its names and addresses."""
    if host not in ANY:
        return {bracketed(host).lower()}
    import psutil

    found = {socket.gethostname().lower(), f"{socket.gethostname().lower()}.local"}
    for several in psutil.net_if_addrs().values():
        for one in several:
            if one.family in (socket.AF_INET, socket.AF_INET6):
                found.add(bracketed(one.address.split("%")[0]).lower())
    return found


def best_address() -> str:
    """An address of this machine that others in its network reach; 127.0.0.1 where there is none."""
    found = sorted(of_this_machine(ANY[0]) - {*LOOPBACK})
    numbers = [one for one in found if one.replace(".", "").isdecimal() and not is_loopback(one)]
    return numbers[0] if numbers else LOOPBACK[0]


def bracketed(host: str) -> str:
    """An address as it stands in a URL: of version 6 in brackets."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def is_loopback(host: str) -> bool:
    """Whether nobody but this machine reaches that address."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def asked(client: str, headers: Mapping[str, str], scheme: str, ours: Addresses) -> Client:
    """Who asked: as the headers say where the connection comes from a proxy that is believed."""
    host = headers.get("host", "").strip().lower()
    if client not in ours.proxies:
        return Client(client, host, scheme)
    via = headers.get("x-forwarded-for", "").rsplit(",", 1)[-1].strip()
    return Client(
        via or client,
        headers.get("x-forwarded-host", host).strip().lower(),
        "https" if headers.get("x-forwarded-proto", scheme).strip().lower() == "https" else "http",
    )
