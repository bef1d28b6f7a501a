"""What happens, as it happens: a WebSocket for each open page; a slow one hears the newest alone."""

from __future__ import annotations

import asyncio
import time
from typing import Annotated, Final

from fastapi import APIRouter, Depends, WebSocket

from reverie.live.lobby import PACE, Lobby, Watcher
from reverie.live.routes.common import LiveCall, call_of
from reverie.web.talk import heard, talk

router = APIRouter()
#: Characters of what a page may send; pages at once; seconds that one message may take.
LONGEST, MOST, PATIENCE = 500, 4000, 20.0
_SAID: Final = "pulse"


@router.websocket("/api/events")
async def events(socket: WebSocket, here: Annotated[LiveCall, Depends(call_of)]) -> None:
    lobby = here.lobby
    if lobby.pages >= MOST:
        await socket.close(1013, "too many pages are open")
        return
    await socket.accept()
    watcher = lobby.enter(here.caller)
    try:
        await talk(socket, _send(socket, watcher, lobby), _hear(socket, here))
    finally:
        lobby.leave(watcher)


async def _send(socket: WebSocket, watcher: Watcher, lobby: Lobby) -> None:
    """Send what there is; what comes meanwhile is sent together."""
    while True:
        await watcher.wait()
        async with asyncio.timeout(PATIENCE):
            await socket.send_text(lobby.text(watcher.sight))
        await asyncio.sleep(PACE)


async def _hear(socket: WebSocket, here: LiveCall) -> None:
    """Take in how loud it is before the stage; nobody else has anything to say here."""
    while (said := await heard(socket, LONGEST)) is not None:
        level = said.get(_SAID)
        if here.caller.stages and isinstance(level, int | float) and not isinstance(level, bool):
            here.lobby.loud(float(level), time.time())
