"""``reverie look``: where in a photograph units fire, and which of them answer most."""

from __future__ import annotations

from typing import Annotated

from reverie.cli import complete
from reverie.cli.fields import wanted
from reverie.cli.groups import Only, Without, takes_groups
from reverie.cli.options import Ascent, Common, PhotoArgument, PortraitBase, layer_option
from reverie.cli.recipe_options import console_of, output_of, portrait_recipe_of
from reverie.cli.verbs.stimuli import UNUSED
from reverie.errors import Interrupted, UsageError

#: The preset of the portraits beside the maps.
PORTRAITS = "sketch"

Units = Annotated[
    list[str] | None,
    wanted(
        "--unit",
        help="Where this fires: a channel (block5c:17), a layer (block5c), a class (tabby) or what several "
        "are (cat); may be given again.",
        metavar="NAME",
        autocompletion=complete.units,
    ),
]
Strongest = Annotated[
    int | None,
    wanted(
        "--strongest",
        help="Find this many units that answer most in this photograph, by what is usual for each (1 to 100; "
        "default 12 where no --unit is given).",
        metavar="N",
    ),
]
Layer = Annotated[
    str | None, layer_option(help="The layer of those units (default: the last that is not coarse).")
]
Portraits = Annotated[
    bool, wanted("--portraits", help=f"Show each unit's portrait too, by the preset {PORTRAITS} or --preset.")
]


@takes_groups
def look(
    photo: PhotoArgument,
    unit: Units = None,
    strongest: Strongest = None,
    layer: Layer = None,
    portraits: Portraits = False,
    *,
    base: Annotated[PortraitBase, Only("preset")],
    ascent: Annotated[Ascent, Only("steps")],
    common: Annotated[Common, Without(*UNUSED)],
) -> None:
    """Show where in a photograph units fire, as heat maps over it, and which answer most, on a sheet."""
    from reverie.cli.progress import make_sheet
    from reverie.jobs.looking.look import MOST, LookJob

    console = console_of(common)
    if strongest is not None and not 1 <= strongest <= MOST:
        raise UsageError(f"--strongest {strongest}: 1 to {MOST} are possible")
    if layer is not None and unit and strongest is None:
        raise UsageError(f"--layer {layer}: is where --strongest looks; give --unit {layer} for the layer")
    output = output_of(common, "look.png", photo)
    recipe = portrait_recipe_of(base, ascent, common, default=PORTRAITS, wanted=portraits)
    job = LookJob(
        recipe=recipe,
        photo=photo,
        units=unit or (),
        strongest=strongest,
        layer=layer,
        portraits=portraits,
        output=output,
    )
    result = make_sheet(job, common, output)
    if result is None:
        return
    if result.stopped:
        raise Interrupted("stopped; nothing was written")
    console.result(output.path, result.as_json())
    if not (common.quiet or common.json):
        for line in result.words:
            console.must(line)
