"""A server that runs: bound to its address, with our connections, and said where it is."""

from __future__ import annotations

import errno
import io
import os
import socket
import sys
from typing import TYPE_CHECKING, Final

from reverie.errors import ResourceError, UsageError
from reverie.web.addresses import Addresses
from reverie.web.door import App

if TYPE_CHECKING:
    import uvicorn

#: Seconds that open answers have when the server ends.
GOOD_BYE: Final = 3


def make_server(app: App, ours: Addresses) -> uvicorn.Server:
    """The web server with our connections; what it would log of requests might hold a link."""
    import uvicorn

    from reverie.web.connections import Connections, guarded

    http, sockets = guarded(Connections(most=512, in_all=2000, believed=ours.proxies))
    config = uvicorn.Config(
        app,
        http=http,
        ws=sockets,
        ws_max_size=65_536,
        ws_ping_interval=20.0,
        ws_per_message_deflate=False,  # pictures do not get smaller
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=GOOD_BYE,
        lifespan="on",
    )
    return uvicorn.Server(config)


def bound(host: str, port: int) -> socket.socket:
    """A socket at an address, not listening yet.

    Raises:
        UsageError: There is no such address here.
        ResourceError: Another program has the port, or it may not be used.
    """
    try:
        kind, _, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError) as error:
        raise UsageError(f"--host {host}: no such address; 127.0.0.1 is this machine alone") from error
    listener = socket.socket(kind, socket.SOCK_STREAM, protocol)  # of TCP asyncio sends small answers at once
    try:
        if sys.platform != "win32":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise ResourceError(f"port {port}: another program has it; give another with --port") from error
        if error.errno == errno.EADDRNOTAVAIL:
            raise UsageError(f"--host {host}: this machine has no such address") from error
        raise ResourceError(f"port {port}: {error.strerror or error}; give another with --port") from error
    return listener


def has_screen() -> bool:
    """Whether a browser could show itself; without a screen one would take the terminal instead."""
    shown = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    return not sys.platform.startswith("linux") or any(map(os.environ.get, shown))


def qr_code(url: str) -> str:
    """A link for the cameras of phones, drawn with characters."""
    import segno

    out = io.StringIO()
    segno.make(url, error="l").terminal(out, compact=True)
    return out.getvalue()
