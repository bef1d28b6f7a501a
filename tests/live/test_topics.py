"""What people type, looked up."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reverie import objective as ob
from reverie.live.topics import LAYERS, LONGEST, MEANT, Choice, Hints, Topic, Topics
from reverie.network.class_names import imagenet
from reverie.network.efficientnet_lite import LITE0_DRAWS
from support.commands import environment

TOPICS = Topics.of("lite0")


def only(text: str) -> Topic:
    found = TOPICS.look_up(text)
    assert isinstance(found, Choice), found
    (topic,) = found.topics
    return topic


def hints(text: str) -> Hints:
    found = TOPICS.look_up(text)
    assert isinstance(found, Hints)
    return found


@pytest.mark.parametrize(
    ("text", "label", "objective"),
    [
        ("volcano", "volcano", 'class("volcano")'),
        ("  VOLCANO ", "volcano", 'class("volcano")'),
        ("gold-fish", "goldfish", 'class("goldfish")'),
        ("lighthouse", "lighthouse", 'class("beacon")'),
        ("Alsatian", "alsatian", 'class("German shepherd")'),
        ("cats", "cat", 'class("cat")'),
        ("kitten", "domestic cat", 'class("domestic cat")'),
        ("buildings", "building", 'class("building")'),
        ("eyes", "eyes", "standard(block5a)"),
        ("Feathers", "feathers", "standard(head)"),
        ("panda", "panda", 'class("giant panda")'),
        ("crane", "crane", "class(134)"),
        ("cardigan", "cardigan", "class(474)"),
        ("Cardigan", "Cardigan", "class(264)"),
        ("crane (lifting device)", "crane (lifting device)", "class(517)"),
    ],
)
def test_one_thing(text: str, label: str, objective: str) -> None:
    topic = only(text)
    assert (topic.label, topic.objective) == (label, objective)


def test_two_things_and_one_key_for_both_orders() -> None:
    one, other = TOPICS.exact("volcano + goldfish"), TOPICS.exact("Goldfish+VOLCANO")
    assert one is not None
    assert other is not None
    assert one.label == "volcano + goldfish"
    assert other.label == "goldfish + volcano"
    assert one.key == other.key
    assert [topic.label for topic in one.topics] == ["volcano", "goldfish"]
    same = TOPICS.exact("lighthouse + beacon")
    assert same is not None
    assert len(same.topics) == 1


@pytest.mark.parametrize(
    "text",
    [
        *("", "   ", "+", "volcano +", "a + b + c", "207", "n02099601", "-1", "thing", "entity", "artifact"),
        *(
            "class(207)",
            'class("volcano")',
            "block5a",
            "standard(block5a)",
            "mask('/etc/passwd')",
            "-volcano",
        ),
        *(
            "volcano; rm",
            "volcano\x00x",
            "\ud800",
            "x" * (LONGEST + 1),
            "a " * 5000,
            "<b>",
            "lol",
            "yes",
            "no",
        ),
    ],
)
def test_what_is_none(text: str) -> None:
    if text == "-volcano":  # signs are no part of a name
        assert only(text).label == "volcano"
        return
    assert TOPICS.exact(text) is None
    said = hints(text)
    assert said.words
    assert len(said.words) < 400


def test_hints_name_what_was_meant() -> None:
    assert "peacock" in hints("peackock").near
    assert hints("dragon").near[0] == "Komodo dragon"
    assert "lizard" in hints("dragon").near
    for near in (*hints("dragon").near, *hints("volkano").near):
        assert TOPICS.exact(near) is not None


@given(st.text(max_size=200))
def test_any_text_is_answered(text: str) -> None:
    """What is found is made of the list alone, and can be read as an objective of classes and layers."""
    found = TOPICS.exact(text)
    if found is not None:
        for topic in found.topics:
            assert TOPICS.exact(topic.label) is not None
            assert ob.parse(topic.objective).files() == ()


def test_every_topic_is_found_by_its_label_and_its_classes_are_right() -> None:
    names = imagenet()
    for topic in TOPICS:
        found = TOPICS.find(topic.label)
        assert found is not None, topic.label
        if topic.kind == "class":
            assert found.members == topic.members, topic.label
        if topic.kind == "group":
            assert names.members(topic.label) == topic.members
            assert len(topic.members) > 1
    assert sum(topic.kind == "class" for topic in TOPICS) == 1000
    others = [topic.objective for topic in TOPICS if topic.kind != "layer"]
    assert len(set(others)) == len(others)


def test_every_synonym_finds_a_class_that_has_it() -> None:
    names = imagenet()
    for index in range(len(names)):
        for name in names.synonyms(index):
            found = TOPICS.find(name)
            assert found is not None
            assert name in {one for member in found.members for one in names.synonyms(member)}


def test_layers_are_called_by_what_they_draw() -> None:
    """The words of each layer are those that the network says of it."""
    for word, layer in LAYERS.items():
        assert word.rstrip("s") in LITE0_DRAWS[layer], (word, layer)
    for word, meant in MEANT.items():
        assert TOPICS.find(word) == TOPICS.find(meant) is not None


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("gold", "goldfish"),
        ("golden ret", "golden retriever"),
        ("cat", "cat"),
        ("eye", "eyes"),
        ("LADY", "ladybug"),
    ],
)
def test_search_finds_by_the_beginning_of_words(words: str, first: str) -> None:
    labels = [topic.label for topic, _ in TOPICS.search(words)]
    assert first in labels[:3]
    assert len(set(labels)) == len(labels)
    assert TOPICS.search("no such thing") == []


def test_a_network_of_its_own_has_its_own_names() -> None:
    topics = Topics.of("my-net", ("one", "two", "Two"))
    assert [topic.label for topic in topics] == ["one", "two", "Two (2)"]
    assert [topic.objective for topic in topics] == ['class("one")', "class(1)", "class(2)"]
    assert topics.exact("eyes") is None
    assert len(Topics.of("not told yet")) == 0
    assert isinstance(Topics.of("not told yet").look_up("x"), Hints)


@pytest.mark.slow
def test_the_server_needs_no_torch_for_it() -> None:
    parts = "lobby, reverie.live.routes, reverie.live.chat.wishes"
    code = f"import sys, reverie.live.{parts}; print('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, timeout=300
    )
    assert (done.returncode, done.stdout) == (0, "False\n"), done.stderr
