"""``reverie microscope``: a website of a network, with the portrait of every channel and class."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

from reverie.cli import complete
from reverie.cli.fields import LOOK, SIZE, other, wanted
from reverie.cli.groups import Group, Only, Without, all_given, takes_groups
from reverie.cli.machines import Machines, workers
from reverie.cli.options import Ascent, Common, NetworkArgument, PortraitBase, preset_option
from reverie.cli.recipe_options import console_of, recipe_from_options, where_to, workspace_of
from reverie.cli.verbs.stimuli import UNUSED
from reverie.errors import BatchError, Interrupted, UsageError
from reverie.recipe.presets.portrait import PORTRAITS

#: A thousand portraits and more are made, each in a tenth of the time that one alone is given.
PRESET = "sketch"
_SIDE, _STEPS = PORTRAITS[PRESET]["size"][0], ",".join(map(str, PORTRAITS[PRESET]["steps"]))


@dataclass(frozen=True)
class SiteParts(Group):
    """Which network a site shows, and what of it."""

    network: NetworkArgument = None
    layers: list[str] | None = wanted(
        "--layers",
        help="Only these: names, or FIRST..LAST; several with commas, or the option again.",
        metavar="NAMES",
        autocompletion=complete.layers,
    )
    channels: str | None = wanted(
        "--channels", help="Only these of each layer, as 0-7,12.", metavar="NUMBERS"
    )
    classes: list[str] | None = wanted(
        "--classes",
        help="all (default), none, or names and numbers with commas between.",
        metavar="NAMES",
        autocompletion=complete.classes,
    )
    quick: bool = wanted(
        "--quick",
        help="In minutes: two layers and a few channels of each, and no class, unless you name others.",
    )
    photos: str | None = wanted(
        "--photos",
        help="A folder of photographs: each channel's strongest patches are shown.",
        metavar="FOLDER",
    )


@dataclass(frozen=True)
class SiteBase(PortraitBase):
    """The settings of a site's portraits that all others change."""

    preset: str | None = preset_option(help=f"Start from the settings of a known system (default {PRESET}).")


@dataclass(frozen=True)
class SiteAscent(Ascent):
    """How long each portrait is made."""

    steps: str | None = other(
        "--steps",
        help=f"Steps of each portrait, an octave (default {_STEPS}).",
        panel=LOOK,
        metavar="N[,N...]",
    )


@dataclass(frozen=True)
class SiteCommon(Common):
    """Where a site goes, and all that is common."""

    out: str | None = other(
        "-o", "--out", help="The folder of the site: a new one, or one to go on with.", metavar="FOLDER"
    )
    overwrite: bool = other("--overwrite", help="Make a site of other settings again.")
    size: str | None = other(
        "--size", help=f"Of each portrait (default {_SIDE}x{_SIDE}).", panel=SIZE, metavar="WxH|N"
    )


@takes_groups
def microscope(
    parts: SiteParts,
    base: SiteBase,
    ascent: Annotated[SiteAscent, Only("steps")],
    common: Annotated[SiteCommon, Without("network", "net_channels", "net_classes", *UNUSED)],
    machines: Machines,
) -> None:
    """Make a website of a network: every layer, channel and class with its portrait; no server is needed.

    Stopped at any moment, the same command goes on where it was.
    """
    console = console_of(common)
    folder = where_to(common.out, "site", "-o FOLDER")
    recipe = recipe_from_options({**all_given(base, ascent, common), "network": parts.network}, PRESET)
    if recipe.portrait is None or recipe.portrait.facets > 1:
        what = base.recipe or f"--preset {recipe.preset}"
        raise UsageError(f"{what}: one portrait of each unit is needed; choose another")
    from reverie.cli.progress import run_job, tell_estimate
    from reverie.jobs.job import Event, Step
    from reverie.jobs.microscope.job import MicroscopeJob
    from reverie.jobs.output import Written

    job = MicroscopeJob(
        recipe=machines.recipe(recipe),
        layers=apart(parts.layers),
        channels=parts.channels,
        classes=apart(parts.classes),
        quick=parts.quick,
        photos=[parts.photos] if parts.photos else (),
        output=Written(path=folder, overwrite=common.overwrite),
    )

    workspace = workspace_of(common, base.recipe)
    if common.dry_run:
        tell_estimate(job, console, workspace, machines)
        return

    def begins(event: Event) -> None:
        if isinstance(event, Step) and event.label == job.label:
            console.info(f"{event.text}; stopped at any time, the same command goes on")

    try:
        with workers(machines) as workspace.elsewhere:
            result = run_job(job, console, workspace, on_event=begins)
    except KeyboardInterrupt as error:
        raise Interrupted(f"stopped; what is made is in {folder}, the same command goes on") from error
    if result.stopped:
        raise Interrupted(f"stopped with {result.stopped} in {folder}; the same command goes on")
    for line in result.failed:
        console.must(f"error: {line}")
    console.result(result.files[0], result.as_json())
    each = f", {result.seconds / result.made:.2f} s each" if result.made else ""
    console.info(f"{result.made} portraits made in {result.seconds:.0f} s{each}; open {result.files[0]}")
    if result.failed:
        raise BatchError(
            f"{len(result.failed)} photographs failed; {folder} shows what the others have to show"
        )


def apart(texts: list[str] | None) -> list[str] | None:
    """``a,b`` as two; a comma in quotes is part of a name."""
    if texts is None:
        return None
    parts = (part for text in texts for part in re.findall(r'(?:"(?:[^"\\]|\\.)*"|[^,])+', text))
    return [part.strip() for part in parts if part.strip()]
