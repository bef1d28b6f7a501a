"""What the pages are told, and what is done for them."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from reverie.live import lobby as module
from reverie.live.crowd.ballot import Person
from reverie.live.dreamer.protocol import CalmDown, GoOn, PauseDream, SetPulse
from reverie.live.gate import Caller
from reverie.live.lobby import Lobby
from reverie.live.show import Moderation, OnStage
from reverie.live.topics import Topics
from support.live_pages import FakeRoom

TOPICS = Topics.of("lite0")
NOON = 1_700_000_000.0
GUEST, STAGE = Caller("guest", "x", "1.1.1.1"), Caller("stage", "y", "1.1.1.1")
MODERATOR = Caller("moderator", "z", "1.1.1.1")


@pytest.fixture
def room(tmp_path: Path) -> FakeRoom:
    return FakeRoom(tmp_path)


def test_each_sees_what_is_for_them(room: FakeRoom) -> None:
    lobby = Lobby(room, "http://show:1")
    room.crowd.next_topics(NOON)
    room.crowd.wish("volcano + goldfish", Person("web secret-id", "6.6.6.6", name="Ada"), NOON)
    guest, stage, moderator = (lobby.told(sight, NOON) for sight in ("guest", "stage", "moderator"))
    assert guest["topic"][0]["label"] == "jellyfish"
    assert guest["queue"][0]["label"] == "volcano + goldfish"
    assert guest["queue"][0]["names"] == []
    assert (guest["ends"], guest["viewers"], guest["source"]) == (NOON + 45, 3, "playlist")
    code = lobby.code.now(NOON)
    assert stage["code"]["id"] == moderator["code"]["id"] == code
    assert moderator["recent"][0]["who"] == "web secret-id"
    for told in (guest, stage):
        text = json.dumps(told)
        assert not any(one in text for one in ("secret-id", "6.6.6.6", "Ada", room.token))
    assert code not in json.dumps(guest)
    everything = json.dumps([guest, stage, moderator])
    keys = lobby.keys
    assert not any(
        one in everything for one in (keys.secret, keys.stage, keys.overlay, keys.moderator, "6.6.6.6")
    )


def test_names_are_told_where_the_show_says_so(tmp_path: Path) -> None:
    room = FakeRoom(tmp_path, moderation=Moderation(names="shown", block_names=("troll",)))
    lobby = Lobby(room, "http://show:1")
    for name in ("<img src=x onerror=alert(1)>", "Troll", "Ben"):
        room.crowd.wish("volcano", Person(name, name=name), NOON)
    assert lobby.told("guest", NOON)["queue"][0]["names"] == ["<img src=x onerror=alert(1)>", "Ben"]


def test_what_stands_still_does_not_end(room: FakeRoom) -> None:
    lobby = Lobby(room, "http://show:1")
    room.crowd.next_topics(NOON)
    lobby.pause(True, NOON)
    assert lobby.told("guest", NOON)["ends"] is None
    lobby.pause(False, NOON + 5)
    lobby.calm(True, NOON + 5)
    assert lobby.told("guest", NOON + 5)["calm"]
    lobby.calm(False, NOON + 6)
    assert room.orders == [PauseDream(), GoOn(), CalmDown(factor=0.4), CalmDown(factor=1.0)]
    lobby.moderator.hold(True, NOON + 6)
    assert lobby.told("guest", NOON + 6)["ends"] is None


def test_only_a_show_that_listens_is_moved_by_sound(tmp_path: Path, room: FakeRoom) -> None:
    deaf = Lobby(room, "http://show:1")
    deaf.loud(0.5, NOON)
    assert room.orders == []
    hearing = FakeRoom(tmp_path / "other", pulse=True)
    lobby = Lobby(hearing, "http://show:1")
    for level in (0.5, -3.0, 7.0, float("nan")):
        lobby.loud(level, NOON)
    levels = [order.level for order in hearing.orders if isinstance(order, SetPulse)]
    assert levels[:3] == [0.5, 0.0, 1.0]
    assert all(0 <= level <= 1 for level in levels)
    for number in range(10_000):
        lobby.loud(0.1, NOON + number / 1000)
    assert len(hearing.orders) < 1200


def test_pages_hear_the_newest_once(room: FakeRoom) -> None:
    async def run() -> None:
        lobby = Lobby(room, "http://show:1")
        page, slow = lobby.enter(GUEST), lobby.enter(GUEST)
        async with asyncio.timeout(30):
            await page.wait()
        first = lobby.text(page.sight)
        assert lobby.text("guest") is first  # made once for all
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await page.wait()
        for text in ("volcano", "goldfish", "lion"):
            room.crowd.wish(text, Person("a"), NOON)
            lobby.heard()
        async with asyncio.timeout(1):
            await page.wait()
        assert json.loads(lobby.text("guest"))["queue"][0]["label"] == "lion"
        async with asyncio.timeout(1):
            await slow.wait()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await slow.wait()
        assert room.woken == 3
        lobby.leave(page)
        lobby.leave(slow)
        lobby.leave(slow)
        assert lobby.pages == 0

    asyncio.run(run())


def test_a_change_of_scene_is_told_and_written_down(tmp_path: Path) -> None:
    room = FakeRoom(tmp_path)
    path = tmp_path / "described.txt"
    lobby = Lobby(room, "http://show:1", describe=path)
    room.crowd.next_topics(NOON)
    (listener,) = room.listeners
    listener()
    room.crowd.hear("volcano + goldfish", Person("a"), NOON)
    lobby.moderator.skip(NOON + 1)
    listener()
    lobby.close()
    lines = path.read_text("utf-8").splitlines()
    assert [re.sub(r"^[\d: -]+", "", line) for line in lines] == [
        "jellyfish",
        "volcano (lower), goldfish (upper)",
    ]


def test_what_is_dreamt_is_pictured_once_it_is_clear(room: FakeRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    topic = TOPICS.find("jellyfish")
    assert topic is not None
    lobby = Lobby(room, "http://show:1")
    room.crowd.next_topics(NOON)

    async def run() -> None:
        await lobby._picture(NOON + module.CLEAR - 1)
        assert not list((room.data / "thumbs").iterdir())
        await lobby._picture(NOON + module.CLEAR)

    asyncio.run(run())
    assert len(list((room.data / "thumbs").iterdir())) == 1
    assert str(lobby.thumb(topic)).startswith("/api/thumbs/")


def test_the_code_is_read_by_a_camera(tmp_path: Path) -> None:
    """By OpenCV's reader, drawn from the modules of the SVG."""
    room = FakeRoom(tmp_path, stage=OnStage(url="https://dreams.example"))
    lobby = Lobby(room, "http://127.0.0.1:1")
    expected = {
        "guest": "https://dreams.example/",
        "stage": f"https://dreams.example/?room={lobby.code.now(NOON)}",
    }
    for sight, text in expected.items():
        found, *_ = cv2.QRCodeDetector().detectAndDecode(drawn(lobby.code_picture(sight, NOON).decode()))
        assert found == text


def drawn(svg: str) -> NDArray[np.uint8]:
    """The picture of a code: horizontal strokes of one module, as segno writes them."""
    assert not re.search(r"<script|href|on\w+=", svg)
    size = int(re.search(r'viewBox="0 0 (\d+)', svg)[1])  # type: ignore[index]
    (path,) = re.findall(r'stroke="#000" d="([^"]+)"', svg)
    cells = np.full((size, size), 255, np.uint8)
    x = y = 0.0
    for command, numbers in re.findall(r"([Mmh])([-\d. ]+)", path):
        values = list(map(float, numbers.split()))
        if command == "M":
            x, y = values
        elif command == "m":
            x, y = x + values[0], y + values[1]
        else:
            cells[int(y), int(x) : int(x + values[0])] = 0
            x += values[0]
    return np.kron(cells, np.ones((8, 8), np.uint8))
