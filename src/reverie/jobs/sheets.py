"""Labelled sheets of pictures, which several kinds of jobs make."""

from __future__ import annotations

from collections.abc import Sequence

from reverie.jobs.output import Output
from reverie.media.picture import Picture, save_picture
from reverie.media.picture.picture import no_larger

#: What a sheet shows: a name, words below it, and the picture.
Cell = tuple[str, str, Picture]
#: Longest side in pixels of a picture on a sheet of variations.
CELL = 480


def save_sheet(
    cells: Sequence[Cell],
    output: Output,
    *,
    side: int,
    columns: int | None = None,
    letters: int | None = None,
    below: Sequence[str] = (),
) -> None:
    """Write a labelled sheet: see ``contact_sheet``; errors as of ``save_picture``."""
    from reverie.media.picture.contact_sheet import contact_sheet

    sheet = contact_sheet(cells, side=side, columns=columns, letters=letters, below=below)
    save_picture(sheet, output.path, overwrite=output.overwrite)


def small(picture: Picture) -> Picture:
    """A picture no larger than a sheet's cell."""
    return no_larger(picture, CELL)


def scaled(size: tuple[int, int], side: int) -> tuple[int, int]:
    """A size with its longer side so long."""
    factor = side / max(size)
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))
