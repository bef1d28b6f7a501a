"""``reverie stimuli``: what really excites a unit, among one's own photographs, beside its portrait."""

from __future__ import annotations

from typing import Annotated

import typer

from reverie.cli import complete
from reverie.cli.fields import WHAT, other
from reverie.cli.groups import OFFERED, Only, Without, takes_groups
from reverie.cli.options import Ascent, Compute, Files, Messages, PortraitBase, Size
from reverie.cli.recipe_options import DEFAULTS, console_of, output_of, recipe_of, workspace_of
from reverie.errors import BatchError, Interrupted, UsageError

Folder = Annotated[str, typer.Argument(metavar="FOLDER", help="A folder of photographs, or one photograph.")]
Units = Annotated[
    list[str] | None,
    other(
        "--unit",
        help="A channel, as block5c:17, or a class by name or number (logits:207); may be given again.",
        panel=WHAT,
        metavar="NAME:I",
        autocompletion=complete.channels,
    ),
]
Count = Annotated[int, other("--count", help="Patches of each unit (1 to 100; default 9).", panel=WHAT)]
WithPortrait = Annotated[
    bool,
    other("--portrait/--no-portrait", help="Make each unit's portrait and put it in front.", panel=WHAT),
]


@takes_groups
def stimuli(
    folder: Folder,
    unit: Units = None,
    count: Count = 9,
    portrait: WithPortrait = True,
    base: Annotated[PortraitBase, Only("preset")] = OFFERED,
    ascent: Annotated[Ascent, Only("steps")] = OFFERED,
    size: Annotated[Size, Only("size", "seed", "max_pixels")] = OFFERED,
    compute: Annotated[Compute, Without("halo")] = OFFERED,
    files: Annotated[Files, Only("out", "overwrite")] = OFFERED,
    messages: Annotated[Messages, Without("dry_run")] = OFFERED,
) -> None:
    """Find the patches of your photographs that excite a unit most, on a sheet beside its portrait."""
    console = console_of(messages)
    if not unit:
        raise UsageError("which unit? give --unit, as in --unit block5c:17")
    from reverie.cli.progress import run_job
    from reverie.jobs.stimuli import MOST, StimuliJob

    if not 1 <= count <= MOST:
        raise UsageError(f"--count {count}: 1 to {MOST} are possible")
    output = output_of(files, "sheet.png")
    recipe = recipe_of(base, ascent, size, compute, default=DEFAULTS[1])
    if portrait and recipe.portrait is None:
        raise UsageError(f"--preset {recipe.preset}: makes dreams and no portraits; choose another")
    job = StimuliJob(
        recipe=recipe, photos=[folder], units=unit, count=count, portrait=portrait, output=output
    )
    result = run_job(job, console, workspace_of(compute, size))
    if result.found is None:
        raise Interrupted("stopped; nothing was written")
    for line in result.failed:
        console.must(f"error: {line}")
    console.result(output.path, result.as_json())
    if result.failed:
        total = len(result.failed) + len(result.found.photos)
        raise BatchError(
            f"{len(result.failed)} of {total} photographs failed; {output.path} shows the others"
        )
