"""``reverie stimuli``: what really excites a unit, among one's own photographs, beside its portrait."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reverie.cli import complete
from reverie.cli import old_options as o
from reverie.cli.old_console import Voice
from reverie.cli.verbs.see import PortraitPreset
from reverie.errors import BatchError, UsageError
from reverie.notices import collect_warnings, warn

if TYPE_CHECKING:
    from reverie.analysis.stimuli import Patch, Stimuli
    from reverie.jobs.old_run import Run
    from reverie.media.picture import Picture
    from reverie.network.network import Net

#: Side in pixels of a patch on the sheet, and the most patches of a unit.
CELL, MOST = 192, 100

Folder = Annotated[str, typer.Argument(metavar="FOLDER", help="A folder of photographs, or one photograph.")]
Units = Annotated[
    list[str] | None,
    o.other(
        "--unit",
        help="A channel, as block5c:17, or a class by name or number (logits:207); may be given again.",
        panel=o.WHAT,
        metavar="NAME:I",
        autocompletion=complete.channels,
    ),
]
Count = Annotated[
    int, o.other("--count", help=f"Patches of each unit (1 to {MOST}; default 9).", panel=o.WHAT)
]
WithPortrait = Annotated[
    bool,
    o.other("--portrait/--no-portrait", help="Make each unit's portrait and put it in front.", panel=o.WHAT),
]


def stimuli(
    folder: Folder,
    unit: Units = None,
    count: Count = 9,
    portrait: WithPortrait = True,
    preset: PortraitPreset = None,
    steps: o.Steps = None,
    size: o.Size = None,
    seed: o.Seed = None,
    max_pixels: o.MaxPixels = None,
    network: o.Network = None,
    engine: o.Engine = None,
    precision: o.Precision = None,
    device: o.Device = None,
    threads: o.Threads = None,
    offline: o.Offline = False,
    out: o.Out = None,
    overwrite: o.Overwrite = False,
    json: o.Json = False,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
    debug: o.Debug = False,
) -> None:
    """Find the patches of your photographs that excite a unit most, on a sheet beside its portrait."""
    given = dict(locals())
    voice = Voice(quiet=quiet, verbose=verbose, as_json=json)
    if not unit:
        raise UsageError("which unit? give --unit, as in --unit block5c:17")
    if not 1 <= count <= MOST:
        raise UsageError(f"--count {count}: 1 to {MOST} are possible")
    if out is None:
        raise UsageError("where to? give -o OUT, as in -o sheet.png")
    recipe = o.recipe_of(given, o.DEFAULTS[1])
    if portrait and recipe.portrait is None:
        raise UsageError(f"--preset {recipe.preset}: makes dreams and no portraits; choose another")
    from reverie.analysis.stimuli import strongest
    from reverie.jobs.old_run import Output, Run
    from reverie.media.picture import MAX_PIXELS, save_picture
    from reverie.media.picture.contact_sheet import contact_sheet

    Output(overwrite=overwrite).check(out)
    run = Run(recipe.but(start="noise"), max_pixels=max_pixels or MAX_PIXELS, offline=offline)
    units = [unit_of(text, run.session.net) for text in unit]
    wanted: dict[str, list[int]] = {}
    for layer, index in units:
        wanted.setdefault(layer, []).append(index)
    with failures_told_later(), counted(voice) as progress:
        found = strongest(
            run.session.engine,
            folder,
            wanted,
            count=count,
            max_pixels=run.max_pixels,
            progress=lambda done, of: progress("photographs", done, of),
            runtime=run.session.runtime,
        )
    portraits = portraits_of(run, units) if portrait else {}
    cells = list(cells_of(run.session.net, units, found, portraits, run.max_pixels))
    columns = len(cells) // len(units)
    save_picture(contact_sheet(cells, side=CELL, columns=columns), out, overwrite=overwrite)
    for line in found.failed:
        voice.must(f"error: {line}")
    voice.data(out, document_of(out, units, found))
    if found.failed:
        total = len(found.failed) + len(found.photos)
        raise BatchError(f"{len(found.failed)} of {total} photographs failed; {out} shows the others")


def unit_of(text: str, net: Net) -> tuple[str, int]:
    """(layer, channel) of ``NAME:I``, or of a class by any of its names.

    Raises:
        UsageError: No such layer, channel or class.
    """
    from reverie.jobs.microscope.contents import LOGITS, class_index

    layer, colon, index = text.rpartition(":")
    if colon and index.isdecimal():
        channels = net.layer(layer).channels
        if int(index) >= channels:
            raise UsageError(f"--unit {text}: channel is out of range; {layer} has 0 to {channels - 1}")
        return layer, int(index)
    if text in net.layers or LOGITS not in net.layers or colon:
        raise UsageError(f'--unit {text}: a layer, a colon and a number are needed, as in "block4b:17"')
    try:
        return LOGITS, class_index(net, text)
    except UsageError as error:
        raise UsageError(f"--unit {text}: {error}; or give a channel, as in block4b:17") from error


def portraits_of(run: Run, units: list[tuple[str, int]]) -> dict[tuple[str, int], Picture]:
    """The portraits of units, made together."""
    from reverie.jobs.microscope.contents import objective_of
    from reverie.portrait.batch import portraits

    distinct = list(dict.fromkeys(units))
    recipes = [
        run.recipe.but(objective=(objective_of(layer, index, run.recipe.preset, run.session.net),))
        for layer, index in distinct
    ]
    return dict(zip(distinct, portraits(recipes, run.session), strict=True))


def cells_of(
    net: Net,
    units: list[tuple[str, int]],
    found: Stimuli,
    portraits: Mapping[tuple[str, int], Picture],
    max_pixels: int,
) -> Iterator[tuple[str, str, Picture]]:
    """What the sheet shows: for each unit its portrait, if there is one, and its patches."""
    from reverie.analysis.stimuli import cut

    flat = [patch for layer, index in units for patch in found.patches[layer][index]]
    pictures = dict(cut(flat, side=CELL, max_pixels=max_pixels))
    at = 0
    for layer, index in units:
        name = label_of(net, layer, index)
        if (layer, index) in portraits:
            yield name, "what would", square(portraits[layer, index])
        for patch in found.patches[layer][index]:
            yield os.path.basename(patch.photo), f"{name}: {patch.activation:.3g}", pictures[at]
            at += 1


def square(picture: Picture) -> Picture:
    """A portrait as large as a patch."""
    factor = CELL / max(picture.size)
    width, height = (max(1, round(side * factor)) for side in picture.size)
    return picture.resized((width, height))


def label_of(net: Net, layer: str, index: int) -> str:
    """What a unit is called on the sheet."""
    from reverie.jobs.microscope.contents import LOGITS, class_name

    return class_name(net, index) if layer == LOGITS else f"{layer}:{index}"


def document_of(out: str, units: list[tuple[str, int]], found: Stimuli) -> dict[str, Any]:
    """What --json says."""

    def told(patch: Patch) -> dict[str, Any]:
        return {
            "photo": patch.photo,
            "activation": round(patch.activation, 5),
            "cell": patch.cell,
            "box": patch.box,
            "shown": patch.shown,
        }

    return {
        "path": out,
        "units": [
            {"unit": f"{layer}:{index}", "patches": [told(p) for p in found.patches[layer][index]]}
            for layer, index in units
        ],
        "failed": list(found.failed),
    }


@contextmanager
def failures_told_later() -> Iterator[None]:
    """Photographs that cannot be read are said at the end, and not as warnings too."""

    def told_now(text: str) -> None:
        if not text.endswith("; left out"):
            warn(text)

    with collect_warnings(told_now):
        yield


@contextmanager
def counted(voice: Voice) -> Iterator[Callable[[str, int, int], None]]:
    """A bar on a terminal for work that is counted: ``told(what, done, count)``; lines with -v."""
    if not voice.terminal or voice.verbose:

        def say(what: str, done: int, count: int) -> None:
            if voice.verbose:
                voice.must(f"{what}: {done} of {count}")

        yield say
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        speed_estimate_period=600,
    ) as bar:
        tasks: dict[int, Any] = {}

        def show(what: str, done: int, count: int) -> None:
            if count not in tasks:
                tasks[count] = bar.add_task(what, total=count)
            bar.update(tasks[count], completed=done, description=what)

        yield show
