"""A studio that runs: bound to its address, said where it is, shown in a browser, and ended in good order."""

from __future__ import annotations

import asyncio
import errno
import io
import os
import secrets
import socket
import sys
import webbrowser
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from reverie.errors import ResourceError, UsageError
from reverie.jobs.provenance import Provenance
from reverie.studio.settings import StudioSettings
from reverie.web.addresses import ANY, Addresses, best_address, bracketed
from reverie.web.door import Gate, Open
from reverie.web.tokens import LinkGate

if TYPE_CHECKING:
    import uvicorn

    from reverie.studio.studio import Studio

#: Seconds that open answers have when the server ends.
GOOD_BYE: Final = 3
Say = Callable[[str], None]


def serve(
    settings: StudioSettings,
    command: Callable[[Provenance, str], str],
    *,
    opens: bool,
    ready: Say,
    note: Say,
) -> None:
    """Run a studio until it is told to end.

    Args:
        settings: How it is run.
        command: As of ``Studio``.
        opens: Whether the page is opened in the user's browser.
        ready: Is told the address when everything is ready.
        note: Is told what else people want to know.

    Raises:
        UsageError: The address cannot be.
        ResourceError: The port is taken, or the data folder cannot be used.
    """
    from reverie.studio.studio import Studio
    from reverie.web.addresses import addresses

    listener = bound(settings.host, settings.port)
    try:
        port = listener.getsockname()[1]
        ours = addresses(settings.host, port, also=settings.allow_hosts, proxies=settings.proxies)
        studio = Studio(settings, command)
    except BaseException:
        listener.close()
        raise
    gate, url = _gate(settings, studio, port)
    server = _server(studio, ours, gate)

    async def run() -> None:
        telling = asyncio.create_task(_tell(server, url, settings, opens=opens, ready=ready, note=note))
        await server.serve(sockets=[listener])
        telling.cancel()

    asyncio.run(run())
    if not server.started:
        raise ResourceError("the studio could not begin; the lines above say why")


def _server(studio: Studio, ours: Addresses, gate: Gate) -> uvicorn.Server:
    """The web server with our connections; what it would log of requests might hold a link."""
    import uvicorn

    from reverie.studio.app import make_app
    from reverie.web.connections import Connections, guarded

    http, sockets = guarded(Connections(most=512, in_all=2000, believed=ours.proxies))
    config = uvicorn.Config(
        make_app(studio, ours, gate),
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


def _gate(settings: StudioSettings, studio: Studio, port: int) -> tuple[Gate, str]:
    """Who may come in, and the address to open."""
    if not settings.shared:
        return Open(), f"http://{bracketed(settings.host)}:{port}/"
    token = secrets.token_urlsafe(24)
    visitors = studio.visitors
    host = settings.host if settings.host not in ANY else best_address()
    gate = LinkGate(token, f"reverie-{port}", visitors.known, visitors.enter)
    return gate, f"http://{bracketed(host)}:{port}/?token={token}"


async def _tell(
    server: uvicorn.Server, url: str, settings: StudioSettings, *, opens: bool, ready: Say, note: Say
) -> None:
    """Say where the studio is as soon as it can be reached."""
    while not server.started:
        await asyncio.sleep(0.02)
    ready(url)
    if settings.shared:
        note("Whoever has this link comes in; do not show it to others.")
        for line in qr_code(url).splitlines():
            note(line)
    if opens and not (has_screen() and await asyncio.to_thread(webbrowser.open, url)):
        note("no browser was found here; open the address in one yourself")


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
