"""Classes by a part of a name."""

from __future__ import annotations

import pytest

from reverie.studio.classes import MOST, search


@pytest.mark.parametrize(
    ("words", "first", "group"),
    [
        *(("tabby", "tabby", False), ("golden ret", "golden retriever", False)),
        *((word.upper(), word, True) for word in ("dog", "cat", "bird")),
    ],
)
def test_the_best_comes_first(words: str, first: str, group: bool) -> None:
    found = search(words)[0]
    assert (found["name"], found["group"]) == (first, group)
    assert (found["members"] > 1) is group


def test_all_that_is_found_has_the_words() -> None:
    for one in search("lamp"):
        assert any("lamp" in name.casefold() for name in one["names"])
    assert search("no such thing") == []
    assert len(search("")) == MOST


def test_a_network_of_its_own_has_its_own_names() -> None:
    assert [one["name"] for one in search("e", ("one", "two", "three"))] == ["one", "three"]
