"""Classes by a word, and as a tree, where the tree is small enough to be told by hand."""

from __future__ import annotations

from reverie.network.class_names import ClassNames, imagenet
from reverie.network.class_search import branches, document, having


def test_no_word_is_all_classes() -> None:
    assert having(ClassNames(["red", "blue"]), None) == ([], [0, 1])


def test_without_a_tree_a_word_begins_one_of_the_names() -> None:
    names = ClassNames([("sea star", "starfish"), "star", "mustard", "red.dot"])
    assert having(names, "STAR") == ([], [0, 1])
    assert having(names, ".") == ([], [3])  # a word is no pattern


def test_what_a_word_means_comes_before_what_has_it_in_a_name() -> None:
    names = imagenet()
    groups, indices = having(names, "cat")
    assert groups[0].name == "cat"
    assert tuple(indices[: len(groups[0].members)]) == groups[0].members
    assert len(set(indices)) == len(indices)
    assert document(names, groups, indices)["classes"][0] == {  # type: ignore[index]
        "class": indices[0],
        "names": list(names.synonyms(indices[0])),
    }


def test_the_tree_of_a_group_is_indented() -> None:
    names = imagenet()
    assert names.tree is not None
    piano = names.tree.find("piano")
    assert piano is not None
    assert list(branches(names, names.tree, piano)) == ["piano (2)", "  579 grand piano", "  881 upright"]
