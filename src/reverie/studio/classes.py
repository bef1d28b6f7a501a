"""Classes and groups of classes, found by a part of a name, the best first."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from reverie.network.class_names import ClassNames, imagenet

#: So many are told.
MOST: Final = 50


def search(words: str, names: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """What a visitor may mean by a part of a name.

    Args:
        words: What was typed; nothing gives the first classes.
        names: Of a network of its own; ImageNet's if there are none.
    """
    known = _own(names) if names else imagenet()
    wanted = words.casefold()
    ranked = []
    for index in range(len(known)):
        rank = min(map(_rank(wanted), known.synonyms(index)))
        if rank < _NOT:
            ranked.append((rank, known.name(index), index))
    found = [] if known.tree is None else _groups(known, wanted)
    for _, name, index in sorted(ranked)[:MOST]:
        synonyms = list(known.synonyms(index))
        found.append({"index": index, "name": name, "names": synonyms, "group": False, "members": 1})
    return [{**one, "portrait": None} for one in found[:MOST]]


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


def _groups(known: ClassNames, wanted: str) -> list[dict[str, Any]]:
    """Groups of several classes: the one that is meant, and those with such a word in their names."""
    tree = known.tree
    if tree is None or len(wanted) < 2:
        return []
    meant = tree.find(wanted)
    groups = [meant] if meant is not None and len(meant.members) > 1 else []
    others = [g for g in tree.groups() if len(g.members) > 1 and min(map(_rank(wanted), g.names)) < 3]
    groups += sorted((g for g in others if g not in groups), key=lambda g: len(g.members))[:7]
    return [
        {"index": None, "name": g.name, "names": list(g.names), "group": True, "members": len(g.members)}
        for g in groups
    ]
