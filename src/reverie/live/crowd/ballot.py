"""Voices: one a person, which wears off, and no more of one address than an address has."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from reverie.live.topics import Choice, Topics

#: So many people have a voice at once, so many of them at one address; the one given first gives way.
MOST: Final = 50_000
MOST_OF_ADDRESS: Final = 500
#: A voice that is worth less than this is gone.
LEAST: Final = 0.1


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who wishes or votes.

    Attributes:
        id: The same for as long as it is the same person.
        address: Where the wish came from; empty where addresses say nothing, as in a chat.
        room: Whether it is somebody in the room, whom the address does not limit.
        name: What they are called; empty if they are not.
    """

    id: str
    address: str = ""
    room: bool = False
    name: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """A choice in the queue: what it is worth, how many people wish for it, and some of their names."""

    choice: Choice
    votes: float
    people: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Vote:
    """One person's voice."""

    person: Person
    choice: Choice
    weight: float


class Ballot:
    """Who wishes for what.

    A person has one voice. It counts 1 in the round in which it is given, and ``decay`` times as much in each
    round after that, until what it is for is shown or it is given to something else. All voices from one
    address together count ``cap`` at most, those from the room aside.
    """

    def __init__(self, *, cap: float, decay: float) -> None:
        """An empty one.

        Args:
            cap: Voices that an address has.
            decay: What is left of a voice after a round, 0 to 1.
        """
        self._cap, self._decay = cap, decay
        self._votes: dict[str, _Vote] = {}
        self._at: dict[str, dict[str, None]] = {}
        self._standings: list[Standing] | None = None

    def __len__(self) -> int:
        return len(self._votes)

    def give(self, person: Person, choice: Choice) -> None:
        """Give the person's voice, wherever it was before."""
        self.take(person.id)
        self._put(_Vote(person, choice, 1.0))
        of_address = self._at.get(person.address, {})
        if len(of_address) > MOST_OF_ADDRESS:
            self.take(next(iter(of_address)))
        if len(self._votes) > MOST:
            self.take(next(iter(self._votes)))

    def take(self, id: str) -> None:
        """Take a person's voice back, if there is one."""
        vote = self._votes.pop(id, None)
        if vote is None:
            return
        self._standings = None
        if of_address := self._at.get(vote.person.address):
            of_address.pop(id, None)
            if not of_address:
                del self._at[vote.person.address]

    def drop(self, key: str) -> None:
        """Take back all voices for a choice."""
        for id in [id for id, vote in self._votes.items() if vote.choice.key == key]:
            self.take(id)

    def end_round(self, shown: Collection[str]) -> None:
        """What is shown now has used up its voices; all others wear off."""
        for id, vote in list(self._votes.items()):
            weight = vote.weight * self._decay
            if vote.choice.key in shown or weight < LEAST:
                self.take(id)
            else:
                self._votes[id] = replace(vote, weight=weight)
        self._standings = None

    def of(self, id: str) -> Choice | None:
        """What a person's voice is for."""
        vote = self._votes.get(id)
        return vote.choice if vote else None

    def person(self, id: str) -> Person | None:
        """Who has a voice by this id."""
        vote = self._votes.get(id)
        return vote.person if vote else None

    def standings(self) -> list[Standing]:
        """All choices with a voice, the most wanted first; of equals the one that was wished for first."""
        if self._standings is None:
            self._standings = self._count()
        return self._standings

    def _count(self) -> list[Standing]:
        totals: dict[str, float] = {}
        for vote in self._votes.values():
            if self._limited(vote):
                totals[vote.person.address] = totals.get(vote.person.address, 0.0) + vote.weight
        found: dict[str, tuple[Choice, list[float], list[str]]] = {}
        for vote in self._votes.values():
            share = min(1.0, self._cap / totals[vote.person.address]) if self._limited(vote) else 1.0
            _, worth, names = found.setdefault(vote.choice.key, (vote.choice, [], []))
            worth.append(vote.weight * share)
            if vote.person.name and len(names) < 3 and vote.person.name not in names:
                names.append(vote.person.name)
        counted = [
            Standing(choice, sum(worth), len(worth), tuple(names)) for choice, worth, names in found.values()
        ]
        return sorted(counted, key=lambda one: -round(one.votes, 9))

    @staticmethod
    def _limited(vote: _Vote) -> bool:
        return bool(vote.person.address) and not vote.person.room

    def _put(self, vote: _Vote) -> None:
        self._votes[vote.person.id] = vote
        if vote.person.address:
            self._at.setdefault(vote.person.address, {})[vote.person.id] = None
        self._standings = None

    def state(self) -> list[list[Any]]:
        """All voices as JSON, in their order."""
        return [
            [v.person.id, v.person.address, v.person.room, v.person.name, v.choice.label, v.weight]
            for v in self._votes.values()
        ]

    def restore(self, state: list[list[Any]], topics: Topics) -> None:
        """Take up the voices of ``state``; those for what there is no more are dropped."""
        for vote in _votes(state[-MOST:], topics):
            self._put(vote)


def _votes(state: list[list[Any]], topics: Topics) -> Iterator[_Vote]:
    for id, address, room, name, label, weight in state:
        choice = topics.exact(str(label))
        if choice is not None:
            person = Person(str(id), str(address), bool(room), str(name))
            yield _Vote(person, choice, min(1.0, float(weight)))
