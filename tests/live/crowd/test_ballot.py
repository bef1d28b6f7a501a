"""Voices: counted beside a twin that reads as the rules do."""

from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reverie.live.crowd import ballot as module
from reverie.live.crowd.ballot import LEAST, Ballot, Person
from reverie.live.topics import Choice, Topics

TOPICS = Topics.of("lite0")
NAMES = ("volcano", "goldfish", "eyes", "cat")


def choice(text: str) -> Choice:
    found = TOPICS.exact(text)
    assert found is not None
    return found


def votes(ballot: Ballot) -> dict[str, float]:
    return {one.choice.label: one.votes for one in ballot.standings()}


def test_a_voice_moves_and_is_one() -> None:
    ballot = Ballot(cap=3, decay=0.5)
    ada = Person("ada")
    ballot.give(ada, choice("volcano"))
    ballot.give(ada, choice("volcano"))
    ballot.give(ada, choice("goldfish"))
    assert votes(ballot) == {"goldfish": 1.0}
    ballot.take("ada")
    ballot.take("ada")
    assert votes(ballot) == {}


def test_fifty_from_one_address_are_three() -> None:
    ballot = Ballot(cap=3, decay=0.5)
    for number in range(50):
        ballot.give(Person(f"fake {number}", "6.6.6.6"), choice("goldfish"))
    for number in range(4):
        ballot.give(Person(f"honest {number}", f"1.2.3.{number}"), choice("volcano"))
    assert votes(ballot) == {"volcano": 4.0, "goldfish": pytest.approx(3.0)}
    assert ballot.standings()[0].choice.label == "volcano"
    assert ballot.standings()[1].people == 50


def test_the_cap_is_shared_by_all_that_an_address_wishes_for() -> None:
    ballot = Ballot(cap=3, decay=0.5)
    for number in range(6):
        ballot.give(Person(f"{number}", "6.6.6.6"), choice(NAMES[number % 2]))
    assert votes(ballot) == {"volcano": pytest.approx(1.5), "goldfish": pytest.approx(1.5)}


def test_the_room_and_chats_are_not_limited() -> None:
    ballot = Ballot(cap=1, decay=0.5)
    for number in range(5):
        ballot.give(Person(f"room {number}", "9.9.9.9", room=True), choice("volcano"))
        ballot.give(Person(f"chat {number}"), choice("goldfish"))
        ballot.give(Person(f"far {number}", "9.9.9.9"), choice("eyes"))
    assert votes(ballot) == {"volcano": 5.0, "goldfish": 5.0, "eyes": pytest.approx(1.0)}


def test_voices_wear_off_and_what_is_shown_uses_them_up() -> None:
    ballot = Ballot(cap=3, decay=0.5)
    ballot.give(Person("a"), choice("volcano"))
    ballot.give(Person("b"), choice("goldfish"))
    ballot.end_round({choice("volcano").key})
    assert votes(ballot) == {"goldfish": 0.5}
    ballot.end_round(set())
    ballot.end_round(set())
    assert votes(ballot) == {"goldfish": 0.125}
    ballot.end_round(set())
    assert votes(ballot) == {}
    assert len(ballot) == 0
    assert 0.125 > LEAST > 0.0625


def test_names_are_at_most_three() -> None:
    ballot = Ballot(cap=3, decay=0.5)
    for name in ("ada", "ben", "ada", "cleo", "dan", ""):
        ballot.give(Person(f"{name} {len(ballot)}", name=name), choice("volcano"))
    assert ballot.standings()[0].names == ("ada", "ben", "cleo")


def test_it_does_not_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 40)
    monkeypatch.setattr(module, "MOST_OF_ADDRESS", 10)
    ballot = Ballot(cap=3, decay=0.5)
    ballot.give(Person("honest", "1.1.1.1"), choice("volcano"))
    for number in range(500):
        ballot.give(Person(f"fake {number}", "6.6.6.6"), choice("goldfish"))
    assert len(ballot) == 11  # a flood from one address pushes nobody else out
    for number in range(500):
        ballot.give(Person(f"far {number}", f"10.0.0.{number}"), choice("goldfish"))
    assert len(ballot) == 40
    assert len(ballot._at) <= 40


people = st.builds(
    Person,
    id=st.sampled_from([f"p{number}" for number in range(12)]),
    address=st.sampled_from(["", "1.1.1.1", "2.2.2.2"]),
    room=st.booleans(),
)
steps = st.lists(st.tuples(people, st.sampled_from(NAMES)) | st.sampled_from(NAMES), max_size=60)


@pytest.mark.slow
@given(steps, st.sampled_from([1.0, 2.5, 3.0]), st.sampled_from([0.0, 0.5, 0.9]))
def test_it_counts_as_the_rules_say(steps: list, cap: float, decay: float) -> None:
    ballot = Ballot(cap=cap, decay=decay)
    twin: dict[str, tuple[Person, str, float]] = {}
    for step in steps:
        if isinstance(step, str):
            ballot.end_round({choice(step).key})
            worn = {i: (p, name, w * decay) for i, (p, name, w) in twin.items() if name != step}
            twin = {i: one for i, one in worn.items() if one[2] >= LEAST}
        else:
            person, name = step
            ballot.give(person, choice(name))
            twin[person.id] = (person, name, 1.0)
    limited = defaultdict[str, float](float)
    for person, _, weight in twin.values():
        if person.address and not person.room:
            limited[person.address] += weight
    expected = defaultdict[str, float](float)
    for person, name, weight in twin.values():
        share = min(1.0, cap / limited[person.address]) if person.address and not person.room else 1.0
        expected[name] += weight * share
    assert votes(ballot) == pytest.approx(dict(expected))
    assert len(ballot) == len(twin) <= 12
    again = Ballot(cap=cap, decay=decay)
    again.restore(ballot.state(), TOPICS)
    assert again.state() == ballot.state()
    assert votes(again) == pytest.approx(votes(ballot))
