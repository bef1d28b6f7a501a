"""``reverie sheet``, ``classify``, ``layers`` and ``networks``: looking before dreaming."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from reverie.cli import complete
from reverie.cli.console import add_row, print_table, table_of
from reverie.cli.fields import COMPUTE, MESSAGES, SIZE, other, setting
from reverie.cli.groups import OFFERED, Only, Without, takes_groups
from reverie.cli.options import Ascent, Base, Common, Messages
from reverie.cli.recipe_options import console_of, output_of, recipe_of, unsaid, workspace_of
from reverie.cli.verbs.stimuli import UNUSED
from reverie.errors import Interrupted
from reverie.recipe.recipe import Recipe

Photo = Annotated[str, typer.Argument(metavar="PHOTO", help="A photograph.")]
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
#: The network that is asked if none is named.
NETWORK: str = Recipe.model_fields["network"].default
Top = Annotated[
    int, other("--top", help="How many classes (default 5).", panel=MESSAGES, metavar="N", min=1, max=1000)
]


@dataclass(frozen=True)
class SheetAscent(Ascent):
    """How far the dreams on a sheet go."""

    steps: Annotated[str | None, setting("steps", metavar="N[,N...]")] = "20"


@dataclass(frozen=True)
class Asked(Common):
    """Which network is asked, and all that is common."""

    network: Annotated[
        str | None,
        other(
            "--network",
            help=f"The network that is asked (default {NETWORK}).",
            panel=COMPUTE,
            metavar="NAME",
            autocompletion=complete.networks,
        ),
    ] = None


@takes_groups
def sheet(
    photo: Photo,
    cell: Cell = 320,
    base: Annotated[Base, Only("preset")] = OFFERED,
    ascent: Annotated[SheetAscent, Only("strength", "steps")] = OFFERED,
    common: Annotated[Common, Without("size", "engine", "precision", *UNUSED)] = OFFERED,
) -> None:
    """Make one labelled sheet: the photograph, and its dream at every layer."""
    from reverie.cli.progress import run_job
    from reverie.jobs.batch import LayersJob

    console = console_of(common)
    output = output_of(common, "sheet.png", photo)
    recipe = recipe_of(base, ascent, common)
    job = LayersJob(recipe=recipe, photo=photo, cell=cell, output=output)
    result = run_job(job, console, workspace_of(common), chosen=unsaid(common, output))
    console.result(output.path, result.as_json())
    if result.stopped:
        raise Interrupted(f"stopped after {result.stopped}; {output.path} holds those")


@takes_groups
def classify(
    photo: Photo,
    top: Top = 5,
    common: Annotated[Asked, Only("network", "max_pixels", "offline", "json", "debug")] = OFFERED,
) -> None:
    """Say what the network sees in a photograph."""
    from reverie.analysis.classify import classify as ask
    from reverie.media.picture import load_picture

    console, workspace = console_of(common), workspace_of(common)
    picture = load_picture(photo, max_pixels=workspace.max_pixels)
    found = ask(workspace.network(common.network or NETWORK), picture, top=top)
    if common.json:
        document = [{"class": i, "name": name, "probability": p} for i, name, p in found]
        console.result("", {"path": photo, "classes": document})
        return
    from rich.bar import Bar

    table = table_of(("class", "right"), ("", "left"), ("share", "right"), ("", "left"))
    for index, name, p in found:
        add_row(table, str(index), name, f"{100 * p:.1f} %", Bar(1.0, 0.0, p, width=30))
    print_table(table)


@takes_groups
def layers(
    network: Annotated[
        str | None,
        typer.Argument(
            metavar="NETWORK", help="The network (default lite0).", autocompletion=complete.networks
        ),
    ] = None,
    common: Annotated[Common, Only("offline", "json", "debug")] = OFFERED,
) -> None:
    """List a network's layers."""
    console = console_of(common)
    net = workspace_of(common).network(network or NETWORK)
    found = [layer for layer in net.layers.values() if layer.name != net.class_map]
    if common.json:
        console.result("", {"network": net.name, "layers": [vars(layer) for layer in found]})
        return
    table = table_of(
        ("layer", "left"), ("channels", "right"), ("stride", "right"), ("sees", "right"), ("draws", "left")
    )
    for layer in found:
        sees = "all" if layer.receptive_field is None else f"{layer.receptive_field} px"
        add_row(table, layer.name, str(layer.channels), str(layer.stride or "-"), sees, layer.draws)
    print_table(table)


@takes_groups
def networks(messages: Annotated[Messages, Only("json", "debug")] = OFFERED) -> None:
    """List the networks that can dream."""
    from reverie.network.zoo import networks as known

    console = console_of(messages)
    if messages.json:
        fields = ("name", "title", "size", "parameters", "package", "sha256", "installed", "install")
        console.result("", {"networks": [{f: getattr(n, f) for f in fields} for n in known()]})
        return
    table = table_of(
        ("network", "left"), ("", "left"), ("trained at", "right"), ("weights", "right"), ("", "left")
    )
    for net in known():
        here = "installed" if net.installed else net.install
        add_row(table, net.name, net.title, f"{net.size} px", f"{net.parameters / 1e6:.1f} M", here)
    add_row(table, "lite0:FILE", "any of these with weights of your own", "", "", ".pth or .safetensors")
    extra = 'pip install "reverie[nets]"'
    add_row(table, "torchvision:NAME", "a network of torchvision", "", "", extra)
    print_table(table)
