"""Pictures into cells and back by the native library, bound with ctypes: addresses in, nothing of torch.

A cell is ``step`` pixels side by side in its channels; of one pixel, it changes the layout alone.
"""

from __future__ import annotations

import ctypes

from reverie.native import function
from reverie.native.check import check_given, check_sides, check_threads

_int, _long, _address = ctypes.c_int, ctypes.c_long, ctypes.c_void_p


class CellsJob(ctypes.Structure):
    """One picture, or several of a size; see ``cells.h`` for every field."""

    _fields_ = [
        *((name, _int) for name in ("count", "channels", "height", "width", "step_y", "step_x")),
        *((name, _int) for name in ("back", "threads")),
        ("pixels", _address),
        *((name, _long) for name in ("picture", "channel", "row", "column")),
        ("cells", _address),
    ]


def run(job: CellsJob) -> None:
    """Fills the cells, or (``back``) the pictures.

    Raises:
        Unavailable: No library.
        UsageError: A side, step or number under 1, or no memory to work on.
    """
    check_sides(job, ("count", "channels", "height", "width", "step_y", "step_x"))
    check_given(job, ("pixels", "cells"))
    check_threads(job.threads)
    function("reverie_cells", None, ctypes.POINTER(CellsJob))(ctypes.byref(job))
