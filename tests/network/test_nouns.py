"""WordNet's nouns: the packed table, looking up, plurals."""

from __future__ import annotations

from importlib.resources import files

import pytest

from reverie.network.class_names import imagenet
from reverie.network.nouns import FILE, Nouns, nouns, singulars

SMALL = """# header
00000001\t\tthing
00000005\t1\tcat,true cat
00000007\t1\tCat|3,Caterpillar
00000009\t2,3\tkit-cat"""


def test_a_small_table() -> None:
    small = Nouns(SMALL)
    assert (small.at("00000001"), small.at("00000009")) == (1, 4)
    with pytest.raises(KeyError):
        small.at("00000006")
    with pytest.raises(KeyError):
        small.at("00000010")
    assert small.parents(1) == ()
    assert small.parents(4) == (2, 3)
    assert small.names(3) == (("Cat", 3), ("Caterpillar", 1))
    assert small.ancestors(4) == {4: 0, 2: 1, 3: 1, 1: 2}
    assert small.senses("cat") == small.senses("CAT") == [2, 3]
    assert small.senses("kit cat") == small.senses("Kitcat") == [4]
    assert [small.senses(word) for word in ("", "-", "ca", "1", "3", "00000005", "header", ".*")] == [[]] * 8


def test_it_holds_all_nouns() -> None:
    known = nouns()
    assert [name for name, _ in known.names(1)] == ["entity"]
    assert len(known.senses("entity")) == 1
    assert sum(1 for _ in known.ancestors(known.senses("beagle")[0])) > 10
    for word, senses in (("cat", 8), ("dog", 7), ("unicorn", 1), ("rock 'n' roll", 1), ("quux", 0)):
        assert len(known.senses(word)) == senses, word
    packed = files("reverie.network").joinpath(FILE)
    assert len(packed.read_bytes()) < 2_000_000
    assert "Princeton" in packed.with_name("wordnet_licence.txt").read_text("utf-8")  # type: ignore[attr-defined]


def test_classes_are_synsets_in_wordnets_order() -> None:
    """Each class is the synset of its number, with the names that it has there; the numbers ascend."""
    names, known = imagenet(), nouns()
    rows = [known.at(wnid.removeprefix("n")) for wnid in names._by_id]
    assert len(rows) == 1000
    assert rows == sorted(set(rows))
    for index, row in enumerate(rows):
        assert tuple(name for name, _ in known.names(row)) == names.synonyms(index)


@pytest.mark.parametrize(
    ("plural", "singular"),
    [
        ("cats", "cat"),
        ("buses", "bus"),
        ("boxes", "box"),
        ("horses", "horse"),
        ("puppies", "puppy"),
        ("pies", "pie"),
        ("wolves", "wolf"),
        ("knives", "knife"),
        ("firemen", "fireman"),
        ("mice", "mouse"),
        ("Geese", "goose"),
        ("people", "person"),
        ("churches", "church"),
    ],
)
def test_plurals(plural: str, singular: str) -> None:
    assert singular in {one.casefold() for one in singulars(plural)}


@pytest.mark.parametrize("word", ["bus", "glass", "iris", "cat", ""])
def test_what_is_no_plural(word: str) -> None:
    assert list(singulars(word)) == []
