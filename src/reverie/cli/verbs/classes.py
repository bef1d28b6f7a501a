"""``reverie classes``: what classes there are, and what they are kinds of."""

from __future__ import annotations

from typing import Annotated

import typer

from reverie.cli import complete
from reverie.cli.console import print_table
from reverie.cli.fields import MESSAGES, other
from reverie.cli.groups import Only, takes_groups
from reverie.cli.options import OF_NETWORK
from reverie.cli.recipe_options import NETWORK, console_of, network_settings, workspace_of
from reverie.cli.verbs.classify import Asked
from reverie.errors import UsageError
from reverie.network.class_names import imagenet
from reverie.network.class_search import branches, document, found_in, having
from reverie.network.zoo import network_names

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
    *,
    common: Annotated[Asked, Only("network", "offline", "trust", *OF_NETWORK, "json", "debug")],
) -> None:
    """List or search a network's classes, and the groups that a word such as cat stands for."""
    console = console_of(common)
    network = network_settings(vars(common)).get("network", NETWORK)
    names = imagenet() if network in network_names() else workspace_of(common).network(network).classes
    if names is None:
        raise UsageError(f"network {network}: has no class names; its classes are numbers")
    if tree and names.tree is None:
        raise UsageError(f"network {network}: what its classes are kinds of is not known; leave --tree out")
    groups, indices = having(names, word)
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
        print_table((">class", "name", "also"), found_in(names, groups, indices))
