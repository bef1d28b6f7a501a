"""The classes of a network in WordNet: what they are kinds of, so that ``cat`` is a group of its breeds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from reverie.network.nouns import Nouns, key_of, singulars

#: What people call something here that WordNet names otherwise, or means something else by.
EVERYDAY: Final[Mapping[str, str]] = {
    "pagoda": "stupa",
    "kitten": "domestic cat",
    "kitty": "domestic cat",
    "puppy": "dog",
    "cow": "cattle",
    "lorry": "truck",
    "fridge": "refrigerator",
    "sneaker": "running shoe",
    "chicken": "hen",
    "plant": "flora",
}
#: What nobody has photographed, or WordNet counts among ideas, and what here looks most like it.
LOOKS_LIKE: Final[Mapping[str, str]] = {
    "unicorn": "horse",
    "pegasus": "horse",
    "centaur": "horse",
    "dragon": "lizard",
    "griffin": "eagle",
    "phoenix": "eagle",
    "mermaid": "sea lion",
    "werewolf": "wolf",
    "yeti": "gorilla",
    # Of what is part of something, the thing.
    "feather": "bird",
    "plumage": "bird",
    "wing": "bird",
    "fur": "bear",
    "mane": "lion",
    "petal": "daisy",
    "tentacle": "jellyfish",
}
#: What more than this share of all classes is a kind of says nothing of what something looks like.
TOO_MUCH: Final = 0.03
#: So many steps up the tree, kin is no longer like; and how many a rarer sense of a word counts as.
FAR: Final = 4
RARER: Final = 1


@dataclass(frozen=True)
class ClassGroup:
    """Classes that are kinds of one thing.

    Attributes:
        names: What it is called, the best first.
        members: Indices of the classes, ascending; one alone where it is a class itself or has one kind.
        row: Its synset in ``Nouns``.
    """

    names: tuple[str, ...]
    members: tuple[int, ...]
    row: int

    @property
    def name(self) -> str:
        """Its first name."""
        return self.names[0]


class ClassTree:
    """What classes are kinds of, and what is meant by a word."""

    def __init__(self, nouns: Nouns, offsets: Sequence[str]) -> None:
        """The tree above some classes.

        Args:
            nouns: Where they are looked up.
            offsets: For each class the offset of its synset, eight digits.
        """
        self.nouns = nouns
        self._classes = {nouns.at(offset): index for index, offset in enumerate(offsets)}
        members: dict[int, list[int]] = {}
        for row, index in self._classes.items():
            for above in nouns.ancestors(row):
                members.setdefault(above, []).append(index)
        self._groups = {
            row: ClassGroup(tuple(name for name, _ in nouns.names(row)), tuple(sorted(found)), row)
            for row, found in sorted(members.items())
        }
        self._kinds: dict[int, list[int]] = {}
        self._by_key: dict[str, list[tuple[int, int]]] = {}
        for row in self._groups:
            for parent in nouns.parents(row):
                self._kinds.setdefault(parent, []).append(row)
            for name, sense in nouns.names(row):
                self._by_key.setdefault(key_of(name), []).append((sense, row))

    def find(self, word: str) -> ClassGroup | None:
        """The group, or the class, that a word means: its most frequent sense of which there are classes.

        A word that is none itself may be the plural of one.
        """
        for one in (word, *singulars(word)):
            one = EVERYDAY.get(one.casefold().strip(), one)
            if senses := self._by_key.get(key_of(one)):
                return self._groups[min(senses)[1]]
        return None

    def groups(self) -> Iterator[ClassGroup]:
        """All that is no class itself but has classes beneath it, in WordNet's order."""
        return (group for row, group in self._groups.items() if row not in self._classes)

    def names(self) -> Iterator[str]:
        """Every name of a group, and what people say instead; none twice."""
        found = dict.fromkeys(name for group in self.groups() for name in group.names)
        yield from found | dict.fromkeys(EVERYDAY)

    def nearest(self, word: str) -> ClassGroup | None:
        """For a noun that is no class or group, the nearest thing that it and some classes are kinds of.

        Rarer senses of the word count as further away. None if it is no noun, or all that it has in common
        with classes is far away or most general.
        """
        most = TOO_MUCH * len(self._classes)
        for one in (word, *singulars(word)):
            if alike := LOOKS_LIKE.get(one.casefold().strip()):
                return self.find(alike)
            near = [
                (steps + RARER * rank, row)
                for rank, sense in enumerate(self.nouns.senses(one))
                for row, steps in self.nouns.ancestors(sense).items()
                if row in self._groups and len(self._groups[row].members) <= most
            ]
            if near and min(near)[0] <= FAR:
                return self._groups[min(near)[1]]
        return None

    def children(self, group: ClassGroup) -> list[ClassGroup]:
        """Its kinds, classes and groups, by their first class; what has one kind only is that kind."""
        rows = [self._narrowed(row) for row in self._kinds.get(group.row, ())]
        return sorted((self._groups[row] for row in dict.fromkeys(rows)), key=lambda one: one.members)

    def _narrowed(self, row: int) -> int:
        while len(kinds := self._kinds.get(row, [])) == 1:
            row = kinds[0]
        return row
