"""A studio that runs: bound to its address, said where it is, shown in a browser, and ended in good order."""

from __future__ import annotations

import asyncio
import secrets
import webbrowser
from collections.abc import Callable
from typing import TYPE_CHECKING

from reverie.errors import ResourceError
from reverie.studio.settings import StudioSettings
from reverie.web.addresses import ANY, best_address, bracketed
from reverie.web.door import Gate, Open
from reverie.web.serving import bound, has_screen, make_server, qr_code
from reverie.web.tokens import LinkGate

if TYPE_CHECKING:
    import uvicorn

    from reverie.studio.studio import Studio

Say = Callable[[str], None]


def serve(
    settings: StudioSettings,
    *,
    opens: bool,
    ready: Say,
    note: Say,
) -> None:
    """Run a studio until it is told to end.

    Args:
        settings: How it is run.
        opens: Whether the page is opened in the user's browser.
        ready: Is told the address when everything is ready.
        note: Is told what else people want to know.

    Raises:
        UsageError: The address cannot be.
        ResourceError: The port is taken, or the data folder cannot be used.
    """
    from reverie.studio.app import make_app
    from reverie.studio.studio import Studio
    from reverie.web.addresses import addresses

    listener = bound(settings.host, settings.port)
    try:
        port = listener.getsockname()[1]
        ours = addresses(settings.host, port, also=settings.allow_hosts, proxies=settings.proxies)
        studio = Studio(settings)
    except BaseException:
        listener.close()
        raise
    gate, url = _gate(settings, studio, port)
    server = make_server(make_app(studio, ours, gate), ours)

    async def run() -> None:
        telling = asyncio.create_task(_tell(server, url, settings, opens=opens, ready=ready, note=note))
        await server.serve(sockets=[listener])
        telling.cancel()

    asyncio.run(run())
    if not server.started:
        raise ResourceError("the studio could not begin; the lines above say why")


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
        note("Whoever has this link comes in: show it to those who may, and to nobody else.")
        for line in qr_code(url).splitlines():
            note(line)
    if opens and not (has_screen() and await asyncio.to_thread(webbrowser.open, url)):
        note("no browser was found here; open the address in one yourself")
