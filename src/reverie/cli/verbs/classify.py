"""``reverie classify``: what a network sees in photographs."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from reverie.cli import complete
from reverie.cli.console import print_table, told
from reverie.cli.fields import COMPUTE, MESSAGES, other
from reverie.cli.groups import Only, takes_groups
from reverie.cli.options import OF_NETWORK, Common
from reverie.cli.recipe_options import NETWORK, console_of, network_settings, workspace_of
from reverie.errors import BadInput, BatchError, UsageError

if TYPE_CHECKING:
    from reverie.jobs.workspace import Workspace
    from reverie.network.network import Network

#: Class, name and probability, the likeliest first.
Rows = list[tuple[int, str, float]]
Photos = Annotated[list[str], typer.Argument(metavar="PHOTO", help="Photographs, or folders of them.")]
Top = Annotated[
    int, other("--top", help="How many classes (default 5).", panel=MESSAGES, metavar="N", min=1, max=1000)
]
AsCsv = Annotated[
    bool,
    other("--csv", help="A line a class: photograph, class, name, probability.", panel=MESSAGES),
]


class Classified(NamedTuple):
    """What is seen in a picture, and whether the network saw it whole, at its own size, or its middle."""

    classes: Rows
    whole: bool
    size: tuple[int, int]


@dataclass(frozen=True)
class Asked(Common):
    """Which network is asked, and all that is common."""

    network: str | None = other(
        "--network",
        help=f"The network that is asked (default {NETWORK}).",
        panel=COMPUTE,
        metavar="NAME",
        autocompletion=complete.networks,
    )


@takes_groups
def classify(
    photos: Photos,
    top: Top = 5,
    as_csv: AsCsv = False,
    *,
    common: Annotated[Asked, Only("network", "max_pixels", "offline", "trust", *OF_NETWORK, "json", "debug")],
) -> None:
    """Say what the network sees in photographs, or in pictures that `reverie fool` evolved."""
    from reverie.jobs.dreaming.dreams_of import photographs

    if as_csv and common.json:
        raise UsageError("--csv and --json: give one of them")
    console, workspace = console_of(common), workspace_of(common)
    paths, several = photographs(photos, "", dry_run=False)
    documents: list[dict[str, Any]] = []
    lines = csv.writer(sys.stdout, lineterminator="\n")
    if as_csv:
        lines.writerow(("photograph", "class", "name", "probability"))
    net = network_of(workspace, common) if several else None
    for path in paths:
        try:
            found = seen_in(path, net, workspace, common, top)
        except BadInput as error:
            if not several:
                raise
            console.must(f"error: {error}")
            documents.append({"path": path, "error": {"code": error.exit_code, "message": str(error)}})
            continue
        documents.append(document_of(path, found))
        if as_csv:
            lines.writerows((path, *row) for row in found.classes)
        elif not common.json:
            if several:
                print(told(f"== {path}"), flush=True)
            if found.whole:
                width, height = found.size
                console.must(f"{path}: evolved by reverie; shown whole, {width} x {height}, as it was judged")
            show_bars(found.classes)
    if common.json:
        console.result("", documents if several else documents[0])
    if failed := sum("error" in one for one in documents):
        raise BatchError(f"{failed} of {len(paths)} photographs failed")


def network_of(workspace: Workspace, common: Common) -> Network:
    """The network that is asked."""
    return workspace.network(network_settings(vars(common)).get("network", NETWORK))


def seen_in(path: str, net: Network | None, workspace: Workspace, common: Common, top: int) -> Classified:
    """What the network, which is loaded now if it was not, sees in a photograph."""
    from reverie.analysis.classify import classify as ask
    from reverie.analysis.classify import evolved
    from reverie.media.picture import load_picture

    picture = load_picture(path, max_pixels=workspace.max_pixels)
    whole = evolved(picture)
    rows = ask(net or network_of(workspace, common), picture, top=top, whole=whole)
    return Classified(rows, whole, picture.size)


def document_of(path: str, found: Classified) -> dict[str, Any]:
    """What is seen in a photograph, as JSON."""
    classes = [{"class": i, "name": name, "probability": p} for i, name, p in found.classes]
    return {"path": path, "shown": "whole" if found.whole else "middle", "classes": classes}


def show_bars(found: Iterable[tuple[int, str, float]]) -> None:
    """What is seen in a photograph, as a table."""
    from rich.bar import Bar

    rows = ((str(i), name, f"{100 * p:.1f} %", Bar(1.0, 0.0, p, width=30)) for i, name, p in found)
    print_table((">class", "", ">share", ""), rows)
