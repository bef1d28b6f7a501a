"""``reverie microscope``: a website of a network, with the portrait of every channel and class."""

from __future__ import annotations

from typing import Annotated

import typer

from reverie.cli import complete
from reverie.cli import old_options as o
from reverie.cli.old_console import Voice
from reverie.cli.verbs.see import PortraitPreset
from reverie.cli.verbs.stimuli import counted, failures_told_later
from reverie.errors import BatchError, Interrupted, ResourceError, UsageError

#: A thousand portraits and more are made, each in a tenth of the time that one alone is given.
PRESET = "sketch"

Network = Annotated[
    str | None,
    typer.Argument(
        metavar="[NETWORK]", help="The network (default lite0).", autocompletion=complete.networks
    ),
]
Site = Annotated[
    str | None, o.other("-o", "--out", help="The folder of the site: a new one, or one to go on with.")
]
Layers = Annotated[
    list[str] | None,
    o.other(
        "--layers",
        help="Only these: names, or FIRST..LAST; several with commas, or the option again.",
        panel=o.WHAT,
        metavar="NAMES",
        autocompletion=complete.layers,
    ),
]
Channels = Annotated[
    str | None,
    o.other("--channels", help="Only these of each layer, as 0-7,12.", panel=o.WHAT, metavar="NUMBERS"),
]
Classes = Annotated[
    list[str] | None,
    o.other(
        "--classes",
        help="all (default), none, or names and numbers with commas between.",
        panel=o.WHAT,
        metavar="NAMES",
        autocompletion=complete.classes,
    ),
]
Photos = Annotated[
    str | None,
    o.other(
        "--photos",
        help="A folder of photographs: each channel's strongest patches are shown.",
        panel=o.WHAT,
        metavar="FOLDER",
    ),
]


def microscope(
    network: Network = None,
    layers: Layers = None,
    channels: Channels = None,
    classes: Classes = None,
    photos: Photos = None,
    preset: PortraitPreset = None,
    recipe: o.RecipeFile = None,
    steps: o.Steps = None,
    size: o.Size = None,
    seed: o.Seed = None,
    max_pixels: o.MaxPixels = None,
    engine: o.Engine = None,
    precision: o.Precision = None,
    device: o.Device = None,
    threads: o.Threads = None,
    offline: o.Offline = False,
    out: Site = None,
    overwrite: o.Overwrite = False,
    json: o.Json = False,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
    debug: o.Debug = False,
) -> None:
    """Make a website of a network: every layer, channel and class with its portrait; no server is needed.

    Stopped at any moment, the same command goes on where it was.
    """
    given = dict(locals())
    voice = Voice(quiet=quiet, verbose=verbose, as_json=json)
    if out is None:
        raise UsageError("where to? give -o FOLDER, as in -o site")
    base = o.recipe_of(given, PRESET)
    if base.portrait is None or base.portrait.facets > 1:
        raise UsageError(
            f"{recipe or f'--preset {base.preset}'}: one portrait of each unit is needed; choose another"
        )
    from reverie.analysis.stimuli import photographs
    from reverie.jobs.microscope import Microscope, choose
    from reverie.jobs.old_run import Run
    from reverie.media.picture import MAX_PIXELS

    found = photographs(photos) if photos else []
    run = Run(base.but(start="noise"), max_pixels=max_pixels or MAX_PIXELS, offline=offline)
    plan = choose(run.session.net, layers=apart(layers), channels=channels, classes=apart(classes))
    site = Microscope(run, out, plan, photos=found, overwrite=overwrite)
    wanted, missing = len(plan.units()), len(site.missing())
    voice.note(f"{wanted} portraits, {missing} to make; stopped at any time, the same command goes on")
    try:
        with failures_told_later(), counted(voice) as progress:
            outcome = site.make(progress=progress)
    except KeyboardInterrupt as error:
        left = len(site.missing())
        raise Interrupted(
            f"stopped with {wanted - left} of {wanted} portraits in {out}; the same command goes on"
        ) from error
    except ResourceError as error:
        raise ResourceError(f"{error}; what is made is kept, the same command goes on") from error
    for line in outcome.failed:
        voice.must(f"error: {line}")
    voice.data(f"{out}/index.html", outcome.as_json())
    each = f", {outcome.seconds / outcome.made:.2f} s each" if outcome.made else ""
    voice.note(f"{outcome.made} portraits made in {outcome.seconds:.0f} s{each}; open {out}/index.html")
    if outcome.failed:
        raise BatchError(
            f"{len(outcome.failed)} photographs failed; {out} shows what the others have to show"
        )


def apart(texts: list[str] | None) -> list[str] | None:
    """``a,b`` as two."""
    if texts is None:
        return None
    return [part.strip() for text in texts for part in text.split(",") if part.strip()]
