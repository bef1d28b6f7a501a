"""Looking through the classes of a network: by a word, and as the tree of what they are kinds of."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reverie.network.class_names import ClassNames
from reverie.network.class_tree import ClassGroup, ClassTree


def having(names: ClassNames, word: str | None) -> tuple[list[ClassGroup], list[int]]:
    """Groups and classes: what the word means, then whatever has it in a name; all classes for no word."""
    if word is None:
        return [], list(range(len(names)))
    meant = names.tree.find(word) if names.tree is not None else None
    groups = [meant] if meant is not None and len(meant.members) > 1 else []
    whole, begins = (re.compile(rf"\b{re.escape(word)}{end}", re.IGNORECASE) for end in (r"\b", ""))
    if names.tree is not None:
        others = (group for group in names.tree.groups() if len(group.members) > 1 and group not in groups)
        groups += [group for group in others if any(map(whole.search, group.names))]
    named = [i for i in range(len(names)) if any(map(begins.search, names.synonyms(i)))]
    return groups, list(dict.fromkeys([*(meant.members if meant is not None else ()), *named]))


def document(names: ClassNames, groups: list[ClassGroup], indices: list[int]) -> dict[str, object]:
    """What was found, as JSON holds it."""
    return {
        "groups": [{"names": list(g.names), "classes": list(g.members)} for g in groups],
        "classes": [{"class": i, "names": list(names.synonyms(i))} for i in indices],
    }


def found_in(names: ClassNames, groups: list[ClassGroup], indices: list[int]) -> Iterator[tuple[str, ...]]:
    """What was found, as the rows of a table: groups, then classes; a number, a name, and the others."""
    for group in groups:
        yield f"group of {len(group.members)}", group.name, ", ".join(group.names[1:])
    for index in indices:
        first, *rest = names.synonyms(index)
        yield str(index), first, ", ".join(rest)


def branches(names: ClassNames, tree: ClassTree, top: ClassGroup) -> Iterator[str]:
    """A group and all beneath it, a line each; what is of several kinds stands under the first."""
    shown: set[int] = set()

    def lines(group: ClassGroup, depth: int) -> Iterator[str]:
        shown.add(group.row)
        kinds = tree.children(group)
        what = (
            f"{group.name} ({len(group.members)})"
            if kinds
            else f"{group.members[0]} {names.name(group.members[0])}"
        )
        yield "  " * depth + what
        for kind in kinds:
            if kind.row not in shown:
                yield from lines(kind, depth + 1)

    return lines(top, 0)
