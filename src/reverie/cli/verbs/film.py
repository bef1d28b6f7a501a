"""``reverie film``: a film dreams, without flicker."""

from __future__ import annotations

from typing import Annotated

import typer

from reverie.cli.groups import Without, all_given, takes_groups
from reverie.cli.machines import Machines
from reverie.cli.moving import film_output, make_film, recipe_with, typed_options
from reverie.cli.moving_options import FilmAppearance, FilmAscent, FilmCommon, FilmMotion
from reverie.cli.options import Base, Target
from reverie.cli.recipe_options import longer_side, told_as_typed
from reverie.errors import UsageError
from reverie.recipe.places import PLACES

Video = Annotated[
    str | None,
    typer.Argument(
        metavar="VIDEO",
        help="MP4, MOV, MKV, WebM, AVI, GIF, APNG, animated WebP or AVIF, a folder, or frames/%04d.png.",
    ),
]


@takes_groups
def film(
    video: Video = None,
    *,
    target: Target,
    base: Base,
    motion: FilmMotion,
    ascent: FilmAscent,
    appearance: Annotated[FilmAppearance, Without("seamless", "spare")],
    common: Annotated[FilmCommon, Without("start", "depth")],
    machines: Machines,
) -> None:
    """Let a film dream, without flicker: the dream moves with what is seen, and keeps the film's sound.

    A CURVE is a number, or keys as in "0s:0, 4s:0.6 smooth, 8s:0", or in
    frames: "0:0, 100:0.6". The easings are linear, smooth, hold, in and out.
    With --pulse music moves the strength; --pulse film is the film's own sound.

    The same command again goes on with a film that was stopped or killed.
    """
    if video is None:
        raise UsageError("nothing to dream on: give a film, as in reverie film me.mp4 -o dream.mp4")
    from reverie.media.picture.detect_format import is_picture
    from reverie.media.video.read.probe import is_animation

    own = dict(all_given(motion, ascent))
    rest = dict(all_given(target, base, appearance, common))
    if (mask := appearance.mask) and mask not in PLACES and (is_animation(mask) or not is_picture(mask)):
        own["mask"] = rest.pop("mask")
    with told_as_typed(typed_options("film", own, rest, common)):
        recipe = longer_side(recipe_with("film", own, rest).but(start="photo"), common)
        from reverie.jobs.moving.film import FilmJob

        output = film_output(common, "dream.mp4", video)
        job = FilmJob(recipe=machines.recipe(recipe), video=video, output=output)
        make_film(job, common, base.recipe, machines)
