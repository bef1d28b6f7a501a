"""The contact sheet of an evolution."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reverie.jobs.fooling.evolved import Evolved
from reverie.jobs.fooling.judge import batches
from reverie.jobs.fooling.levels import percent
from reverie.media.picture import Picture, save_picture
from reverie.media.picture.contact_sheet import contact_sheet

#: Sides of the pictures on a sheet in pixels, and up to how many they are that large.
CELLS = ((12, 320), (60, 192), (200, 128))
SMALLEST_CELL = 96


def write_sheet(run: Evolved, sure: Sequence[float] | None = None) -> None:
    """Write the contact sheet: the reported classes, surest first.

    ``sure`` are their confidences in fp32; the search's own if not given.
    """
    archive, wanted = run.state.archive, run.wanted
    found = archive.confidence[list(wanted)].tolist() if sure is None else list(sure)
    order = sorted(range(len(wanted)), key=lambda i: (-found[i], wanted[i]))
    side = next((side for count, side in CELLS if len(order) <= count), SMALLEST_CELL)
    small = min(side, run.settings.size)
    cells: list[tuple[str, str, Picture]] = []
    for some in batches(order):
        drawn = run.arena.draw([archive.genomes[wanted[i]] for i in some])
        for i, pixels in zip(some, drawn, strict=True):
            picture = Picture(np.ascontiguousarray(pixels)).resized((small, small))
            cells.append((run.arena.class_name(wanted[i]), percent(found[i]), picture))
    save_picture(contact_sheet(cells, side=side), run.folder.sheet, overwrite=True)
