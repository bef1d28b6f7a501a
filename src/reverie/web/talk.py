"""A WebSocket that is sent to and listened to at once, until either is over."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from fastapi import WebSocket, WebSocketDisconnect


async def talk(
    socket: WebSocket, sending: Coroutine[Any, Any, None], hearing: Coroutine[Any, Any, None]
) -> None:
    """Do both until one ends or fails; then the other one ends too, and the socket is closed."""
    try:
        tasks = {asyncio.create_task(sending), asyncio.create_task(hearing)}
        _, others = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in others:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    finally:
        with suppress(RuntimeError, WebSocketDisconnect):
            await socket.close()


async def heard(socket: WebSocket, longest: int) -> dict[str, Any] | None:
    """The next object that a page sends; None once it is gone.

    Args:
        socket: Its connection.
        longest: Characters that it may have; what is longer, or no JSON object, is as an empty one.
    """
    try:
        text = await socket.receive_text()
    except (WebSocketDisconnect, KeyError):  # KeyError: of bytes, which mean nothing here
        return None
    if len(text) > longest:
        return {}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
