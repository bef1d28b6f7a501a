"""Who watches gets the newest, in order, and nobody else's."""

from __future__ import annotations

import asyncio
import json
import struct
from typing import Any

from reverie.studio.hub import LATE, MOST_WAITING, Hub, Viewer


def drained(viewer: Viewer) -> list[Any]:
    """All that waits for a viewer: events as objects, previews as their header."""

    async def all_of() -> list[Any]:
        found = []
        for what in await viewer.next() if viewer._line else ():
            if isinstance(what, str):
                found.append(json.loads(what))
            else:
                (length,) = struct.unpack(">I", what[:4])
                found.append((json.loads(what[4 : 4 + length]), what[4 + length :]))
        return found

    return asyncio.run(all_of())


def test_who_keeps_up_gets_every_step() -> None:
    hub = Hub()
    viewer = hub.enter("me")
    for step in range(LATE):
        hub.tell("me", {"type": "step", "job": "a", "step": step})
    assert [one["step"] for one in drained(viewer)] == list(range(LATE))


def test_a_slow_viewer_gets_the_newest_step_and_preview_and_every_event() -> None:
    hub = Hub()
    viewer = hub.enter("me")
    for _ in range(LATE):
        hub.tell("me", {"type": "started"})
    for step in range(5):
        hub.tell("me", {"type": "step", "job": "a", "step": step})
        hub.show("me", "a", {"step": step}, bytes([step]))
        hub.tell("me", {"type": "warning", "job": "a", "text": str(step)})
    hub.tell("me", {"type": "done", "job": "a"})
    found = drained(viewer)[LATE:]
    assert found[0] == {"type": "step", "job": "a", "step": 4}
    assert found[1] == ({"step": 4}, b"\4")
    assert [one["text"] for one in found[2:-1]] == list("01234")
    assert found[-1]["type"] == "done"


def test_visitors_do_not_see_each_other() -> None:
    hub = Hub()
    mine, other = hub.enter("me"), hub.enter("you")
    hub.tell("me", {"type": "queue"})
    hub.show("me", "a", {}, b"x")
    assert len(drained(mine)) == 2
    assert drained(other) == []


def test_previews_are_as_large_as_somebody_wants_them() -> None:
    hub = Hub()
    assert hub.side("me", "a") == 0
    one, two = hub.enter("me"), hub.enter("me")
    one.side, two.side = 300, 700
    assert hub.side("me", "a") == 700
    two.watching = "b"
    assert (hub.side("me", "a"), hub.side("me", "b")) == (300, 700)
    one.watching = None
    assert (hub.side("me", "a"), hub.side("me", "b")) == (0, 700)
    hub.show("me", "a", {}, b"x")
    assert drained(one) == drained(two) == []
    hub.leave(two)
    assert (hub.side("me", "b"), hub.count("me")) == (0, 1)


def test_who_never_reads_is_given_up_and_costs_little() -> None:
    hub = Hub()
    viewer = hub.enter("me")
    for step in range(10_000):
        hub.tell("me", {"type": "step", "job": "a", "step": step})
        hub.show("me", "a", {}, bytes(1000))
    assert not viewer.gave_up
    assert len(viewer._newest) <= LATE + 2
    for _ in range(MOST_WAITING + 1):
        hub.tell("me", {"type": "warning"})
    assert viewer.gave_up
