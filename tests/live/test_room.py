"""The show as the server holds it: what is told to a dreamer, what is kept, and what it goes on with."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest

from reverie.live.crowd.ballot import Person
from reverie.live.dreamer import protocol
from reverie.live.figures import health, metrics
from reverie.live.room import RoomPlan, ShowRoom
from reverie.live.show import Show


def make_room(data: Path, **show: Any) -> ShowRoom:
    return ShowRoom(RoomPlan(Show(size=(64, 64), **show), data, "test-ring"))


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ShowRoom:
    made = make_room(tmp_path)
    made.said = []  # type: ignore[attr-defined]
    monkeypatch.setattr(made.dreamer, "say", lambda data: made.said.append(protocol.read_order(data)))  # type: ignore[attr-defined]
    return made


def person(name: str) -> Person:
    return Person(name, address=name)


def test_a_new_dreamer_is_told_what_holds(room: ShowRoom) -> None:
    scene = room.crowd.next_topics(1000.0)
    assert scene is not None
    room._show(scene)
    for order in (protocol.SetPace(pace="eager"), protocol.CalmDown(factor=0.5), protocol.PauseDream()):
        room.order(order)
    said: list[Any] = room.said  # type: ignore[attr-defined]
    said.clear()
    room._begun()
    kinds = [type(order).__name__ for order in said]
    assert kinds[0] == "MoveCamera"
    assert {"SetTopics", "SetPace", "CalmDown"} <= set(kinds)
    assert kinds[-1] == "PauseDream"
    assert next(order for order in said if isinstance(order, protocol.SetTopics)) == scene.order()
    room.order(protocol.GoOn())
    said.clear()
    room._begun()
    assert not any(isinstance(order, protocol.PauseDream) for order in said)


def test_a_dreamer_that_can_never_begin_ends_the_show(room: ShowRoom) -> None:
    """Where the first one says why; one that was on the air before may have bad luck for once."""
    room._begun()
    room._reported(protocol.ShowError(words="network nonsense: no such network"))
    assert not room.failed.is_set()
    room.dreamer.restarts = 1
    room._begun()
    assert room.failed.is_set()
    assert room.why == "network nonsense: no such network"


def test_a_dreamer_that_was_on_the_air_is_always_begun_again(room: ShowRoom) -> None:
    room._begun()
    room._reported(protocol.ShowReady(size=(64, 64), fps=25, ring="test-ring"))
    for count in range(1, 5):
        room._reported(protocol.ShowError(words="out of memory"))
        room.dreamer.restarts = count
        room._begun()
    assert not room.failed.is_set()


def test_frames_are_counted_over_all_dreamers(room: ShowRoom) -> None:
    for shown in (100, 250):
        room._reported(protocol.ShowReady(size=(64, 64), fps=25, ring="test-ring"))
        room._reported(protocol.ShowCount(shown=shown, dreamt=10, repeated=1, late_ms=1, look=1))
        room._begun()  # the next one
    assert room.totals.all() == {"shown": 350, "dreamt": 20, "repeated": 2}


def test_a_show_goes_on_where_it_was(tmp_path: Path) -> None:
    """Its topic, its queue, its counts, and what a moderator had said."""

    async def first() -> list[str]:
        room = make_room(tmp_path)
        now = time.time()
        scene = room.crowd.next_topics(now)
        assert scene is not None
        room._show(scene)
        room.crowd.wish("volcano", person("a"), now)
        room.crowd.wish("goldfish", person("b"), now)
        room.order(protocol.CalmDown(factor=0.25))
        room.order(protocol.PauseDream())
        room._reported(protocol.ShowCount(shown=500, dreamt=20, repeated=3, late_ms=1, look=1))
        await room._write()
        return [topic.label for topic in scene.topics]

    labels = asyncio.run(first())
    again = make_room(tmp_path)
    again._take_up()
    scene = again.crowd.next_topics(time.time())
    assert scene is not None
    assert [topic.label for topic in scene.topics] == labels
    assert {one.choice.label for one in again.crowd.queue()} == {"volcano", "goldfish"}
    assert again.totals.all() == {"shown": 500, "dreamt": 20, "repeated": 3}
    assert again._orders[protocol.CalmDown] == protocol.CalmDown(factor=0.25)
    assert again._paused


@pytest.mark.parametrize("data", [b"{", b'{"version":1}', b'{"version":1,"crowd":{}}', b"\0" * 100])
def test_what_cannot_be_taken_up_is_said_and_the_show_begins_anew(
    tmp_path: Path, data: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "server.json").write_bytes(data)
    room = make_room(tmp_path)
    room._take_up()
    assert len(caplog.records) == 1
    assert room.crowd.next_topics(time.time()) is not None


def test_a_disk_that_fails_is_said_once_and_ends_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    room = make_room(tmp_path)
    (tmp_path / "state").write_text("no folder")
    for _ in range(3):
        asyncio.run(room._write())
    assert [record.getMessage().endswith("the show goes on") for record in caplog.records] == [True]
    (tmp_path / "state").unlink()
    asyncio.run(room._write())
    assert json.loads((tmp_path / "state" / "server.json").read_text())["version"] == 1


def test_listeners_hear_of_every_change(room: ShowRoom) -> None:
    heard: list[str] = []
    room.listeners.append(lambda: heard.append(room.scene.topics[0].label if room.scene else ""))
    now = 1000.0
    for _ in range(3):
        scene = room.crowd.next_topics(now)
        assert scene is not None
        room._show(scene)
        now += room.show.hold + 1
    assert len(heard) == 3


def test_a_task_that_breaks_is_begun_again(room: ShowRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reverie.live.room.SOON", 0.001)
    monkeypatch.setattr("reverie.live.room.LATEST", 0.002)
    count = 0

    async def breaks() -> None:
        nonlocal count
        count += 1
        if count < 4:
            raise RuntimeError("broken")
        await asyncio.sleep(60)

    async def work() -> None:
        task = asyncio.create_task(room._always("chat", breaks))
        async with asyncio.timeout(30):
            while count < 4:
                await asyncio.sleep(0.01)
        task.cancel()

    asyncio.run(work())
    assert room.restarts["chat"] == 3


def test_figures_are_there_for_people_and_programs(room: ShowRoom) -> None:
    room._reported(protocol.ShowReady(size=(64, 64), fps=25, ring="test-ring"))
    room._reported(
        protocol.ShowCount(
            shown=500, dreamt=20, repeated=3, late_ms=1, look=0.75, ms={"glide": 4.5, "keyframe": 30.25}
        )
    )
    scene = room.crowd.next_topics(1000.0)
    assert scene is not None
    room._show(scene)
    room.crowd.wish("volcano", person("a"), 1000.0)
    room.links.append(lambda: 2)
    found = health(room)
    assert found["status"] == "ok"
    assert (found["frames_shown"], found["frames_dreamt"], found["frames_repeated"]) == (500, 20, 3)
    assert found["topic"] == scene.topics[0].label
    assert (found["viewers"], found["queue"], found["reconnects"]) == (0, 1, 2)
    json.dumps(found)
    text = metrics(room)
    values: dict[str, float] = {}
    for row in text.splitlines():
        if not row.startswith("#"):
            name, _, value = row.rpartition(" ")
            assert name not in values
            values[name] = float(value)
    assert values["reverie_frames_shown_total"] == 500
    assert values["reverie_queue"] == 1
    assert values['reverie_dreamer_core_ms{part="keyframe"}'] == 30.25
    assert values['reverie_restarts_total{part="dreamer"}'] == 0
    kinds = [row.split()[2] for row in text.splitlines() if row.startswith("# TYPE")]
    assert len(kinds) == len(set(kinds))  # each is described once
    assert {name.partition("{")[0] for name in values} == set(kinds)


def test_what_is_said_to_a_dreamer_can_be_read(room: ShowRoom) -> None:
    """Every order that the show sends is one of the protocol's."""
    room._begun()
    for order in room.said:  # type: ignore[attr-defined]
        assert protocol.read_order(protocol.line(order)) == order
