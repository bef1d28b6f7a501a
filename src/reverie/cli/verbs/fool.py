"""``reverie fool``: pictures that evolve until the network is sure of them."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from reverie.cli import complete
from reverie.cli.console import Console
from reverie.cli.fields import COMPUTE, other, setting
from reverie.cli.groups import Group, Without, all_given, takes_groups
from reverie.cli.machines import Machines
from reverie.cli.options import Common
from reverie.cli.recipe_options import (
    console_of,
    network_settings,
    output_of,
    told_as_typed,
    where_to,
    workspace_of,
)
from reverie.errors import Interrupted, UsageError
from reverie.jobs.fooling.settings import ENCODINGS, QUICK, SUREST, Settings

if TYPE_CHECKING:
    from reverie.jobs.fooling.outcome import EvolutionResult

EVOLUTION, PRINT = "The evolution", "A large print"
#: Side in pixels of a genome that is rendered, if none is given.
PRINT_SIDE = 1024
#: A preview is drawn anew no sooner than after so many seconds: a thousand classes take some to draw.
SHEET_SECONDS = 15.0
DEVICES = ("auto", "cpu", "cuda", "mps")
#: Options that are settings of the run, and how they are typed.
OPTION = {name: f"--{name}" for name in Settings.model_fields}


#: An option that sets a field of an evolution.
of_run = partial(setting, panel=EVOLUTION, model=Settings)


def _encodings(incomplete: str) -> list[str]:
    return [name for name in ENCODINGS if name.startswith(incomplete)]


Classes = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="CLASS",
        help="Report these classes only, by name, synonym or number. All evolve together in any case: what "
        "comes of one is a step towards others. all: every class, where a --quick run goes on.",
        autocompletion=complete.classes,
    ),
]


@dataclass(frozen=True)
class EvolutionOptions(Group):
    """What evolves."""

    quick: bool = other(
        "--quick",
        help=f"In minutes: {QUICK['generations']} generations of {QUICK['children']} pictures of "
        f"{QUICK['size']} pixels, and the {SUREST} classes that it is surest of, unless you name others.",
        panel=EVOLUTION,
    )
    encoding: str | None = of_run("encoding", metavar="NAME", autocompletion=_encodings)
    generations: int | None = of_run("generations")
    children: int | None = of_run("children")
    population: int | None = of_run("population")
    size: int | None = of_run("size")
    seed: int | None = of_run("seed")


@dataclass(frozen=True)
class FoolCommon(Common):
    """Who is fooled and what computes, where evolutions and prints go, and what is said."""

    network: str | None = of_run("network", panel=COMPUTE, metavar="NAME", autocompletion=complete.networks)
    precision: str | None = of_run("precision", panel=COMPUTE)
    out: str | None = other(
        "-o", "--out", help="The folder of the evolution, or the file of a print.", metavar="OUT"
    )
    preview: str | None = other(
        "--preview", help="Keep the sheet of what has evolved so far up to date in this file.", metavar="FILE"
    )
    overwrite: bool = other("--overwrite", help="Begin again where an evolution is, or replace the print.")
    resume: bool = other(
        "--resume", help="Go on with the evolution in the folder; its settings are known there."
    )


Render = Annotated[
    str | None,
    other(
        "--render",
        help="Evolve nothing; draw this genome (its JSON, or a picture with it inside) with sides of --size "
        f"(default {PRINT_SIDE}).",
        panel=PRINT,
        metavar="GENOME",
    ),
]


@takes_groups
def fool(
    classes: Classes = None,
    *,
    evolution: EvolutionOptions,
    render: Render = None,
    common: Annotated[FoolCommon, Without("start", "size", "max_size", "seed", "halo", "no_metadata")],
    machines: Machines,
) -> None:
    """Evolve pictures, without any gradient, until the network is sure of a class that nobody would see.

    Nguyen, Yosinski & Clune 2015. OUT becomes a folder with a picture and a genome of each class, a contact
    sheet that is renewed on the way, archive.json and index.html. Ctrl-C keeps everything for --resume.
    """
    if render is not None:
        if machines.cluster is not None:
            raise UsageError("--cluster: --render draws one genome, on one machine; leave it out")
        print_large(render, classes, evolution, common)
        return
    for_prints = {"--depth": common.depth, "--quality": common.quality, "--max-pixels": common.max_pixels}
    for option, value in for_prints.items():
        if value is not None:
            raise UsageError(f"{option}: is for --render only; leave it out")
    from reverie.cli.progress import make_sheet, preview_of
    from reverie.jobs.fooling.job import EvolutionJob

    given = {**all_given(common), **all_given(evolution)}
    given |= network_settings(given)
    checked(common)
    with told_as_typed(OPTION):
        job = EvolutionJob(
            settings={name: given[name] for name in OPTION if given[name] is not None},
            classes=tuple(classes or ()),
            output={
                "path": where_to(common.out, "fooled", "a folder") if not common.dry_run else "fooled",
                "overwrite": common.overwrite,
            },
            resume=common.resume,
            quick=evolution.quick,
            engine=common.engine or "auto",
            device=common.device or "auto",
            threads=machines.threads(common.threads),
        )
        job.evolves  # noqa: B018 (settings that cannot be are said now)
        preview = None if common.dry_run else preview_of(common.preview, common.overwrite, SHEET_SECONDS)
        if evolution.quick and not (common.dry_run or common.resume or common.quiet or common.json):
            console_of(common).info(job.estimate(workspace_of(common)).text)
        result = make_sheet(job, common, also=preview, machines=machines)
    if result is not None:
        tell(console_of(common), result, job.classes)


def tell(console: Console, result: EvolutionResult, classes: Sequence[str] = ()) -> None:
    """Say what came of an evolution that reports ``classes``; end with 130 if Ctrl-C cut it short."""
    folder = result.folder
    if result.stopped:
        again = shlex.join(["reverie", "fool", *classes, "-o", str(folder), "--resume"])
        if result.archive:
            there = f"{folder.page} shows the best so far"
        elif result.generation < 0:
            there = f"{folder} holds nothing yet"
        else:
            there = (
                f"{folder.sheet} shows the best so far (--generations {result.generation} with the following "
                "command writes its pictures and page)"
            )
        raise Interrupted(f"stopped after {result.stopped}; {there}; {again} goes on")
    from reverie.jobs.estimate import clock

    console.result(str(folder.page), result.as_json())
    half, most, nearly = result.over
    which = "surest " if result.surest else ""
    console.info(
        f"{folder}: {result.evaluations:,} pictures judged, median {result.median:.3f}; of "
        f"{len(result.confidences)} {which}classes {half} over .5, {most} over .95, {nearly} over .99; "
        f"{clock(result.network_seconds + result.outside_seconds)}"
    )


def print_large(
    genome: str, classes: list[str] | None, evolution: EvolutionOptions, common: FoolCommon
) -> None:
    """Draw one genome at any size."""
    given = {**all_given(common), **all_given(evolution)}
    useless = [
        *(name for name in OPTION if name != "size"),
        "engine",
        "device",
        "resume",
        "dry_run",
        "preview",
        "quick",
    ]
    asked = [name for name in useless if given[name] is not None and given[name] is not False]
    for word in [*(classes or ()), *("--" + name.replace("_", "-") for name in asked)]:
        raise UsageError(f"{word}: --render draws one genome and evolves nothing; leave it out")
    from reverie.cli.progress import make_sheet
    from reverie.jobs.fooling.large_print import PrintJob

    checked(common)
    console, output = console_of(common), output_of(common, "print.png", genome)
    side = PRINT_SIDE if evolution.size is None else evolution.size
    with told_as_typed(OPTION):
        job = PrintJob(genome=genome, size=side, output=output, threads=common.threads or 0)
        result = make_sheet(job, common, output)
    assert result is not None  # --dry-run was refused
    console.result(output.path, result.as_json())
    console.info(f"{output.path}: {side} x {side}, {result.seconds:.1f} s")


def checked(common: FoolCommon) -> None:
    """UsageError where what computes cannot be."""
    threads = common.threads
    if threads is not None and not 0 <= threads <= 1024:
        raise UsageError(f"--threads {threads}: 0 to 1024 are possible; 0 takes torch's own choice")
    for option, value, known in (
        ("engine", common.engine, ("auto", *complete.ENGINES)),
        ("device", common.device, DEVICES),
    ):
        if value is not None and value not in known:
            raise UsageError(f"--{option} {value}: no such {option}; there are {', '.join(known)}")
