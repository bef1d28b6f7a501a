"""What the crowd is shown: the votes decide, else a wish from before, else the playlist."""

from __future__ import annotations

import hashlib
import hmac
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from reverie.errors import UsageError
from reverie.live.crowd.ballot import Ballot, Person, Standing
from reverie.live.crowd.controls import Controls
from reverie.live.crowd.diary import Diary, DiaryFile, NoDiary
from reverie.live.crowd.limits import RateLimit
from reverie.live.crowd.playlist import Playlist
from reverie.live.crowd.rules import Rules
from reverie.live.dreamer.protocol import PLACES, Layout, Place, PlacedTopic, SetTopics
from reverie.live.show import Show
from reverie.live.topics import Choice, Hints, Topic, Topics

#: So many wishes may come again; and what was shown last is remembered for so many topics.
HUNDRED: Final = 100
SHOWN: Final = 200
#: So many of the newest wishes a moderator sees.
RECENT: Final = 60
#: Seconds for which what was shown before a restart is shown after it at least.
TAKEN_UP: Final = 5.0
Source = Literal["votes", "again", "playlist", "moderator"]


@dataclass(frozen=True, slots=True)
class Tableau:
    """What is dreamt at a time: one topic or two, each in its place.

    Attributes:
        topics: One or two.
        places: Where each is.
        layout: How they share the picture.
        fade: Seconds in which it takes over from what was before.
        source: Who decided.
        people: How many wished for it.
        names: What some of them are called, where names are shown.
    """

    topics: tuple[Topic, ...]
    places: tuple[Place, ...]
    layout: Layout
    fade: float
    source: Source
    people: int = 0
    names: tuple[str, ...] = ()

    def order(self) -> SetTopics:
        """What the dreamer is told."""
        placed = tuple(
            PlacedTopic(objective=topic.objective, place=place, label=topic.label[:200])
            for topic, place in zip(self.topics, self.places, strict=True)
        )
        return SetTopics(topics=placed, fade=self.fade, layout=self.layout)

    @property
    def choice(self) -> Choice:
        """Its topics, as somebody could wish for them."""
        return Choice(self.topics)


@dataclass(frozen=True, slots=True)
class Reply:
    """What comes of a wish: whether it is in the queue, a sentence, and what may have been meant."""

    fine: bool
    words: str
    label: str = ""
    near: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wished:
    """Who wished for what, and when."""

    at: float
    label: str
    person: Person


