"""Both sides of a WebSocket: what is taken of a page's words, and how one side ends the other."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
from fastapi import WebSocket, WebSocketDisconnect

from reverie.web.talk import heard, talk
from support.endings import run_within


class Line:
    """A connection on which somebody says something, and goes."""

    def __init__(self, *said: str | Exception) -> None:
        self.said, self.closed = list(said), 0

    async def receive_text(self) -> str:
        what = self.said.pop(0)
        if isinstance(what, Exception):
            raise what
        return what

    async def close(self) -> None:
        self.closed += 1


def hears(what: str | Exception) -> dict[str, Any] | None:
    return asyncio.run(heard(cast(WebSocket, Line(what)), 40_000))


@pytest.mark.parametrize(
    ("text", "object_"),
    [
        ('{"pulse": 0.5}', {"pulse": 0.5}),
        ("[1]", {}),
        ("no JSON", {}),
        ("[" * 30_000, {}),
        ('{"long": "' + "x" * 40_000 + '"}', {}),
        ("", {}),
    ],
)
def test_what_is_no_object_says_nothing(text: str, object_: dict[str, Any]) -> None:
    assert hears(text) == object_


@pytest.mark.parametrize("end", [WebSocketDisconnect(), KeyError("text")])
def test_who_is_gone_or_sends_bytes_is_not_heard(end: Exception) -> None:
    assert hears(end) is None


@pytest.mark.parametrize("fails", [False, True])
def test_when_one_side_ends_the_other_does_and_the_line_is_closed(fails: bool) -> None:
    line, ended = Line(), []

    async def for_ever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("sending")

    async def shortly() -> None:
        await asyncio.sleep(0)
        if fails:
            raise RuntimeError

    run_within(60, talk(cast(WebSocket, line), for_ever(), shortly()))
    assert ended == ["sending"]
    assert line.closed == 1
