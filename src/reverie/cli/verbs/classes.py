"""``reverie classes``: what classes there are, and what they are kinds of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from reverie.cli import complete
from reverie.cli.console import add_row, print_table, table_of
from reverie.cli.fields import MESSAGES, other
from reverie.cli.groups import OFFERED, Only, takes_groups
from reverie.cli.options import OF_NETWORK
from reverie.cli.recipe_options import NETWORK, console_of, network_settings, workspace_of
from reverie.cli.verbs.inspect import Asked
from reverie.errors import UsageError
from reverie.network.class_names import ClassNames, imagenet
from reverie.network.zoo import network_names

if TYPE_CHECKING:
    from reverie.network.class_tree import ClassGroup, ClassTree

Word = Annotated[
    str | None,
    typer.Argument(
        metavar="WORD",
        help="A class, what classes are kinds of (cat), or a part of a name.",
        autocompletion=complete.classes,
    ),
]
Tree = Annotated[bool, other("--tree", help="As a tree: groups, and what is in them.", panel=MESSAGES)]


@takes_groups
def classes(
    word: Word = None,
    tree: Tree = False,
    common: Annotated[Asked, Only("network", "offline", "trust", *OF_NETWORK, "json", "debug")] = OFFERED,
) -> None:
    """List or search a network's classes, and the groups that a word such as cat stands for."""
    console = console_of(common)
    network = network_settings(vars(common)).get("network", NETWORK)
    names = imagenet() if network in network_names() else workspace_of(common).network(network).classes
    if names is None:
        raise UsageError(f"network {network}: has no class names; its classes are numbers")
    if tree and names.tree is None:
        raise UsageError(f"network {network}: what its classes are kinds of is not known; leave --tree out")
    groups, indices = found(names, word)
    if word is not None and not groups and not indices:
        names.members(word)  # says what is nearest
    if common.json:
        console.result("", {"network": network, **document(names, groups, indices)})
    elif tree and names.tree is not None:
        top = groups[:1] if word is not None else [g for g in (names.tree.find("entity"),) if g]
        if not top:
            raise UsageError(f"{word}: is no group; leave --tree out")
        console.result(list(branches(names, names.tree, top[0])), None)
    else:
        tell(names, groups, indices)


def found(names: ClassNames, word: str | None) -> tuple[list[ClassGroup], list[int]]:
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


def tell(names: ClassNames, groups: list[ClassGroup], indices: list[int]) -> None:
    """Print groups, then classes."""
    table = table_of(("class", "right"), ("name", "left"), ("also", "left"))
    for group in groups:
        add_row(table, f"group of {len(group.members)}", group.name, ", ".join(group.names[1:]))
    for index in indices:
        first, *rest = names.synonyms(index)
        add_row(table, str(index), first, ", ".join(rest))
    print_table(table)


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
