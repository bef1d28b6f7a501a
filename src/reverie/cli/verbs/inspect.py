"""``reverie sheet``, ``layers`` and ``networks``: looking before dreaming."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from reverie.cli.console import print_table
from reverie.cli.fields import NETWORK as NET
from reverie.cli.fields import SIZE, other, setting
from reverie.cli.groups import Only, Without, takes_groups
from reverie.cli.options import OF_NETWORK, Ascent, Base, Common, Messages, NetworkArgument, PhotoArgument
from reverie.cli.recipe_options import (
    NETWORK,
    console_of,
    network_settings,
    output_of,
    recipe_of,
    workspace_of,
)
from reverie.cli.verbs.stimuli import UNUSED
from reverie.errors import Interrupted
from reverie.recipe.typed import width_height

Cell = Annotated[
    int,
    other(
        "--cell",
        help="Longest side of each picture on the sheet (default 320).",
        panel=SIZE,
        metavar="N",
        min=64,
        max=2048,
    ),
]
SheetSize = Annotated[
    int | None,
    other(
        "--size",
        "--max-size",
        help="Longest side of the dreams, which are scaled down onto it (default 640; --cell at least).",
        panel=SIZE,
        metavar="N",
        min=32,
    ),
]
#: The side of the picture whose maps are told, in pixels.
SIDE = 224


@dataclass(frozen=True)
class SheetAscent(Ascent):
    """How far the dreams on a sheet go."""

    steps: Annotated[str | None, setting("steps", metavar="N[,N...]")] = "20"


@takes_groups
def sheet(
    photo: PhotoArgument,
    cell: Cell = 320,
    *,
    base: Annotated[Base, Only("preset")],
    ascent: Annotated[SheetAscent, Only("strength", "steps")],
    max_size: SheetSize = None,
    common: Annotated[Common, Without("size", "engine", "precision", *UNUSED)],
) -> None:
    """Make one labelled sheet: the photograph, and its dream at every layer."""
    from reverie.cli.progress import make_sheet
    from reverie.jobs.dreaming.batch import LayersJob

    console = console_of(common)
    output = output_of(common, "sheet.png", photo)
    recipe = recipe_of(base, ascent, common)
    if max_size is not None:
        recipe = recipe.but(max_size=max_size)
    job = LayersJob(recipe=recipe, photo=photo, cell=cell, output=output)
    result = make_sheet(job, common, output)
    if result is None:
        return
    console.result(output.path, result.as_json())
    if result.stopped:
        raise Interrupted(f"stopped after {result.stopped}; {output.path} holds those")


@takes_groups
def layers(
    network: NetworkArgument = None,
    at: Annotated[
        str | None,
        other("--size", help="The picture whose maps are told (default 224).", metavar="N|WxH", panel=NET),
    ] = None,
    field: Annotated[
        bool, other("--sees", help="Measure how far each layer sees; takes a while.", panel=NET)
    ] = False,
    *,
    common: Annotated[Common, Only("offline", "trust", *OF_NETWORK, "json", "debug")],
) -> None:
    """List the layers of a network that can dream: their maps, how far they see, and what to type."""
    from reverie.analysis.layers import describe_layers

    console, workspace = console_of(common), workspace_of(common)
    given = {**vars(common), "network": network}
    net = workspace.network(network_settings(given).get("network", NETWORK))
    width, height = width_height(at or str(SIDE))
    found = describe_layers(net, height, width, measure=field)
    if common.json:
        console.result("", {"network": net.name, "layers": [one.as_json() for one in found]})
        return
    titles = ("layer", f">at {width} x {height}", ">stride", ">sees", "objective", "draws")
    print_table(titles, (one.cells() for one in found))
    if not field and all(one.unknown for one in found):
        console.must("--sees measures how far each layer sees; it takes a while")


@takes_groups
def networks(messages: Annotated[Messages, Only("json", "debug")]) -> None:
    """List the networks that can dream."""
    from reverie.network.listing import document, rows

    if messages.json:
        console_of(messages).result("", document())
    else:
        print_table(("network", "", ">trained at", ">weights", ""), rows())
