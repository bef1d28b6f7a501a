"""What happens, as it happens: a WebSocket for each open page."""

from __future__ import annotations

import asyncio
from typing import Annotated, Final

from fastapi import APIRouter, Depends, WebSocket

from reverie.studio.hub import LARGEST, SIDE, Hub, Viewer
from reverie.studio.routes.common import Visit, visit_of
from reverie.web.talk import heard, talk

router = APIRouter()
#: Characters of what a page may send.
LONGEST: Final = 2000
#: Seconds that one message may take to be sent.
PATIENCE: Final = 20.0


@router.websocket("/api/events")
async def events(socket: WebSocket, here: Annotated[Visit, Depends(visit_of)]) -> None:
    studio = here.studio
    if studio.hub.count(here.owner) >= studio.settings.quota.viewers:
        await socket.close(1013, "too many pages are open")
        return
    await socket.accept()
    viewer = studio.hub.enter(here.owner)
    studio.line.look()
    try:
        await talk(socket, _send(socket, viewer, studio.hub), _hear(socket, viewer, here))
    finally:
        studio.hub.leave(viewer)
        studio.line.look()


async def _send(socket: WebSocket, viewer: Viewer, hub: Hub) -> None:
    """Send what there is; a page that takes too long for one message is given up."""
    while not viewer.gave_up:
        for what in await viewer.next():
            sending = socket.send_text(what) if isinstance(what, str) else socket.send_bytes(what)
            async with asyncio.timeout(PATIENCE):
                await sending
        await asyncio.sleep(hub.pace)  # what comes meanwhile is sent together, the newest of each kind


async def _hear(socket: WebSocket, viewer: Viewer, here: Visit) -> None:
    """Take in what the page wants to see."""
    while (wish := await heard(socket, LONGEST)) is not None:
        if "watch" in wish:
            viewer.watching = str(wish["watch"])[:64] if wish["watch"] is not None else None
        side = wish.get("side", viewer.side)
        viewer.side = max(64, min(LARGEST, side)) if isinstance(side, int) else SIDE
        here.studio.line.look()
