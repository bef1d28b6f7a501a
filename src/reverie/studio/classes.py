"""Classes and groups of classes, found by a part of a name, the best first."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from reverie.network.class_names import ClassNames, imagenet

#: So many are told.
MOST: Final = 50
#: And so many groups at most.
MOST_GROUPS: Final = 8


def search(words: str, names: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """What a visitor may mean by a part of a name.

    Args:
        words: What was typed; nothing gives the first classes.
        names: Of a network of its own; ImageNet's if there are none.
    """
    known = _own(names) if names else imagenet()
    wanted = words.casefold()
    ranked: list[tuple[int, str, list[str], int, int | None]]
    ranked = [(*one, None) for one in _groups(known, wanted)]
    for index in range(len(known)):
        rank = min(map(_rank(wanted), known.synonyms(index)))
        if rank < _NOT:
            ranked.append((rank, known.name(index), list(known.synonyms(index)), 1, index))
    ranked.sort(key=lambda one: (one[0], one[3] == 1, one[1]))
    return [
        {"index": index, "name": name, "names": synonyms, "group": index is None, "members": members}
        | {"portrait": None}
        for _, name, synonyms, members, index in ranked[:MOST]
    ]


@lru_cache(maxsize=8)
def _own(names: tuple[str, ...]) -> ClassNames:
    return ClassNames(names)


_NOT: Final = 4


def _rank(wanted: str) -> Any:
    """How well a name fits: it is that, begins so, a word in it does, it holds it; or not at all."""

    def rank(name: str) -> int:
        name = name.casefold()
        if name == wanted:
            return 0
        if name.startswith(wanted):
            return 1
        if f" {wanted}" in name or f"-{wanted}" in name:
            return 2
        return 3 if wanted in name else _NOT

    return rank


def _groups(known: ClassNames, wanted: str) -> list[tuple[int, str, list[str], int]]:
    """Groups of several classes that fit: rank, name, all names, and how many classes."""
    tree = known.tree
    if tree is None or len(wanted) < 2:
        return []
    meant = tree.find(wanted)
    found = [(-1, meant)] if meant is not None and len(meant.members) > 1 else []
    for group in tree.groups():
        rank = min(map(_rank(wanted), group.names))
        if len(group.members) > 1 and rank < 3 and group != meant:
            found.append((rank, group))
    found.sort(key=lambda one: (one[0], len(one[1].members)))
    return [(rank, g.name, list(g.names), len(g.members)) for rank, g in found[:MOST_GROUPS]]
