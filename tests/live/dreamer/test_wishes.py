"""What the dream is about at each moment."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reverie.live.dreamer.protocol import PlacedTopic, SetTopics
from reverie.live.dreamer.wishes import BOOST, FIRST_GROUND, FIRST_SECONDS, Wishes
from reverie.objective import OfClass, parse

GROUND = "standard(block5c) + 0.35*standard(block6d)"


def of(*names: str, layout: str = "whole", fade: float = 1.0) -> SetTopics:
    places = ("lower", "upper") if layout == "halves" else ("whole", "whole")
    topics = [
        PlacedTopic(objective=f'class("{name}")', place=place, label=name)  # type: ignore[arg-type]
        for name, place in zip(names, places, strict=False)
    ]
    return SetTopics(topics=tuple(topics), layout=layout, fade=fade)  # type: ignore[arg-type]


def classes(text: str) -> dict[str, float]:
    """The weight of each class."""
    return {
        term.quantity.name: term.weight for term in parse(text).terms if isinstance(term.quantity, OfClass)
    }


def ground(text: str) -> float:
    return sum(term.weight for term in parse(text).terms if not isinstance(term.quantity, OfClass))


def test_before_anybody_wishes_it_is_the_ground() -> None:
    wishes = Wishes(GROUND, 0.35)
    assert parse(wishes.objective(5)) == parse(GROUND)
    assert wishes.strength(5) == 1


def test_a_wish_comes_in_at_once_and_goes_over() -> None:
    wishes = Wishes(GROUND, 0.35)
    wishes.ask(of("volcano"), 10)
    shares = [classes(wishes.objective(10 + t))["volcano"] for t in (0, 0.3, 0.6, 1.0)]
    assert shares == sorted(shares)
    assert 0.2 < shares[0] < shares[-1] == pytest.approx(1 - FIRST_GROUND, abs=0.01)
    assert wishes.strength(10) == 1 + BOOST


def test_what_was_is_dreamt_away_for_a_while_and_then_forgotten() -> None:
    wishes = Wishes(GROUND, 0.35)
    wishes.ask(of("volcano"), 0)
    wishes.ask(of("goldfish"), 20)
    assert classes(wishes.objective(20.3))["volcano"] > 0
    assert classes(wishes.objective(22))["volcano"] < 0
    settled = wishes.objective(60)
    assert set(classes(settled)) == {"goldfish"}
    assert ground(settled) == pytest.approx(0.35, abs=0.01)
    assert ground(wishes.objective(20 + FIRST_SECONDS - 0.1)) < 0.1
    assert wishes.strength(60) == 1


def test_the_same_wish_again_changes_nothing() -> None:
    wishes = Wishes(GROUND, 0.35)
    wishes.ask(of("volcano"), 0)
    wishes.ask(of("volcano"), 50)
    assert wishes.strength(50) == 1


def test_two_topics_have_their_places() -> None:
    wishes = Wishes(GROUND, 0.35)
    wishes.ask(of("volcano", "goldfish", layout="halves"), 0)
    regions = {
        term.quantity.name: str(term.region)
        for term in parse(wishes.objective(60)).terms
        if isinstance(term.quantity, OfClass)
    }
    assert "lower" in regions["volcano"]
    assert "upper" in regions["goldfish"]


def test_a_blend_takes_turns() -> None:
    wishes = Wishes(GROUND, 0.35)
    wishes.ask(of("volcano", "goldfish", layout="blend"), 0)
    found = [classes(wishes.objective(60 + t)) for t in range(30)]
    more = [one["volcano"] > one["goldfish"] for one in found]
    assert any(more)
    assert not all(more)
    assert all(min(one.values()) > 0 for one in found)


def test_layers_have_no_ground() -> None:
    wishes = Wishes(GROUND, 0.35)
    wishes.ask(SetTopics(topics=(PlacedTopic(objective="standard(block5a)"),)), 0)
    assert parse(wishes.objective(60)) == parse("standard(block5a)")


@given(st.floats(0, 100), st.floats(0, 10), st.sampled_from(["halves", "blend", "whole"]))
def test_it_can_be_bound_at_every_moment(seconds: float, fade: float, layout: str) -> None:
    """The objective is text that parses, of a few terms, whatever came before."""
    wishes = Wishes(GROUND, 0.35)
    wishes.ask(of("volcano", "goldfish", layout="halves"), 0)
    wishes.ask(of("tiger", "peacock", layout=layout, fade=fade), 20)
    assert len(parse(wishes.objective(20 + seconds)).terms) <= 6


@pytest.mark.slow
def test_a_show_of_months_asks_for_few_mixtures() -> None:
    wishes = Wishes(GROUND, 0.35)
    wishes.ask(of("volcano", "goldfish", layout="blend"), 0)
    assert len({wishes.objective(k / 10) for k in range(10_000)}) < 20


def test_it_goes_on_where_it_was_kept() -> None:
    wishes = Wishes(GROUND, 0.35)
    wishes.ask(of("volcano"), 0)
    wishes.factor, wishes.paused = 0.5, True
    twin = Wishes(GROUND, 0.35)
    twin.load_state_dict(wishes.state_dict(30), 1000)
    assert twin.objective(1001) == wishes.objective(31)
    assert (twin.factor, twin.paused, twin.order) == (0.5, True, wishes.order)
