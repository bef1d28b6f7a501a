"""What a moderator does: skip, hold, show, ban, pause, calm down; and each of it is written down."""

from __future__ import annotations

from typing import Final

from reverie.errors import UsageError
from reverie.live.crowd.crowd import Crowd
from reverie.live.topics import Choice

#: How strong the dream is when it is to calm down, as a share of the usual.
CALM: Final = 0.4


class Moderator:
    """Who watches over a show."""

    def __init__(self, crowd: Crowd) -> None:
        """The moderator of a crowd."""
        self._crowd = crowd

    def skip(self, now: float) -> None:
        """Show something else at once; what is shown now loses its voices."""
        crowd = self._crowd
        shown = crowd.tableau
        self._note(now, "skip", shown.choice.label if shown else "")
        crowd.skip(now)

    def show(self, text: str, now: float) -> None:
        """Show this at once, whatever the votes say.

        Raises:
            UsageError: It is nothing that may be shown.
        """
        choice = self._named(text)
        if not self._crowd.rules.allows(choice):
            raise UsageError(f"label: {choice.label} is not shown here")
        self._note(now, "show", choice.label)
        self._crowd.put(choice, "moderator", now)

    def hold(self, on: bool, now: float) -> None:
        """Let what is shown stay, or let it go; then it has its whole time again."""
        self._note(now, "hold", "on" if on else "off")
        controls = self._crowd.controls
        if controls.holding and not on:
            self._crowd.ends = now + self._crowd.show.hold
        controls.holding = on

    def pause(self, on: bool, now: float) -> None:
        """Let the dream stand still, or go on."""
        self._note(now, "pause", "on" if on else "off")
        controls = self._crowd.controls
        if on and controls.paused is None:
            controls.paused = now
        elif not on and controls.paused is not None:
            stood = max(0.0, now - controls.paused)
            self._crowd.began += stood
            self._crowd.ends += stood
            controls.paused = None

    def calm_down(self, on: bool, now: float) -> None:
        """Let the dream be weaker, or as strong as usual."""
        self._note(now, "calm", "on" if on else "off")
        self._crowd.controls.calm = CALM if on else 1.0

    def ban(self, label: str, now: float) -> None:
        """Never show this again; what is shown now gives way if it is that.

        Raises:
            UsageError: It is no topic.
        """
        choice = self._named(label)
        self._note(now, "ban", choice.label)
        self._crowd.rules.ban(choice)
        shown = self._crowd.tableau
        if shown and not self._crowd.rules.allows(shown.choice):
            self._crowd.skip(now)

    def allow(self, label: str, now: float) -> None:
        """Take a ban of a topic back; UsageError where it is not banned."""
        if not self._crowd.rules.allow(label):
            raise UsageError("label: that is not banned")
        self._note(now, "allow", label)

    def ban_person(self, id: str, now: float, *, address: bool = False) -> None:
        """Take no wishes of this person for a day; with ``address`` of nobody who asks from where they do.

        Raises:
            UsageError: There is no such person.
        """
        person = self._crowd.ballot.person(id)
        if person is None:
            raise UsageError("person: there is nobody of that name among those who wish")
        self._crowd.controls.ban(person, now, address=address)
        self._crowd.ballot.take(id)
        self._crowd.diary.note(now, "ban person", who=id, address=address, by="moderator")

    def pardon(self, now: float) -> None:
        """Take back all bans of people."""
        self._crowd.controls.pardon()
        self._note(now, "pardon", "")

    def _named(self, text: str) -> Choice:
        choice = self._crowd.topics.exact(text)
        if choice is None:
            raise UsageError("label: there is no such topic")
        return choice

    def _note(self, now: float, what: str, which: str) -> None:
        self._crowd.diary.note(now, what, which=which, by="moderator")