class Crowd:
    """Who wishes for what, and what is shown.

    Times are seconds since 1970, and are always given. Nothing grows for longer than a day.
    """

    def __init__(self, show: Show, topics: Topics, *, diary: Diary | None = None, secret: str = "") -> None:
        """A crowd that has wished for nothing yet.

        Args:
            show: What the show is.
            topics: What may be wished for.
            diary: Where is written down what happens; nowhere if missing.
            secret: What addresses are hashed with in the diary.

        Raises:
            UsageError: The show allows, blocks or plays something that there is not.
        """
        self.show, self.diary, self._secret = show, diary or NoDiary(), secret
        self.ballot = Ballot(cap=show.voices.address, decay=show.voices.decay)
        self._persons = RateLimit(show.voices.person_a_minute)
        self._addresses = RateLimit(show.voices.address_a_minute)
        self._again: OrderedDict[str, tuple[Choice, float]] = OrderedDict()
        self._shown: OrderedDict[str, float] = OrderedDict()
        self.tableau: Tableau | None = None
        self.began = self.ends = 0.0
        self._untold = False
        self.wishes = 0
        self.recent: deque[Wished] = deque(maxlen=RECENT)
        self.controls = Controls()
        self._learn(topics)

    def learn(self, classes: Sequence[str]) -> None:
        """What the network's classes are called, where it is none of the embedded ones."""
        self._learn(Topics.of(self.show.network, classes))

    def _learn(self, topics: Topics) -> None:
        self.topics = topics
        self.rules = Rules(self.show.moderation, topics)
        self.playlist = Playlist(self.show, topics, self.rules)

    # -- What people do ------------------------------------------------------------------------------------

    def wish(self, text: str, person: Person, now: float) -> Reply:
        """Take what somebody typed for a wish, which is their voice too.

        The reply's sentence is for that person alone: it may hold what they typed.
        """
        return self.refused(person, now) or self.answer(self.topics.look_up(text), text, person, now)

    def answer(self, found: Choice | Hints, text: str, person: Person, now: float) -> Reply:
        """Take what was found for what somebody typed, as ``wish`` does after it has asked ``refused``.

        To find what may have been meant takes a tenth of a second, for which a server looks up in another
        thread; nothing else of a crowd may be done by two at a time.
        """
        if isinstance(found, Hints):
            near = tuple(label for label in found.near if self._may(label))
            return Reply(False, found.words if near == found.near else found.words.split(";")[0], near=near)
        return self._voice(found, person, now, text)

    def vote(self, label: str, person: Person, now: float) -> Reply:
        """Give a voice to what has this label."""
        if refused := self.refused(person, now):
            return refused
        found = self.topics.exact(label)
        if found is None:
            return Reply(False, "that is not in the queue any more")
        return self._voice(found, person, now, label)

    def hear(self, text: str, person: Person, now: float) -> bool:
        """Take a line of a chat for a wish if it is one as a whole; whether it was."""
        found = self.topics.exact(text)
        if found is None or self.controls.bans(person, now):
            return False
        return self._voice(found, person, now, text).fine

    def withdraw(self, person: Person, now: float) -> Reply:
        """Take a person's voice back."""
        if refused := self.refused(person, now):
            return refused
        self.ballot.take(person.id)
        return Reply(True, "your voice is free again")

    def refused(self, person: Person, now: float) -> Reply | None:
        """Why nothing is taken of this person now, or None; each call counts as one of theirs."""
        if self.controls.bans(person, now):
            return Reply(False, "a moderator does not take your wishes for now")
        fine = self._persons.takes(person.id, now)
        if not fine or (person.address and not self._addresses.takes(person.address, now)):
            return Reply(False, "that was a lot at once; wait a moment")
        return None

    def _voice(self, choice: Choice, person: Person, now: float, text: str) -> Reply:
        """Give a voice to what may be shown."""
        if not self.rules.allows(choice):
            return Reply(False, f"{choice.label} is not shown here")
        before = self.ballot.of(person.id)
        self.ballot.give(person, choice)
        self._again.pop(choice.key, None)
        self._again[choice.key] = (choice, now)
        while len(self._again) > HUNDRED:
            self._again.popitem(last=False)
        if before is None or before.key != choice.key:
            self.wishes += 1
            self.recent.append(Wished(now, choice.label, person))
            who = {"who": person.id, "from": self.hashed(person.address), "room": person.room}
            self.diary.note(now, "wish", label=choice.label, text=text, **who)
        return Reply(True, f"{choice.label} is in the queue", choice.label)

    def _may(self, label: str) -> bool:
        found = self.topics.exact(label)
        return found is not None and self.rules.allows(found)

    def hashed(self, address: str) -> str:
        """What is written down of an address: the same for the same one, and nobody can tell which."""
        if not address:
            return ""
        return hmac.new(
            self._secret.encode(), address.encode("utf-8", "replace"), hashlib.sha256
        ).hexdigest()[:12]

    def wish_of(self, id: str) -> str | None:
        """What a person's voice is for, as it is called in the queue."""
        mine = self.ballot.of(id)
        if mine is None:
            return None
        same = (one.choice.label for one in self.ballot.standings() if one.choice.key == mine.key)
        return next(same, mine.label)

    # -- What is shown -------------------------------------------------------------------------------------

    def queue(self) -> list[Standing]:
        """What has a voice and may be shown, the most wanted first."""
        return [one for one in self.ballot.standings() if self.rules.allows(one.choice)]

    def next_topics(self, now: float) -> Tableau | None:
        """What is dreamt from now on, or None where nothing has changed since this was last asked."""
        self.controls.forget(now)
        self.ends = min(self.ends, now + self.show.hold)  # a clock that was put back
        held = self.controls.holding or self.controls.paused is not None
        if self.tableau is None or (not held and self._is_over(now)):
            self._change(now, "")
        told, self._untold = self._untold, False
        return self.tableau if told else None

    def suggested(self) -> list[Topic]:
        """Topics to begin with: what the show plays by itself, all of them that may be shown."""
        found: dict[str, Topic] = {}
        for choice in self.playlist:
            found |= {topic.objective: topic for topic in choice.topics if self.rules.allows_topic(topic)}
        return list(found.values())

    def _is_over(self, now: float) -> bool:
        """Whether something else is to be shown."""
        if now >= self.ends:
            return True
        unasked = self.tableau is not None and self.tableau.source in ("again", "playlist")
        return unasked and now >= self.began + self.show.least and bool(self.queue())

    def skip(self, now: float) -> None:
        """Show something else if there is anything else, and take back the voices for what is shown."""
        key = self.tableau.choice.key if self.tableau else ""
        self.ballot.drop(key)
        self._change(now, key)

    def put(
        self, choice: Choice, source: Source, now: float, people: int = 0, names: tuple[str, ...] = ()
    ) -> None:
        """Show this from now on."""
        same = self.tableau is not None and self.tableau.choice.key == choice.key
        self.tableau = self._tableau(choice, source, people, names)
        self.began, self.ends = now, now + self.show.hold
        self._untold = self._untold or not same
        self._shown.pop(choice.key, None)
        self._shown[choice.key] = now
        while len(self._shown) > SHOWN:
            self._shown.popitem(last=False)
        self.diary.note(now, "stays" if same else "shown", label=choice.label, source=source, people=people)

    def _change(self, now: float, without: str) -> None:
        """Show what comes next, other than what has the key ``without``."""
        found = self._chosen(now, without)
        if found is not None:
            self.ballot.end_round({one.key for one in found.shown})
            self.put(found.choice, found.source, now, found.people, found.names)

    def _tableau(self, choice: Choice, source: Source, people: int, names: tuple[str, ...]) -> Tableau:
        layout: Layout = self.show.layout if len(choice.topics) > 1 else "whole"
        places = PLACES[layout][: len(choice.topics)]
        return Tableau(choice.topics, places, layout, self.show.fade, source, people, names)

    def _chosen(self, now: float, without: str) -> _Chosen | None:
        queue = [one for one in self.queue() if one.choice.key != without]
        if queue:
            return self._of_votes(queue)
        if again := self._wished_before(now, without):
            return _Chosen(again, "again", ())
        current = self.tableau.choice if self.tableau else None
        listed = self.playlist.next(now, current)
        return _Chosen(listed, "playlist", ()) if listed is not None else None

    def _of_votes(self, queue: list[Standing]) -> _Chosen:
        """The first of the queue; with the second beside it where the show has two at a time."""
        taken = queue[:1]
        if self.show.together == 2 and len(queue[0].choice.topics) == 1:
            taken += [one for one in queue[1:] if len(one.choice.topics) == 1][:1]
        choice = Choice(tuple(topic for one in taken for topic in one.choice.topics))
        people = sum(one.people for one in taken)
        shown = self.show.moderation.names == "shown"
        names = [name for one in taken for name in one.names if shown and self.rules.name(name)]
        return _Chosen(choice, "votes", tuple(one.choice for one in taken), people, tuple(names[:3]))

    def _wished_before(self, now: float, without: str) -> Choice | None:
        """Of the last wishes the one that was not shown for longest."""
        current = self.tableau.choice.key if self.tableau else ""
        oldest = now - self.show.voices.remember
        found = [
            (self._shown.get(key, 0.0), -at, choice)
            for key, (choice, at) in self._again.items()
            if at >= oldest and key not in (current, without) and self.rules.allows(choice)
        ]
        return min(found, key=lambda one: one[:2])[2] if found else None

    # -- What is kept --------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """All of it as JSON."""
        shown = self.tableau
        return {
            "tableau": shown and [shown.choice.label, shown.source, shown.people, list(shown.names)],
            "began": self.began,
            "ends": self.ends,
            "wishes": self.wishes,
            "votes": self.ballot.state(),
            "again": [[choice.label, at] for choice, at in self._again.values()],
            "shown": [list(one) for one in self._shown.items()],
            "playlist": self.playlist.state(),
            "controls": self.controls.state(),
            "banned": [topic.label for topic in self.rules.banned.values()],
        }

    def restore(self, state: dict[str, Any], now: float) -> None:
        """Take up a state; the next ``next_topics`` tells its topic anew.

        Raises:
            UsageError: It is none.
        """
        try:
            self.wishes = int(state["wishes"])
            self.ballot.restore(state["votes"], self.topics)
            for label, at in state["again"][-HUNDRED:]:
                if choice := self.topics.exact(label):
                    self._again[choice.key] = (choice, min(now, float(at)))
            self._shown.update((str(key), min(now, float(at))) for key, at in state["shown"][-SHOWN:])
            self.playlist.restore(state["playlist"])
            self.controls.restore(state["controls"])
            for label in state["banned"]:
                if choice := self.topics.exact(str(label)):
                    self.rules.ban(choice)
            self._take_up(state, now)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise UsageError(f"the state of the crowd cannot be read ({type(error).__name__})") from error

    def _take_up(self, state: dict[str, Any], now: float) -> None:
        """Show what was shown, for as long as it had left."""
        if not state["tableau"]:
            return
        label, source, people, names = state["tableau"]
        choice = self.topics.exact(label)
        if choice is not None and self.rules.allows(choice):
            self.tableau = self._tableau(choice, source, int(people), tuple(map(str, names)))
            self.began = min(now, float(state["began"]))
            self.ends = max(now + TAKEN_UP, min(now + self.show.hold, float(state["ends"])))
            self._untold = True


@dataclass(frozen=True, slots=True)
class _Chosen:
    """What comes next, who decided, and which wishes that fulfils."""

    choice: Choice
    source: Source
    shown: tuple[Choice, ...]
    people: int = 0
    names: tuple[str, ...] = ()


def make_crowd(show: Show, data: Path, *, secret: str = "") -> Crowd:
    """The crowd of a show, with its diary in ``data/log/crowd.log``; errors as of ``Crowd``."""
    return Crowd(show, Topics.of(show.network), diary=DiaryFile(data / "log" / "crowd.log"), secret=secret)
