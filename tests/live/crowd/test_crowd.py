"""What is shown, and by whose wish."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reverie.errors import UsageError
from reverie.live.crowd import crowd as module
from reverie.live.crowd.ballot import Person
from reverie.live.crowd.crowd import Crowd
from reverie.live.crowd.moderator import Moderator
from reverie.live.show import Hours, Moderation, Show, Voices
from reverie.live.topics import Topics

TOPICS = Topics.of("lite0")
NOON = 1_700_000_000.0
ADA, BEN, CLEO = Person("ada", "1.1.1.1"), Person("ben", "2.2.2.2"), Person("cleo", "3.3.3.3")


class Told:
    """A diary in memory."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, Any]]] = []

    def note(self, now: float, what: str, **more: Any) -> None:
        self.lines.append((what, more))


def crowd(**show: Any) -> Crowd:
    playlist = (Hours(topics=("jellyfish", "castle")),)
    return Crowd(
        Show(**{"playlist": playlist, "hold": 60, "least": 10, **show}), TOPICS, diary=Told(), secret="s"
    )


def shown(of: Crowd, now: float) -> str | None:
    """What begins now; None where nothing does."""
    found = of.next_topics(now)
    return found.choice.label if found else None


def test_the_playlist_then_a_wish_then_the_votes_then_what_was_wished_before() -> None:
    of = crowd()
    assert shown(of, NOON) == "jellyfish"
    assert shown(of, NOON + 5) is None
    assert of.wish("volcano", ADA, NOON + 5).fine
    assert shown(of, NOON + 9) is None  # it is seen for a while
    assert shown(of, NOON + 10) == "volcano"
    for person in (BEN, CLEO):
        of.wish("goldfish", person, NOON + 12)
    of.wish("lion", ADA, NOON + 12)
    assert shown(of, NOON + 69) is None
    assert shown(of, NOON + 70) == "goldfish"
    assert shown(of, NOON + 130) == "lion"  # half a voice is one
    assert shown(of, NOON + 190) == "volcano"  # of the last hundred the one not seen for longest
    assert of.tableau is not None
    assert of.tableau.source == "again"
    assert shown(of, NOON + 250) == "goldfish"
    assert shown(of, NOON + 7200) == "castle"  # nobody has wished for long
    assert of.tableau.source == "playlist"


def test_what_is_wished_for_again_stays() -> None:
    of = crowd()
    of.wish("volcano", ADA, NOON)
    assert shown(of, NOON) == "volcano"
    of.wish("lava", BEN, NOON + 30)
    assert shown(of, NOON + 60) is None
    assert of.ends == NOON + 120
    assert of.tableau is not None
    assert of.tableau.people == 1


def test_two_at_a_time() -> None:
    of = crowd(layout="sides")
    of.wish("volcano + goldfish", ADA, NOON)
    found = of.next_topics(NOON)
    assert found is not None
    assert (found.places, found.layout) == (("left", "right"), "sides")
    order = found.order()
    assert [topic.objective for topic in order.topics] == ['class("volcano")', 'class("goldfish")']
    pair = crowd(together=2)
    for person, text in ((ADA, "volcano"), (BEN, "volcano"), (CLEO, "goldfish")):
        pair.wish(text, person, NOON)
    assert shown(pair, NOON) == "volcano + goldfish"
    assert pair.queue() == []
    assert pair.tableau is not None
    assert pair.tableau.people == 3


def test_a_flood_from_one_address_never_wins() -> None:
    """Round after round, against four people who are there."""
    of = crowd(voices=Voices(address_a_minute=100_000, person_a_minute=10_000))
    honest = [Person(f"honest {n}", f"1.2.3.{n}") for n in range(4)]
    wishes = ("volcano", "lion", "castle", "peacock", "tiger", "macaw")
    for turn, wanted in enumerate(wishes):
        now = NOON + 60 * turn
        for number in range(50):
            assert of.wish("goldfish", Person(f"fake {turn} {number}", "6.6.6.6"), now).fine
        for person in honest:
            assert of.wish(wanted, person, now).fine
        assert shown(of, now + 0.5) == wanted
    assert len(of.ballot) <= 50 * len(wishes)


def test_the_room_counts_beyond_its_address() -> None:
    of = crowd()
    for number in range(5):
        of.wish("volcano", Person(f"room {number}", "9.9.9.9", room=True), NOON)
        of.wish("goldfish", Person(f"far {number}", "9.9.9.9"), NOON)
        of.wish("goldfish", Person(f"away {number}", "8.8.8.8"), NOON)
    assert [(one.choice.label, round(one.votes, 6)) for one in of.queue()] == [
        ("goldfish", 6),
        ("volcano", 5),
    ]


@pytest.mark.slow
def test_what_is_typed_is_looked_up_and_nothing_else() -> None:
    of = crowd()
    for text in ("block5c", 'class("volcano")', "volcano - goldfish*2", "<script>alert(1)</script>", "207"):
        reply = of.wish(text, Person(text), NOON)
        assert not reply.fine or reply.label in ("volcano",), text
    assert of.queue() == []
    told = of.diary
    assert isinstance(told, Told)
    assert told.lines == []


def test_too_much_is_refused() -> None:
    of = crowd(voices=Voices(person_a_minute=4))
    replies = [of.wish("volcano", ADA, NOON).fine for _ in range(4)]
    assert replies == [True, True, False, False]
    assert of.vote("volcano", BEN, NOON).fine
    assert "wait" in of.wish("volcano", ADA, NOON).words
    few = crowd(voices=Voices(address_a_minute=4))
    assert [few.wish("volcano", Person(f"{n}", "6.6.6.6"), NOON).fine for n in range(4)] == [
        True,
        True,
        False,
        False,
    ]


