"""``reverie film``: a film dreams, without flicker."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from reverie.cli.complaints import told_as_typed
from reverie.cli.groups import OFFERED, Without, all_given, takes_groups
from reverie.cli.moving import film_output, make_film, recipe_with, typed_options
from reverie.cli.moving_options import (
    FilmAppearance,
    FilmAscent,
    FilmFiles,
    FilmMotion,
)
from reverie.cli.options import Base, Compute, Messages, Size, Target
from reverie.cli.recipe_options import workspace_of
from reverie.errors import BadInput, UsageError

Video = Annotated[
    str | None,
    typer.Argument(
        metavar="VIDEO",
        help="MP4, MOV, MKV, WebM, AVI, GIF or APNG, a folder of pictures, or frames/%04d.png.",
    ),
]


@takes_groups
def film(
    video: Video = None,
    target: Target = OFFERED,
    base: Base = OFFERED,
    motion: FilmMotion = OFFERED,
    ascent: FilmAscent = OFFERED,
    appearance: Annotated[FilmAppearance, Without("seamless")] = OFFERED,
    size: Annotated[Size, Without("start")] = OFFERED,
    compute: Compute = OFFERED,
    files: Annotated[FilmFiles, Without("depth")] = OFFERED,
    messages: Messages = OFFERED,
) -> None:
    """Let a film dream, without flicker: the dream moves with what is seen, and keeps the film's sound.

    A CURVE is a number, or keys as in "0s:0, 4s:0.6 smooth, 8s:0", or in
    frames: "0:0, 100:0.6". The easings are linear, smooth, hold, in and out.
    With --pulse music moves the strength; --pulse film is the film's own sound.

    The same command again goes on with a film that was stopped or killed.
    """
    if video is None:
        raise UsageError("nothing to dream on: give a film, as in reverie film me.mp4 -o dream.mp4")
    own = dict(all_given(motion, ascent))
    rest = dict(all_given(target, base, appearance, size, compute))
    if appearance.mask is not None and not is_picture(appearance.mask):
        own["mask"] = rest.pop("mask")
    with told_as_typed(typed_options("film", own, rest, files)):
        recipe = recipe_with("film", own, rest).but(start="photo")
        from reverie.jobs.film import FilmJob

        output = film_output(files, "film.mp4", video, needed=not messages.dry_run)
        job = FilmJob(recipe=recipe, video=video, output=output)
        make_film(job, workspace_of(compute, size), files, messages)


def is_picture(path: str) -> bool:
    """Whether a mask is a still picture; the reader of films says what is wrong with all else."""
    from reverie.media.picture.detect_format import sniff

    if os.path.isdir(path) or "%" in path or "*" in path:
        return False
    try:
        with open(path, "rb") as file:
            return sniff(file.read(512), path) != "gif"
    except (OSError, ValueError, BadInput):
        return False
