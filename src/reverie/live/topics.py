"""What people may wish for, looked up by what they type; never read as an objective.

Classes go by any of their names, groups of classes by WordNet's and by everyday words, layers of the embedded
networks by what they draw. Nothing here needs torch, and to look up takes some microseconds, so that a whole
chat can be looked up line by line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, Literal, get_args

from reverie import objective as ob
from reverie.errors import UsageError, nearest
from reverie.network.class_names import ClassNames, class_names, imagenet
from reverie.network.class_tree import ClassTree
from reverie.network.nouns import key_of, singulars
from reverie.plain_words import shown
from reverie.recipe.recipe import Embedded

#: What is longer than this, in characters, is no wish.
LONGEST: Final = 120
#: A group of more than this share of all classes says nothing of what something looks like.
TOO_MUCH: Final = 0.4
#: So many topics are found by a part of a name, and so many are named as hints.
MOST, MOST_HINTS = 60, 4
#: What layers of the embedded networks draw, in words; ``network.efficientnet_lite`` has those of each layer.
LAYERS: Final[Mapping[str, str]] = {
    "strokes": "block1a",
    "stripes": "block2a",
    "lattices": "block2b",
    "facets": "block3a",
    "ribbons": "block3b",
    "arches": "block4a",
    "folds": "block4a",
    "beads": "block4b",
    "scales": "block4b",
    "waves": "block4c",
    "eyes": "block5a",
    "petals": "block5a",
    "snouts": "block5b",
    "meadows": "block5b",
    "fur": "block5c",
    "faces": "block5c",
    "hands": "block6a",
    "machines": "block6b",
    "spots": "block6b",
    "hair": "block6c",
    "nets": "block6d",
    "figures": "block6d",
    "feathers": "head",
    "leaves": "head",
}
#: What people say for some of them.
MEANT: Final[Mapping[str, str]] = {
    "plumage": "feathers",
    "foliage": "leaves",
    "architecture": "building",
    "houses": "building",
    "ocean": "coral reef",
    "sea": "coral reef",
    "underwater": "coral reef",
    "beach": "seashore",
    "mountains": "alp",
    "water": "fountain",
    "fireworks": "volcano",
    "lava": "volcano",
}
Kind = Literal["class", "group", "layer"]


@dataclass(frozen=True, slots=True)
class Topic:
    """One thing to dream of.

    Attributes:
        label: What it is called: the name from the list by which it was found, never what somebody typed.
        objective: What is climbed, in the text form.
        kind: A class, a group of classes, or what a layer draws.
        members: The classes that it is of, by index, ascending; none of a layer.
    """

    label: str
    objective: str
    kind: Kind
    members: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """What can be wished for: a topic, or two that share the picture, the first below, left or within."""

    topics: tuple[Topic, ...]

    @property
    def key(self) -> str:
        """The same for all ways of saying it."""
        return " + ".join(sorted(topic.objective for topic in self.topics))

    @property
    def label(self) -> str:
        """What it is called."""
        return " + ".join(topic.label for topic in self.topics)


@dataclass(frozen=True, slots=True)
class Hints:
    """Why a wish is none: a sentence, and labels of what may have been meant."""

    words: str
    near: tuple[str, ...] = ()


class Topics:
    """All topics of a network, by every name that they have."""

    def __init__(self, names: ClassNames, layers: Mapping[str, str] | None = None) -> None:
        """The topics of a network.

        Args:
            names: Of its classes.
            layers: For each word the layer that draws it.
        """
        self._names = names
        self._by_key: dict[str, Topic] = {}
        self._by_name: dict[str, Topic] = {}
        self._all: list[tuple[Topic, tuple[str, ...]]] = []
        ranks: tuple[dict[str, int], dict[str, int]] = ({}, {})
        for topic, called in self._listed(layers or {}):
            self._all.append((topic, called))
            for place, name in enumerate(called):
                rank = place if topic.kind == "class" else MOST  # what a class is called first is that class
                for table, taken, key in zip(
                    (self._by_name, self._by_key), ranks, (name, key_of(name)), strict=True
                ):
                    if rank < taken.get(key, MOST + 1):
                        taken[key] = rank
                        table[key] = replace(topic, label=name)

    @classmethod
    def of(cls, network: str, classes: Sequence[str] = ()) -> Topics:
        """The topics of a network.

        Args:
            network: Its name.
            classes: Names of its classes in order, where it is none of the embedded ones.
        """
        if network in get_args(Embedded):
            return _embedded()
        return cls(class_names(classes))

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Topic]:
        return (topic for topic, _ in self._all)

    def find(self, text: str) -> Topic | None:
        """The topic that goes by this name, or whose plural it is; None if there is none."""
        if len(text) > LONGEST:
            return None
        text = text.strip()
        if found := self._by_name.get(text):
            return found
        for one in (text, MEANT.get(text.casefold(), ""), *singulars(text)):
            if found := self._by_key.get(key_of(one)):
                return found
        tree = self._names.tree
        group = tree.find(text) if tree is not None and key_of(text) else None
        return self._by_key.get(key_of(group.name)) if group is not None else None

    def exact(self, text: str) -> Choice | None:
        """What a line says if it is a name as a whole, or two with a ``+`` between; None otherwise."""
        if len(text) > LONGEST:
            return None
        parts = text.split("+")
        if len(parts) > 2:
            return None
        found = [topic for part in parts if (topic := self.find(part)) is not None]
        if len(found) < len(parts):
            return None
        return Choice(tuple({topic.objective: topic for topic in found}.values()))

    def look_up(self, text: str) -> Choice | Hints:
        """What somebody means, or why that is nothing and what may have been meant."""
        if len(text) > LONGEST:
            return Hints(f"that is too long; up to {LONGEST} characters are read")
        if not key_of(text):
            return Hints('nothing was typed; wish for something, such as "peacock"')
        if found := self.exact(text):
            return found
        parts = text.split("+")
        if len(parts) > 2:
            return Hints('two things at most can be dreamt at a time, such as "volcano + goldfish"')
        unknown = next(part.strip() for part in parts if self.find(part) is None)
        if not key_of(unknown):
            return Hints('something is missing beside the +; write it as "volcano + goldfish"')
        near = self._near(unknown)
        tail = f"; did you mean {' or '.join(near)}?" if near else "; try an animal, a thing or a place"
        return Hints(f'"{shown(unknown, 40)}" is nothing that can be dreamt here{tail}', near)

    def search(self, words: str, *, most: int = MOST) -> list[tuple[Topic, tuple[str, ...]]]:
        """Topics with a name in which each of these words begins one, the best first; with all names."""
        wanted = words.casefold().split()
        ranked = []
        for place, (topic, called) in enumerate(self._all):
            ranks = [
                rank for name in called if (rank := _rank(words.strip().casefold(), wanted, name)) < _NOT
            ]
            if ranks:
                ranked.append((min(ranks), topic.kind == "class", place))
        return [self._all[place] for _, _, place in sorted(ranked)[:most]]

    def _listed(self, layers: Mapping[str, str]) -> Iterator[tuple[Topic, tuple[str, ...]]]:
        """Every topic with its names: classes, words of layers, groups of classes."""
        tree, labels = self._names.tree, set[str]()
        for index in range(len(self._names)):
            called = self._names.synonyms(index)
            label = next((name for name in called if key_of(name) not in labels), None)
            label = label or _told_apart(called[0], index, tree)
            labels.add(key_of(label))
            objective = str(ob.logit(label if self._is_one(label) else index))
            yield Topic(label, objective, "class", (index,)), tuple(dict.fromkeys((label, *called)))
        for word, layer in layers.items():
            yield Topic(word, str(ob.standard(layer)), "layer"), (word,)
        for group in tree.groups() if tree is not None else ():
            if 1 < len(group.members) <= TOO_MUCH * len(self._names):
                called = tuple(name for name in group.names if self._means(name, group.members))
                if called:
                    yield Topic(called[0], str(ob.logit(called[0])), "group", group.members), called

    def _means(self, name: str, members: tuple[int, ...]) -> bool:
        """Whether these classes are what the network takes the name for."""
        try:
            return self._names.members(name) == members
        except UsageError:
            return False

    def _is_one(self, label: str) -> bool:
        """Whether the name is of one class alone."""
        try:
            return len(self._names.members(label)) == 1 and not label.isdecimal()
        except UsageError:
            return False

    def _near(self, text: str) -> tuple[str, ...]:
        """Labels of what is like it: what has it in its name, kin in WordNet, else what is spelt like it."""
        found = dict.fromkeys(topic.label for topic, _ in self.search(text, most=3))
        tree = self._names.tree
        kin = tree.nearest(text) if tree is not None and 2 < len(text) <= 40 else None
        if kin is not None and (topic := self._by_key.get(key_of(kin.name))):
            found[topic.label] = None
        if not found:
            found |= {self._by_key[key_of(name)].label: None for name in nearest(text, self._spelt(), most=2)}
        return tuple(found)[:MOST_HINTS]

    def _spelt(self) -> Iterable[str]:
        return (name for _, called in self._all for name in called)


@lru_cache(maxsize=1)
def _embedded() -> Topics:
    """The topics of the embedded networks."""
    return Topics(imagenet(), LAYERS)


def _told_apart(label: str, index: int, tree: ClassTree | None) -> str:
    """A name for the second class of the same name: with the smallest group that it is in, or its number."""
    groups = [group for group in tree.groups() if index in group.members] if tree is not None else []
    kind = min(groups, key=lambda group: len(group.members)).name if groups else str(index)
    return f"{label} ({kind})"


_NOT: Final = 5


def _rank(whole: str, wanted: list[str], name: str) -> int:
    """How well a name fits: it is that, is a kind of that, begins so, has words that do; or not at all."""
    name = name.casefold()
    words = name.replace("-", " ").split()
    if name == whole:
        return 0
    if words and words[-1] == whole:
        return 1
    if name.startswith(whole):
        return 2
    if whole in words:
        return 3
    return 4 if all(any(word.startswith(one) for word in words) for one in wanted) else _NOT