def test_hidden_names_are_nowhere_and_shown_ones_are() -> None:
    for names, expected in (("hidden", ()), ("shown", ("ada", "ben"))):
        of = crowd(moderation=Moderation(names=names, block_names=("spam",)))
        for name in ("ada", "ben", "spammer"):
            of.wish("volcano", Person(name, name=name), NOON)
        found = of.next_topics(NOON)
        assert found is not None
        assert (found.names, found.people) == (expected, 3)


def test_addresses_are_hashed_in_the_diary() -> None:
    of = crowd()
    of.wish("volcano", ADA, NOON)
    told = of.diary
    assert isinstance(told, Told)
    (what, more), *_ = told.lines
    assert (what, more["label"], more["who"]) == ("wish", "volcano", "ada")
    assert "1.1.1.1" not in json.dumps(told.lines)
    assert more["from"] == of.hashed("1.1.1.1") != Crowd(Show(), TOPICS, secret="t").hashed("1.1.1.1")


def test_the_whole_of_it_is_kept() -> None:
    of = crowd()
    shown(of, NOON)
    for person, text in ((ADA, "volcano"), (BEN, "eyes + goldfish"), (CLEO, "lion")):
        of.wish(text, person, NOON + 1)
    Moderator(of).ban("snake", NOON)
    Moderator(of).ban_person("cleo", NOON + 1)
    Moderator(of).hold(True, NOON + 1)
    kept = json.loads(json.dumps(of.state()))
    again = crowd()
    again.restore(kept, NOON + 9)
    assert json.loads(json.dumps(again.state())) == kept
    assert shown(again, NOON + 9) == "jellyfish"  # told anew, and only once
    assert shown(again, NOON + 10) is None
    assert not again.wish("snake", ADA, NOON + 11).fine
    assert "moderator" in again.wish("lion", CLEO, NOON + 11).words
    Moderator(again).hold(False, NOON + 12)
    assert shown(again, NOON + 21) == "volcano"


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"wishes": "x"},
        {"wishes": 1, "votes": [[1]]},
        {"wishes": 1, "votes": 5},
        [],
        None,
        {"wishes": None},
    ],
)
def test_a_state_that_is_none_is_said(state: Any) -> None:
    with pytest.raises(UsageError, match="state of the crowd"):
        crowd().restore(state, NOON)


def test_a_clock_that_is_put_back_or_forth_changes_little() -> None:
    of = crowd()
    shown(of, NOON)
    assert shown(of, NOON - 86_400) is None
    assert of.ends == NOON - 86_400 + 60
    assert shown(of, NOON - 86_400 + 60) == "castle"


people = st.integers(0, 30).map(lambda n: Person(f"p{n}", ("", "1.1.1.1", "2.2.2.2")[n % 3], room=n % 7 == 0))
texts = st.sampled_from(
    ["volcano", "goldfish", "eyes", "volcano + cat", "cats", "nonsense", "+", "lighthouse"]
)
actions = st.one_of(
    st.tuples(st.just("wish"), people, texts),
    st.tuples(st.just("hear"), people, texts),
    st.tuples(st.just("withdraw"), people, texts),
    st.tuples(st.sampled_from(["skip", "hold", "go", "pause", "ban", "show"]), people, texts),
)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(actions, st.floats(0, 200)), max_size=80))
def test_whatever_happens(given_actions: list) -> None:
    """One voice each; nothing grows; what is shown may be shown; the state goes round."""
    of = crowd(voices=Voices(person_a_minute=10_000, address_a_minute=100_000))
    moderator, now, heard = Moderator(of), NOON, {}
    banned: set[str] = set()
    for (what, person, text), wait in given_actions:
        now += wait
        if what in ("wish", "hear", "withdraw"):
            of.__getattribute__(what)(*((text,) if what != "withdraw" else ()), person, now)
            heard[person.id] = person
        elif what == "skip":
            moderator.skip(now)
        elif what in ("hold", "go"):
            moderator.hold(what == "hold", now)
        elif what == "pause":
            moderator.pause(of.controls.paused is None, now)
        elif TOPICS.exact(text) is not None:
            try:
                getattr(moderator, what)(text, now)
            except UsageError:
                assert what == "show"  # it is banned
            if what == "ban":
                found = TOPICS.exact(text)
                assert found is not None
                banned |= {topic.objective for topic in found.topics}
        found_next = of.next_topics(now)
        assert of.tableau is not None
        assert not banned & {topic.objective for topic in of.tableau.topics}
        assert found_next is None or found_next is of.tableau
        assert of.ends <= now + 60 + 1e-6 or of.controls.paused is not None
        standings = of.ballot.standings()
        assert sum(one.people for one in standings) == len(of.ballot) <= len(heard)
        assert all(0 < one.votes <= one.people + 1e-9 for one in standings)
    kept = json.loads(json.dumps(of.state()))
    again = crowd()
    again.restore(kept, now)
    assert json.loads(json.dumps(again.state()))["votes"] == kept["votes"]
    assert len(of._again) <= module.HUNDRED


def test_a_year_of_topics_grows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HUNDRED", 10)
    monkeypatch.setattr(module, "SHOWN", 10)
    of = crowd()
    labels = [topic.label for topic in TOPICS][:400]
    for turn, label in enumerate(labels):
        of.hear(label, Person(f"chat {turn}"), NOON + 60 * turn)
        of.next_topics(NOON + 60 * turn)
    size = len(json.dumps(of.state()))
    assert size < 4000
    assert (len(of._again), len(of._shown), len(of.recent)) == (10, 10, module.RECENT)
    assert len(of.ballot) <= 4
