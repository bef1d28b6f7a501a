"""What is dreamt when nobody wishes for anything: a list for the time of day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import get_args

from reverie.errors import UsageError
from reverie.live.crowd.rules import Rules
from reverie.live.show import Show
from reverie.live.topics import Choice, Topics
from reverie.recipe.recipe import Embedded


class Playlist:
    """Each list in turn, from its beginning when its hours come."""

    def __init__(self, show: Show, topics: Topics, rules: Rules) -> None:
        """The lists of a show.

        Raises:
            UsageError: An embedded network does not know one of the topics.
        """
        self._show, self._rules = show, rules
        self._lists: list[list[Choice]] = []
        strict = show.network in get_args(Embedded)
        for number, hours in enumerate(show.playlist):
            found = [(word, topics.exact(word)) for word in hours.topics]
            unknown = next((word for word, choice in found if choice is None), None)
            if strict and unknown is not None:
                hints = topics.look_up(unknown)
                raise UsageError(f"playlist.{number}.topics: {getattr(hints, 'words', unknown)}")
            self._lists.append([choice for _, choice in found if choice is not None])
        self._others = [Choice((topic,)) for topic in topics]
        self._turn, self._of = -1, -1

    def __iter__(self) -> Iterator[Choice]:
        """All that is played at some time of the day."""
        return (choice for one in self._lists for choice in one)

    def next(self, now: float, current: Choice | None) -> Choice | None:
        """What comes next, which is something else if there is anything else; None if nothing may be shown.

        Args:
            now: Seconds since 1970.
            current: What is shown.
        """
        local = datetime.fromtimestamp(now)
        of = self._show.playlist.index(self._show.hours(60 * local.hour + local.minute))
        if of != self._of:
            self._of, self._turn = of, -1
        everything = self._lists[of] if any(map(self._rules.allows, self._lists[of])) else self._others
        for step in range(1, len(everything) + 1):
            choice = everything[(self._turn + step) % len(everything)]
            other = current is None or choice.key != current.key
            if self._rules.allows(choice) and (other or step == len(everything)):
                self._turn = (self._turn + step) % len(everything)
                return choice
        return current if current is not None and self._rules.allows(current) else None

    def state(self) -> list[int]:
        """Where it is, as JSON."""
        return [self._of, self._turn]

    def restore(self, state: list[int]) -> None:
        """Go on from ``state``."""
        self._of, self._turn = map(int, state)
