"""Max pooling of the native library, bound with ctypes: addresses in, nothing of torch.

Maps lie as (picture, row, column, channel) in fp32 or bf16. Where the largest value of each window was is one
byte.
"""

from __future__ import annotations

import ctypes

from reverie.native import Isa, Unavailable, function
from reverie.native.check import check_given, check_sides, check_that, check_threads

_int, _address = ctypes.c_int, ctypes.c_void_p


class PoolJob(ctypes.Structure):
    """One pooling; see ``pool.h`` for every field."""

    _fields_ = [
        *((name, _int) for name in ("count", "channels", "height", "width", "out_height", "out_width")),
        *((name, _int) for name in ("kernel_y", "kernel_x", "step_y", "step_x", "top", "left", "threads")),
        ("half", _int),
        ("source", _address),
        ("source_pixel", ctypes.c_long),
        ("target", _address),
        ("where", _address),
    ]


def run(job: PoolJob, isa: Isa, *, back: bool) -> None:
    """The largest values, or (``back``) the gradient at what they were taken from.

    Raises:
        Unavailable: No library, or this processor lacks what the kernels need.
        UsageError: A side, step or number under 1, a window that sees nothing of the map, or no memory.
    """
    sides = ("count", "channels", "height", "width", "out_height", "out_width", "kernel_y", "kernel_x")
    check_sides(job, (*sides, "step_y", "step_x"))
    check_given(job, ("source", "target", "where"))
    check_threads(job.threads)
    check_that(job.kernel_y * job.kernel_x <= 256, "a window has at most 256 places")
    for size, out, kernel, step, before in (
        (job.height, job.out_height, job.kernel_y, job.step_y, job.top),
        (job.width, job.out_width, job.kernel_x, job.step_x, job.left),
    ):
        sees = 0 <= before < kernel and (out - 1) * step - before < size
        check_that(sees, "every window has to see something of the map")
    check_that(job.source_pixel >= job.channels, "source_pixel has to be at least as many as channels")
    pool = function("reverie_pool", _int, _int, _int, ctypes.POINTER(PoolJob))
    if pool(int(isa), int(back), ctypes.byref(job)) < 0:
        raise Unavailable(f"no native pooling for {isa.name} here")
