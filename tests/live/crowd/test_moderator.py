"""What a moderator does."""

from __future__ import annotations

from typing import Any

import pytest

from reverie.errors import UsageError
from reverie.live.crowd import controls
from reverie.live.crowd.ballot import Person
from reverie.live.crowd.crowd import Crowd
from reverie.live.crowd.moderator import Moderator
from reverie.live.show import Hours, Show
from reverie.live.topics import Topics

TOPICS = Topics.of("lite0")
NOON = 1_700_000_000.0


class Told:
    def __init__(self) -> None:
        self.said: list[str] = []

    def note(self, now: float, what: str, **more: Any) -> None:
        self.said += [what] if more.get("by") == "moderator" else []


@pytest.fixture
def crowd() -> Crowd:
    show = Show(playlist=(Hours(topics=("jellyfish", "castle")),), hold=60)
    found = Crowd(show, TOPICS, diary=Told())
    found.next_topics(NOON)
    return found


def now_shown(crowd: Crowd) -> str:
    assert crowd.tableau is not None
    return crowd.tableau.choice.label


def test_skip_shows_the_next_and_takes_the_voices(crowd: Crowd) -> None:
    moderator = Moderator(crowd)
    crowd.hear("volcano", Person("a"), NOON)
    moderator.skip(NOON + 1)
    assert now_shown(crowd) == "volcano"
    crowd.hear("volcano", Person("a"), NOON + 2)
    moderator.skip(NOON + 3)
    assert now_shown(crowd) == "castle"
    assert crowd.queue() == []
    found = crowd.next_topics(NOON + 3)
    assert found is crowd.tableau  # the dreamer is told


def test_hold_and_pause(crowd: Crowd) -> None:
    moderator = Moderator(crowd)
    moderator.hold(True, NOON + 10)
    assert crowd.next_topics(NOON + 1000) is None
    moderator.hold(False, NOON + 1000)
    assert crowd.next_topics(NOON + 1059) is None
    assert crowd.next_topics(NOON + 1060) is not None
    moderator.pause(True, NOON + 1100)
    moderator.pause(True, NOON + 1105)
    assert crowd.next_topics(NOON + 5000) is None
    moderator.pause(False, NOON + 5000)
    assert crowd.next_topics(NOON + 5010) is None
    assert crowd.next_topics(NOON + 5021) is not None


def test_show_and_ban(crowd: Crowd) -> None:
    moderator = Moderator(crowd)
    moderator.show("volcano + goldfish", NOON + 1)
    assert now_shown(crowd) == "volcano + goldfish"
    moderator.ban("goldfish", NOON + 2)
    assert now_shown(crowd) == "castle"
    with pytest.raises(UsageError, match="not shown here"):
        moderator.show("fish", NOON + 3)
    with pytest.raises(UsageError, match="no such topic"):
        moderator.show("nonsense", NOON + 3)
    with pytest.raises(UsageError, match="no such topic"):
        moderator.ban("nonsense", NOON + 3)
    moderator.allow("goldfish", NOON + 4)
    with pytest.raises(UsageError, match="not banned"):
        moderator.allow("goldfish", NOON + 4)
    moderator.calm_down(True, NOON)
    assert 0 < crowd.controls.calm < 1
    moderator.calm_down(False, NOON)
    assert crowd.controls.calm == 1
    told = crowd.diary
    assert isinstance(told, Told)
    assert told.said == ["show", "ban", "allow", "calm", "calm"]


def test_people_are_banned_for_a_day(crowd: Crowd) -> None:
    moderator = Moderator(crowd)
    troll, other = Person("troll", "6.6.6.6"), Person("neighbour", "6.6.6.6")
    crowd.wish("volcano", troll, NOON)
    moderator.ban_person("troll", NOON)
    assert crowd.queue() == []
    assert not crowd.wish("volcano", troll, NOON + 1).fine
    assert not crowd.hear("volcano", troll, NOON + 1)
    assert crowd.wish("volcano", other, NOON + 1).fine
    moderator.ban_person("neighbour", NOON + 2, address=True)
    assert not crowd.wish("volcano", Person("third", "6.6.6.6"), NOON + 3).fine
    assert crowd.wish("volcano", Person("fourth", "7.7.7.7"), NOON + 3).fine
    with pytest.raises(UsageError, match="nobody"):
        moderator.ban_person("nobody", NOON)
    crowd.next_topics(NOON + controls.BANNED + 10)
    assert crowd.controls.banned == 0
    assert crowd.wish("volcano", troll, NOON + controls.BANNED + 10).fine
    moderator.ban_person("troll", NOON + controls.BANNED + 11)
    moderator.pardon(NOON + controls.BANNED + 12)
    assert crowd.controls.banned == 0


def test_bans_do_not_grow(crowd: Crowd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(controls, "MOST", 5)
    for number in range(20):
        crowd.controls.ban(Person(f"{number}", f"1.1.1.{number}"), NOON, address=True)
    assert crowd.controls.banned == 5
