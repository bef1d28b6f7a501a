"""Max pooling of the native library, bound with ctypes: addresses in, nothing of torch.

Maps lie as (picture, row, column, channel) in fp32 or bf16. Where the largest value of each window was is one
byte.
"""

from __future__ import annotations

import ctypes

from reverie.native import Isa, Unavailable, function

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
    """
    pool = function("reverie_pool", _int, _int, _int, ctypes.POINTER(PoolJob))
    if pool(int(isa), int(back), ctypes.byref(job)) < 0:
        raise Unavailable(f"no native pooling for {isa.name} here")
