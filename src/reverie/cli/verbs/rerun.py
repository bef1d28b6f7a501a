"""``reverie rerun`` and ``reverie show``."""

from __future__ import annotations

from typing import Annotated

import typer

from reverie.cli.fields import other
from reverie.cli.groups import Only, takes_groups
from reverie.cli.options import Common, Messages
from reverie.cli.recipe_options import console_of, told_as_typed, workspace_of
from reverie.errors import Interrupted
from reverie.recipe.typed import width_height

ResultFile = Annotated[str, typer.Argument(metavar="RESULT", help="A picture or film that reverie made.")]
Size = Annotated[
    str | None,
    other(
        "--size",
        help="Another size, for a print: the longer side, or width and height. The recipe, the seed and the "
        "photograph stay; at another size other things grow.",
        metavar="N|WxH",
    ),
]
Input = Annotated[
    str | None, other("--input", "-i", help="The source, if it is elsewhere now.", metavar="PHOTO")
]


@takes_groups
def rerun(
    result: ResultFile,
    input: Input = None,
    size: Size = None,
    *,
    common: Annotated[
        Common,
        Only("out", "overwrite", "max_pixels", "offline", "trust", "json", "quiet", "verbose", "debug"),
    ],
) -> None:
    """Make a picture or a film again from its own recipe: the same bytes.

    Only its metadata are read. The source, masks and guides are looked for beside it, then here.
    With --size a picture is made larger or smaller by the same recipe.
    """
    from reverie.cli.moving import NAMES, run_resumable, tell_film
    from reverie.cli.progress import tell_picture
    from reverie.jobs.dreaming.dream import PictureResult
    from reverie.jobs.moving.job import MovingResult
    from reverie.jobs.output import Written
    from reverie.jobs.rerun import RerunJob, again_beside

    console = console_of(common)
    with told_as_typed(NAMES):
        output = Written(
            path=again_beside(result, size or "rerun") if common.out is None else common.out,
            overwrite=common.overwrite,
        )
        job = RerunJob(result=result, input=input, size=_size(size), output=output)
    made = run_resumable(job, console, workspace_of(common), "rerun")
    if isinstance(made, MovingResult):
        tell_film(console, made)
    elif isinstance(made, PictureResult):
        tell_picture(console, made)
        if size is not None:
            console.info(
                f"the recipe, the seed and the photograph are those of {result}; at another size other "
                f"things grow. To keep {result} itself and have finer things grow in it: "
                f"reverie dream {result} --size {size} --octaves 2 --strength 20%"
            )
        if made.stopped:
            raise Interrupted(f"stopped after {made.stopped}; {made.path} holds what there is")


def _size(text: str | None) -> int | tuple[int, int] | None:
    """The longer side, or width and height."""
    if text is None:
        return None
    width, height = width_height(text)
    return width if text.strip().isdecimal() else (width, height)


@takes_groups
def show(result: ResultFile, messages: Annotated[Messages, Only("json", "debug")]) -> None:
    """Show the recipe of a picture or a film, and the command line that makes it."""
    from reverie.jobs.foreign_names import not_repeatable
    from reverie.jobs.provenance.command_line import command_line
    from reverie.jobs.provenance.note import of_picture
    from reverie.jobs.provenance.words import told

    note = of_picture(result)
    why = not_repeatable(note.recipe, note.unrepeatable)
    command = None if why else command_line(note, result)
    lines = [command or why, *told(note)]
    console_of(messages).result(lines, {**note.document(), "command": command})
