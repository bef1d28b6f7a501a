"""What may be dreamt of: what the show allows, less what it blocks and what a moderator bans."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from reverie.errors import UsageError
from reverie.live.show import Moderation
from reverie.live.topics import Choice, Hints, Topic, Topics
from reverie.network.nouns import key_of

#: So many topics can be banned by hand.
MOST: Final = 2000


class Rules:
    """Whether a topic may be shown."""

    def __init__(self, moderation: Moderation, topics: Topics) -> None:
        """What a show says.

        Raises:
            UsageError: It names something that there is not.
        """
        self._topics = topics
        self._allowed = _Set(self._named("moderation.allow", moderation.allow))
        self._blocked = _Set(self._named("moderation.block", moderation.block))
        self._names = [key_of(word) for word in moderation.block_names if key_of(word)]
        self.banned: dict[str, Topic] = {}

    def allows(self, choice: Choice) -> bool:
        """Whether all of it may be shown."""
        return all(map(self.allows_topic, choice.topics))

    def allows_topic(self, topic: Topic) -> bool:
        """Whether it may be shown."""
        if self._allowed and not self._allowed.holds(topic):
            return False
        return not self._blocked.touches(topic) and not _Set(self.banned.values()).touches(topic)

    def ban(self, choice: Choice) -> None:
        """Never show its topics again, nor a group that holds one."""
        for topic in choice.topics:
            self.banned[topic.objective] = topic
        for objective in list(self.banned)[:-MOST]:
            del self.banned[objective]

    def allow(self, label: str) -> bool:
        """Take a ban back; whether there was one."""
        found = [objective for objective, topic in self.banned.items() if topic.label == label]
        for objective in found:
            del self.banned[objective]
        return bool(found)

    def name(self, name: str) -> str:
        """A person's name if it may be shown, or nothing."""
        key = key_of(name)
        return "" if any(word in key for word in self._names) else name

    def _named(self, field: str, words: Iterable[str]) -> list[Topic]:
        found: list[Topic] = []
        for word in words:
            meant = self._topics.look_up(word)
            if isinstance(meant, Hints):
                raise UsageError(f"{field}: {meant.words}")
            found += meant.topics
        return found


class _Set:
    """Topics, by their classes and by what else they are of."""

    def __init__(self, topics: Iterable[Topic]) -> None:
        self._members: set[int] = set()
        self._objectives: set[str] = set()
        for topic in topics:
            self._members |= set(topic.members)
            self._objectives.add(topic.objective)

    def __bool__(self) -> bool:
        return bool(self._objectives)

    def holds(self, topic: Topic) -> bool:
        """Whether it is one of them, or a group of nothing else."""
        if topic.objective in self._objectives:
            return True
        return bool(topic.members) and self._members.issuperset(topic.members)

    def touches(self, topic: Topic) -> bool:
        """Whether it is one of them, or has one of them in it."""
        return topic.objective in self._objectives or not self._members.isdisjoint(topic.members)
