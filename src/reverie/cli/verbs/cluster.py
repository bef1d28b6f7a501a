"""``reverie cluster``: which machines there are, and whether they can work together."""

from __future__ import annotations

from typing import Annotated

import typer

from reverie.cli.console import print_table
from reverie.cli.groups import Only, takes_groups
from reverie.cli.options import Messages
from reverie.cli.recipe_options import console_of

Where = Annotated[
    str,
    typer.Argument(
        metavar="local|auto|HOST:PORT",
        help="This machine, the Ray cluster that runs here, or the one at an address.",
    ),
]


@takes_groups
def cluster(where: Where = "auto", *, messages: Annotated[Messages, Only("json", "debug")]) -> None:
    """List the machines of a Ray cluster, and what is installed there; it has to be the same everywhere."""
    from reverie.jobs.cluster.connect import connected
    from reverie.jobs.cluster.ray_cluster import PerTask

    with connected(where, PerTask()) as found:
        machines = found.check()
    console = console_of(messages)
    if messages.json:
        console.result("", {"cluster": where, "machines": [machine.as_json() for machine in machines]})
        return
    rows = (
        (one.name, f"{one.cores:g}", f"{one.gpus:g}", one.reverie, one.torch, one.kernels) for one in machines
    )
    print_table(("machine", ">cores", ">GPUs", "reverie", "torch", "kernels"), rows)
