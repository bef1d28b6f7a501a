"""``reverie stimuli``: what really excites a unit, among one's own photographs, beside its portrait."""

from __future__ import annotations

from typing import Annotated

import typer

from reverie.cli import complete
from reverie.cli.fields import wanted
from reverie.cli.groups import Only, Without, takes_groups
from reverie.cli.machines import Machines
from reverie.cli.options import Ascent, Common, PortraitBase
from reverie.cli.recipe_options import console_of, output_of, portrait_recipe_of
from reverie.errors import BatchError, Interrupted, UsageError
from reverie.recipe.typed import DEFAULTS

#: Of what is common, what a sheet of many pictures has no use for.
UNUSED = ("start", "max_size", "halo", "depth", "quality", "no_metadata", "preview")

Folder = Annotated[str, typer.Argument(metavar="FOLDER", help="A folder of photographs, or one photograph.")]
Units = Annotated[
    list[str] | None,
    wanted(
        "--unit",
        help="A channel, as block5c:17, or a class by name or number (logits:207); may be given again.",
        metavar="NAME:I",
        autocompletion=complete.channels,
    ),
]
Count = Annotated[int, wanted("--count", help="Patches of each unit (1 to 100; default 9).", metavar="N")]
WithPortrait = Annotated[
    bool,
    wanted("--portrait/--no-portrait", help="Make each unit's portrait and put it in front."),
]


@takes_groups
def stimuli(
    folder: Folder,
    unit: Units = None,
    count: Count = 9,
    portrait: WithPortrait = True,
    *,
    base: Annotated[PortraitBase, Only("preset")],
    ascent: Annotated[Ascent, Only("steps")],
    common: Annotated[Common, Without(*UNUSED)],
    machines: Machines,
) -> None:
    """Find the patches of your photographs that excite a unit most, on a sheet beside its portrait."""
    console = console_of(common)
    if not unit:
        raise UsageError("which unit? give --unit, as in --unit block5c:17")
    from reverie.cli.progress import make_sheet
    from reverie.jobs.looking.stimuli import MOST, StimuliJob

    if not 1 <= count <= MOST:
        raise UsageError(f"--count {count}: 1 to {MOST} are possible")
    output = output_of(common, "sheet.png", folder)
    recipe = portrait_recipe_of(base, ascent, common, default=DEFAULTS[1], wanted=portrait)
    job = StimuliJob(
        recipe=machines.recipe(recipe),
        photos=[folder],
        units=unit,
        count=count,
        portrait=portrait,
        output=output,
    )
    result = make_sheet(job, common, output, machines=machines)
    if result is None:
        return
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
