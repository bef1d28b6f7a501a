"""What may be dreamt of."""

from __future__ import annotations

import pytest

from reverie.errors import UsageError
from reverie.live.crowd.rules import Rules
from reverie.live.show import Moderation
from reverie.live.topics import Choice, Topics

TOPICS = Topics.of("lite0")


def allowed(rules: Rules, text: str) -> bool:
    found = TOPICS.exact(text)
    assert isinstance(found, Choice)
    return rules.allows(found)


def test_everything_that_the_network_knows_is_allowed_as_a_rule() -> None:
    assert all(Rules(Moderation(), TOPICS).allows_topic(topic) for topic in TOPICS)


def test_what_is_blocked_is_not_shown_nor_what_holds_it() -> None:
    rules = Rules(Moderation(block=("spiders", "eyes")), TOPICS)
    for text in ("tarantula", "spider", "arachnid", "animal", "eyes", "volcano + tarantula", "black widow"):
        assert not allowed(rules, text), text
    for text in ("volcano", "dog", "feathers", "scorpion"):
        assert allowed(rules, text), text


def test_an_allow_list_is_all_there_is() -> None:
    rules = Rules(Moderation(allow=("cat", "volcano"), block=("lynx",)), TOPICS)
    for text in ("tabby", "domestic cat", "volcano", "volcano + tabby"):
        assert allowed(rules, text), text
    for text in ("dog", "eyes", "volcano + dog", "carnivore"):
        assert not allowed(rules, text), text


def test_bans_come_and_go() -> None:
    rules = Rules(Moderation(), TOPICS)
    found = TOPICS.exact("volcano + lighthouse")
    assert found is not None
    rules.ban(found)
    assert not allowed(rules, "volcano")
    assert not allowed(rules, "mountain")
    assert not allowed(rules, "beacon")
    assert rules.allow("lighthouse")
    assert not rules.allow("lighthouse")
    assert allowed(rules, "beacon")


@pytest.mark.parametrize("field", ["allow", "block"])
def test_an_unknown_word_is_named(field: str) -> None:
    with pytest.raises(
        UsageError, match=rf'moderation.{field}: "peackock" is nothing .* did you mean peacock'
    ):
        Rules(Moderation(**{field: ("volcano", "peackock")}), TOPICS)


def test_some_names_are_not_shown() -> None:
    rules = Rules(Moderation(block_names=("Spam", "!")), TOPICS)
    assert rules.name("ada") == "ada"
    assert rules.name("S.P.A.M lover") == ""
