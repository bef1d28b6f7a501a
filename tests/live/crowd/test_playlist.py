"""What is dreamt by itself."""

from __future__ import annotations

from datetime import datetime

import pytest

from reverie.errors import UsageError
from reverie.live.crowd.playlist import Playlist
from reverie.live.crowd.rules import Rules
from reverie.live.show import Hours, Moderation, Show
from reverie.live.topics import Topics

TOPICS = Topics.of("lite0")
DAY = Hours(begins="08:00", ends="20:00", topics=("volcano", "goldfish", "castle"))
NIGHT = Hours(begins="20:00", ends="08:00", topics=("jellyfish",))


def at(hour: int) -> float:
    return datetime(2026, 3, 4, hour, 30).timestamp()


def playlist(**moderation: tuple[str, ...]) -> Playlist:
    show = Show(playlist=(DAY, NIGHT), moderation=Moderation(**moderation))
    return Playlist(show, TOPICS, Rules(show.moderation, TOPICS))


def labels(of: Playlist, hour: int, count: int) -> list[str | None]:
    found, current = [], None
    for _ in range(count):
        current = of.next(at(hour), current)
        found.append(current.label if current else None)
    return found


def test_in_turn_and_by_the_time_of_day() -> None:
    of = playlist()
    assert labels(of, 9, 4) == ["volcano", "goldfish", "castle", "volcano"]
    assert labels(of, 23, 2) == ["jellyfish", "jellyfish"]
    assert labels(of, 9, 1) == ["volcano"]


def test_what_is_blocked_is_left_out() -> None:
    assert labels(playlist(block=("goldfish",)), 9, 3) == ["volcano", "castle", "volcano"]
    night = labels(playlist(block=("jellyfish",)), 23, 2)  # nothing of the list may be: anything else
    assert "jellyfish" not in night
    assert None not in night


def test_a_list_that_cannot_be_dreamt_is_refused() -> None:
    show = Show(playlist=(Hours(topics=("volcano", "volkano")),))
    with pytest.raises(UsageError, match=r'playlist.0.topics: "volkano" is nothing'):
        Playlist(show, TOPICS, Rules(show.moderation, TOPICS))
    own = Topics.of("mine", ("one", "two"))
    other = Show(network="mine")
    of = Playlist(other, own, Rules(other.moderation, own))
    assert labels(of, 9, 3) == ["one", "two", "one"]  # of a network of its own whatever it knows


def test_it_goes_on_where_it_was() -> None:
    of, again = playlist(), playlist()
    labels(of, 9, 2)
    again.restore(of.state())
    assert labels(again, 9, 1) == ["castle"]
