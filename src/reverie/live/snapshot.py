"""What the pages are told of a show at a moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from reverie.live.crowd.ballot import Standing
from reverie.live.crowd.crowd import Crowd
from reverie.live.topics import Topic

#: So much of the queue is told.
MOST: Final = 20


def snapshot(crowd: Crowd, now: float, thumb: Callable[[Topic], str | None]) -> dict[str, Any]:
    """What everybody may know: what is shown, until when, and what is in the queue.

    Args:
        crowd: Whose show it is.
        now: The time, which goes along so that a page with another clock can count down.
        thumb: Gives the address of a topic's small picture.
    """
    show, shown, queue = crowd.show, crowd.tableau, crowd.queue()
    controls = crowd.controls
    return {
        "type": "show",
        "title": show.title,
        "now": now,
        "began": crowd.began,
        "ends": None if controls.holding or controls.paused is not None else crowd.ends,
        "hold": show.hold,
        "holding": controls.holding,
        "paused": controls.paused is not None,
        "calm": controls.calm < 1,
        "topic": [
            {"label": topic.label, "place": place, "thumb": thumb(topic)}
            for topic, place in (zip(shown.topics, shown.places, strict=True) if shown else ())
        ],
        "source": shown.source if shown else None,
        "people": shown.people if shown else 0,
        "names": list(shown.names) if shown else [],
        "queue": [_queued(crowd, one, thumb) for one in queue[:MOST]],
        "waiting": len(queue),
        "captions": show.stage.captions,
        "credits": show.stage.credits,
        "qr": show.stage.code,
        "rights": show.stage.rights,
        "named": show.moderation.names == "shown",
        "music": show.music is not None,
        "size": list(show.size),
    }


def _queued(crowd: Crowd, one: Standing, thumb: Callable[[Topic], str | None]) -> dict[str, Any]:
    named = crowd.show.moderation.names == "shown"
    return {
        "label": one.choice.label,
        "votes": round(one.votes, 2),
        "people": one.people,
        "names": [name for name in one.names if named and crowd.rules.name(name)],
        "thumbs": [thumb(topic) for topic in one.choice.topics],
    }
