"""The picture and the sound for browsers, and figures for whoever watches over the show."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final

from fastapi import APIRouter, Request, WebSocket, WebSocketDisconnect
from starlette.responses import PlainTextResponse

from reverie.live import figures
from reverie.live.air.broadcast import Broadcast
from reverie.web.connections import TRANSPORT

router = APIRouter()
#: Browsers that may see the picture, or hear the sound, at once.
MOST: Final = 1500


@router.websocket("/api/stream")
async def stream(socket: WebSocket) -> None:
    """The head of an MP4, then its fragments, one a frame, each a binary message."""
    await _follow(socket, socket.app.state.room.air.picture)


@router.websocket("/api/sound")
async def sound(socket: WebSocket) -> None:
    """The music as another MP4, in the same way; closed at once where the show has none."""
    air = socket.app.state.room.air
    if air.plan.music is None:
        await socket.close(1008, "this show has no music")
        return
    await _follow(socket, air.sound)


async def _follow(socket: WebSocket, channel: Broadcast) -> None:
    """Send a stream until the browser is gone; what it says means nothing."""
    if len(channel) >= MOST:
        await socket.close(1013, "too many are watching")
        return
    await socket.accept()
    viewer = channel.enter(socket.scope["extensions"][TRANSPORT])
    try:
        with suppress(WebSocketDisconnect):
            while True:
                message = await socket.receive()
                if message["type"] == "websocket.disconnect":
                    return
    finally:
        channel.leave(viewer)


@router.get("/health")
async def health(request: Request) -> dict[str, Any]:
    """How the show does, as JSON."""
    return figures.health(request.app.state.room)


@router.get("/metrics")
async def metrics(request: Request) -> PlainTextResponse:
    """The same for Prometheus."""
    return PlainTextResponse(figures.metrics(request.app.state.room), media_type=figures.TEXT)
