"""What classes are kinds of: everyday words, what is nearest, other networks of the same classes."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from reverie.errors import UsageError
from reverie.network.class_names import class_names, imagenet
from reverie.network.class_tree import EVERYDAY, LOOKS_LIKE

#: What somebody says who has never heard of ImageNet, and how many classes that is.
WORDS = (
    *(
        "cat",
        "dog",
        "bird",
        "horse",
        "cow",
        "sheep",
        "pig",
        "chicken",
        "duck",
        "fish",
        "shark",
        "whale",
        "snake",
    ),
    *(
        "frog",
        "turtle",
        "spider",
        "butterfly",
        "bee",
        "monkey",
        "elephant",
        "bear",
        "lion",
        "tiger",
        "rabbit",
    ),
    *("car", "truck", "bus", "train", "bicycle", "motorcycle", "boat", "ship", "airplane"),
    *("pizza", "bread", "fruit", "apple", "banana", "cheese", "vegetable"),
    *("church", "castle", "house", "bridge", "tower", "mosque"),
    *("hammer", "screwdriver", "knife", "saw", "axe", "flower", "tree", "mushroom", "rose"),
    *("guitar", "piano", "violin", "drum", "trumpet"),
)


def test_everyday_words_are_classes_or_groups() -> None:
    names = imagenet()
    assert len(WORDS) == len(set(WORDS)) == 60
    found = {}
    for word in WORDS:
        with suppress(UsageError):
            found[word] = names.members(word)
    assert len(found) >= 55, sorted(set(WORDS) - set(found))
    assert len(found["dog"]) == 118
    cats = {names.name(index) for index in found["cat"]}
    assert {"tabby", "tiger cat", "Persian cat", "Siamese cat", "Egyptian cat"} <= cats < set(names)
    assert {names.name(index) for index in found["guitar"]} == {"acoustic guitar", "electric guitar"}
    for word, name in (
        ("pizza", "pizza"),
        ("apple", "Granny Smith"),
        ("horse", "sorrel"),
        ("axe", "hatchet"),
    ):
        assert found[word] == names.members(name) == (names.lookup(word),)


@pytest.mark.parametrize(
    ("word", "same"),
    [
        ("cats", "cat"),
        ("Kittens", "domestic cat"),
        ("kitty", "domestic cat"),
        ("automobile", "car"),
        ("aeroplane", "airplane"),
        ("Musical_Instruments", "musical instrument"),
        ("churches", "church"),
        ("wolves", "wolf"),
        ("mice", "mouse"),
        ("pagodas", "stupa"),
    ],
)
def test_synonyms_and_plurals(word: str, same: str) -> None:
    assert imagenet().members(word) == imagenet().members(same)


def test_the_sense_that_has_classes_counts() -> None:
    """A seal is wax first, wood what trees are made of; a plane is a tool, which is a class of that name."""
    names = imagenet()
    assert names.name(names.members("seal")[0]) == "sea lion"
    assert {names.name(index) for index in names.members("wood")} >= {"oboe", "flute"}
    assert names.members("plane") == (names.lookup("carpenter's plane"),)
    with pytest.raises(UsageError, match="means several"):
        names.members("crane")


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("unicorn", 'the nearest is "sorrel", or "horse" for what it is a kind of'),
        ("feathers", 'or "bird" for the group of 59'),
        ("unicorns", 'the nearest is "sorrel"'),
        ("beer", '"red wine", .*"beer bottle", .*or "alcohol" for the group of 3'),
        ("cheddar", 'the nearest are "'),
        ("zeebra", 'did you mean "zebra"'),
        ("vehicel", 'did you mean "vehicle"'),
        ("zzzzzz", "give a name, or a number from 0 to 999"),
    ],
)
def test_what_is_no_class_is_answered_with_the_nearest(word: str, said: str) -> None:
    with pytest.raises(UsageError, match=f'class "{word}" is not known; .*{said}'):
        imagenet().members(word)


def test_one_class_is_no_group() -> None:
    with pytest.raises(UsageError, match=r'"dog" is a group.* "Chihuahua", .* and 113 more'):
        imagenet().lookup("dog")
    with pytest.raises(UsageError, match=r'"guitar" is a group, .*"acoustic guitar", "electric guitar"$'):
        imagenet().lookup("guitar")


def test_what_stands_in_the_tables_is_there() -> None:
    tree = imagenet().tree
    assert tree is not None
    for word, name in {**EVERYDAY, **LOOKS_LIKE}.items():
        assert tree.find(name) is not None, word
    assert "dog" in imagenet().search("do")
    assert "kitten" in imagenet().search("kitt")


def test_kinds_of_a_group_are_all_of_it() -> None:
    tree = imagenet().tree
    assert tree is not None
    groups = list(tree.groups())
    assert len(groups) > 600
    for group in groups:
        kinds = tree.children(group)
        assert sorted({index for kind in kinds for index in kind.members}) == list(group.members)
    top = tree.find("entity")
    assert top is not None
    assert top.members == tuple(range(1000))


def test_other_networks_of_the_same_classes_have_the_groups() -> None:
    """torchvision names each class by one name, and those of two classes differently."""
    theirs = [synonyms[0] for synonyms in imagenet()._synonyms]
    theirs[134], theirs[639] = "crane bird", "maillot tank suit"
    names = class_names(theirs)
    assert names.members("cats") == imagenet().members("cat")
    assert names.lookup("crane") == 517
    assert names.lookup("crane bird") == 134
    assert names.lookup("n02123045") == names.lookup("tabby cat") == 281


@pytest.mark.parametrize(
    "theirs", [["cat", "dog"], [("cat", "kitty"), ("dog",)], [f"class {index}" for index in range(1000)]]
)
def test_names_of_others_have_none(theirs: list[Any]) -> None:
    names = class_names(theirs)
    assert names.tree is None
    assert names.members(names.name(1)) == (1,)
    with pytest.raises(UsageError, match="is not known"):
        names.members("animal")
