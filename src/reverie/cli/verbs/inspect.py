"""``reverie sheet``, ``classify``, ``layers`` and ``networks``: looking before dreaming."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from reverie.cli import complete
from reverie.cli import old_options as o
from reverie.cli.old_console import CtrlC, Voice, print_table, table_of
from reverie.errors import Interrupted, UsageError

if TYPE_CHECKING:
    from reverie.media.picture import Picture

Photo = Annotated[str, typer.Argument(metavar="PHOTO", help="A photograph.")]
Cell = Annotated[int, o.other("--cell", help="Longest side of each picture on the sheet.", min=64, max=2048)]
Top = Annotated[int, o.other("--top", help="How many classes.", min=1, max=1000)]
SHEET_STEPS = "20"


def sheet(
    photo: Photo,
    out: o.Out = None,
    cell: Cell = 320,
    preset: o.Preset = None,
    strength: o.Strength = None,
    steps: o.Steps = SHEET_STEPS,
    seed: o.Seed = None,
    network: o.Network = None,
    device: o.Device = None,
    threads: o.Threads = None,
    max_pixels: o.MaxPixels = None,
    offline: o.Offline = False,
    overwrite: o.Overwrite = False,
    json: o.Json = False,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
    debug: o.Debug = False,
) -> None:
    """Make one labelled sheet: the photograph, and its dream at every layer."""
    given = dict(locals())
    voice = Voice(quiet=quiet, verbose=verbose, as_json=json)
    if out is None:
        raise UsageError("where to? give -o OUT, as in -o sheet.png")
    recipe = o.recipe_of({**given, "max_size": cell})
    from reverie.jobs.old_run import Output, Run
    from reverie.media.picture import MAX_PIXELS, save_picture
    from reverie.media.picture.contact_sheet import contact_sheet

    Output(overwrite=overwrite).check(out)
    run = Run(recipe, max_pixels=max_pixels or MAX_PIXELS, offline=offline)
    picture = run.open(photo)
    assert picture is not None
    cells: list[tuple[str, str, Picture]] = [("the photograph", "", picture)]
    layers = [layer for layer in run.session.net.layers.values() if layer.name != run.session.net.class_map]
    with CtrlC(voice) as stop:
        for layer in layers:
            run.recipe = recipe.but(objective=(layer_text(layer.name),))
            with voice.progress(layer.name) as watcher:
                frame, cut = run.dream(picture, each=watcher, stop=stop)
            if cut is not None or stop():
                break
            cells.append((layer.name, layer.draws, frame.picture))
    save_picture(contact_sheet(cells, side=cell), out, overwrite=overwrite)
    voice.data(out, {"path": out, "layers": [name for name, _, _ in cells[1:]]})
    if len(cells) <= len(layers):
        raise Interrupted(f"stopped after {len(cells) - 1} of {len(layers)} layers; {out} holds those")


def layer_text(name: str) -> str:
    """A layer as the text of an objective."""
    from reverie import objective

    return str(objective.layer(name))


def classify(
    photo: Photo,
    top: Top = 5,
    network: o.Network = None,
    max_pixels: o.MaxPixels = None,
    offline: o.Offline = False,
    json: o.Json = False,
    debug: o.Debug = False,
) -> None:
    """Say what the network sees in a photograph."""
    voice = Voice(as_json=json)
    from reverie.analysis.classify import classify as ask
    from reverie.media.picture import MAX_PIXELS, load_picture
    from reverie.network.zoo import load_net

    picture = load_picture(photo, max_pixels=max_pixels or MAX_PIXELS)
    found = ask(load_net(network or _default("network"), offline=offline), picture, top=top)
    if json:
        document = [{"class": i, "name": name, "probability": p} for i, name, p in found]
        voice.data("", {"path": photo, "classes": document})
        return
    from rich.bar import Bar

    table = table_of(("class", "right"), ("", "left"), ("share", "right"), ("", "left"))
    for index, name, p in found:
        table.add_row(str(index), name, f"{100 * p:.1f} %", Bar(1.0, 0.0, p, width=30))
    print_table(table)


def layers(
    network: Annotated[
        str | None, typer.Argument(metavar="[NETWORK]", autocompletion=complete.networks)
    ] = None,
    offline: o.Offline = False,
    json: o.Json = False,
    debug: o.Debug = False,
) -> None:
    """List a network's layers."""
    voice = Voice(as_json=json)
    from reverie.network.zoo import load_net

    net = load_net(network or _default("network"), offline=offline)
    found = [layer for layer in net.layers.values() if layer.name != net.class_map]
    if json:
        voice.data("", {"network": net.name, "layers": [vars(layer) for layer in found]})
        return
    table = table_of(
        ("layer", "left"), ("channels", "right"), ("stride", "right"), ("sees", "right"), ("draws", "left")
    )
    for layer in found:
        sees = "all" if layer.receptive_field is None else f"{layer.receptive_field} px"
        table.add_row(layer.name, str(layer.channels), str(layer.stride or "-"), sees, layer.draws)
    print_table(table)


def networks(json: o.Json = False, debug: o.Debug = False) -> None:
    """List the networks that can dream."""
    voice = Voice(as_json=json)
    from rich.markup import escape

    from reverie.network.zoo import networks as known

    if json:
        fields = ("name", "title", "size", "parameters", "package", "sha256", "installed", "install")
        voice.data("", {"networks": [{f: getattr(n, f) for f in fields} for n in known()]})
        return
    table = table_of(
        ("network", "left"), ("", "left"), ("trained at", "right"), ("weights", "right"), ("", "left")
    )
    for net in known():
        here = "installed" if net.installed else escape(net.install)
        table.add_row(net.name, net.title, f"{net.size} px", f"{net.parameters / 1e6:.1f} M", here)
    table.add_row("lite0:FILE", "any of these with weights of your own", "", "", ".pth or .safetensors")
    extra = escape('pip install "reverie[nets]"')
    table.add_row("torchvision:NAME", "a network of torchvision", "", "", extra)
    print_table(table)


def _default(field: str) -> Any:
    from reverie.recipe.recipe import Recipe

    return Recipe.model_fields[field].default
