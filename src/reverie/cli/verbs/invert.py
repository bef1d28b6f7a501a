"""``reverie invert``: what layers remember of a photograph."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from reverie import objective as ob
from reverie.cli import complete
from reverie.cli import old_options as o
from reverie.cli.old_console import Voice
from reverie.cli.verbs.see import (
    Canvas,
    Optimiser,
    PortraitPreset,
    Rate,
    Transform,
    Views,
    make_portraits,
)
from reverie.errors import BadInput, UsageError
from reverie.portrait.targets import fitting
from reverie.portrait.units import of_inversion

if TYPE_CHECKING:
    from reverie.network.network import Net

#: The preset of an inversion if none is named.
DEFAULT = "inversion"
#: Longest side of an inverted photograph if neither --size nor --max-size is given.
SIDE = 256

Photo = Annotated[str, typer.Argument(metavar="PHOTO", help="A photograph.")]
Layers = Annotated[
    list[str] | None,
    o.other(
        "--layer",
        help="The layer that remembers (see `reverie layers`); several make a sheet.",
        panel=o.WHAT,
        metavar="NAME",
        autocompletion=complete.layers,
    ),
]
AllLayers = Annotated[
    bool, o.other("--all-layers", help="Every layer, from shallow to deep, as a sheet.", panel=o.WHAT)
]


def invert(
    photo: Photo,
    layer: Layers = None,
    all_layers: AllLayers = False,
    canvas: Canvas = None,
    preset: PortraitPreset = None,
    steps: o.Steps = None,
    views: Views = None,
    transforms: Transform = None,
    optimiser: Optimiser = None,
    rate: Rate = None,
    size: o.Size = None,
    max_size: o.MaxSize = None,
    seed: o.Seed = None,
    max_pixels: o.MaxPixels = None,
    network: o.Network = None,
    engine: o.Engine = None,
    precision: o.Precision = None,
    device: o.Device = None,
    threads: o.Threads = None,
    offline: o.Offline = False,
    out: o.Out = None,
    depth: o.Depth = None,
    quality: o.Quality = None,
    no_metadata: o.NoMetadata = False,
    overwrite: o.Overwrite = False,
    preview: o.PreviewFile = None,
    json: o.Json = False,
    dry_run: o.DryRun = False,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
    debug: o.Debug = False,
) -> None:
    """Show what a layer remembers of a photograph: the picture from noise that it cannot tell from it.

    Mahendran & Vedaldi 2015. Several layers become files beside a labelled sheet.
    """
    given = {**locals(), "layer": None}
    voice = Voice(quiet=quiet, verbose=verbose, as_json=json)
    if all_layers == bool(layer):
        raise UsageError("which layer? give --layer NAME, or --all-layers")
    if out is None and not dry_run:
        raise UsageError("where to? give -o OUT, as in -o inverted.png")
    if os.path.isdir(photo):
        raise BadInput(f"{photo}: is a folder; give one photograph")
    recipe = o.recipe_of(given, DEFAULT)
    if recipe.portrait is None:
        raise UsageError(f"--preset {recipe.preset}: makes dreams; use it with reverie dream")
    from reverie.jobs.old_run import Run
    from reverie.media.picture import MAX_PIXELS, load_picture
    from reverie.network.zoo import load_net

    limit = max_pixels or MAX_PIXELS
    source = load_picture(photo, max_pixels=limit)
    net = load_net(recipe.network, offline=offline)
    names = layers_of(net) if all_layers else [net.layer(name).name for name in dict.fromkeys(layer or [])]
    shape = recipe.size if size else fitting(source.size, recipe.max_size or SIDE)
    free = preset is None  # then layers near the picture have one of their own
    recipes = []
    for name in names:
        base = o.recipe_of(given, of_inversion(name, net)) if free else recipe
        sized = {"size": shape, "max_size": None, "start": recipe.start}
        recipes.append(base.but(objective=(str(ob.inversion(photo, name)),), **sized))
    run = Run(recipes[0], max_pixels=limit, offline=offline, more=recipes[1:], net=net)
    make_portraits(run, names, given, voice, photo=None)


def layers_of(net: Net) -> list[str]:
    """Every layer, from shallow to deep, each once."""
    return list(net.layers)
