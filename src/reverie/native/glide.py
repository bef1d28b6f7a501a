"""Frames between the pictures that a live show dreams: one or two of them, as seen a little later, in bytes.

All of it is counted in whole numbers: bytes are the same for every instruction set, and those of its
reference in ``tests/native/test_glide.py``.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from reverie.native import Isa, function, instruction_sets, library
from reverie.native.check import check_range, check_that

Bytes = NDArray[np.uint8]
#: A share of 1.
WHOLE: Final = 1 << 14
#: The largest side of a picture.
MOST_SIDE: Final = 1 << 15
#: How far a picture may be turned: the sine as a share of the cosine; how large and small it may get; and how
#: far away it may be looked at, in pixels.
MOST_TURN, LEAST_FACTOR, MOST_FACTOR, MOST_OFFSET = 0.2, 0.25, 4.0, 1e6


@dataclass(frozen=True)
class GlidePart:
    """One of the pictures of a frame.

    Attributes:
        rgb: (H, W, 3) uint8, in C order.
        factor: Of the similarity by which it is seen, about the middle, as in ``ops.warp.Similarity``.
        offset: Of the same, in pixels.
        share: How much of the frame it is, of ``WHOLE``.
    """

    rgb: Bytes
    factor: complex
    offset: complex
    share: int


class _Part(ctypes.Structure):
    _fields_ = (("pixels", ctypes.c_void_p), ("similarity", ctypes.c_double * 4), ("share", ctypes.c_int))


class _GlideJob(ctypes.Structure):
    """GlideJob of glide_api.cpp."""

    _fields_ = (
        ("height", ctypes.c_long),
        ("width", ctypes.c_long),
        ("out", ctypes.c_void_p),
        ("parts", ctypes.c_int),
        ("part", _Part * 2),
    )


@functools.cache
def _function() -> Any:
    return function("reverie_glide", ctypes.c_int, ctypes.c_int, ctypes.POINTER(_GlideJob))


@functools.cache
def _best() -> int:
    return int(Isa.AVX2) if Isa.AVX2 in instruction_sets() else 0


def serves(factor: complex, offset: complex) -> bool:
    """Whether a picture that is seen so can be drawn here: it is turned by little, and not far away."""
    near = abs(factor.imag) <= MOST_TURN * factor.real and LEAST_FACTOR <= factor.real <= MOST_FACTOR
    return near and abs(offset) <= MOST_OFFSET and library() is not None


def draw(parts: Sequence[GlidePart], *, isa: int | None = None) -> Bytes:
    """A frame, (H, W, 3) uint8: the sum of one or two pictures of that shape, by Keys' cubic kernel.

    Args:
        parts: The pictures; their shares are ``WHOLE`` together.
        isa: The instruction set: 0 for none, else an ``Isa``; the best if nothing is said.

    Raises:
        MemoryError: There is none.
        Unavailable: There is no library.
        UsageError: Other pictures, or ways of looking at them that are not served.
    """
    check_range("parts", len(parts), 1, 2)
    check_that(sum(part.share for part in parts) == WHOLE, f"shares are {WHOLE} together")
    job = _GlideJob(*parts[0].rgb.shape[:2], None, len(parts))
    for place, part in enumerate(parts):
        check_that(part.rgb.shape == (job.height, job.width, 3), "pictures have one shape, (H, W, 3)")
        check_that(
            part.rgb.dtype == np.uint8 and part.rgb.flags.c_contiguous, "pictures are uint8 in C order"
        )
        check_that(serves(part.factor, part.offset), "pictures are turned by little")
        check_range("share", part.share, 0, WHOLE)
        seen = part.factor.real, part.factor.imag, part.offset.real, part.offset.imag
        job.part[place] = _Part(part.rgb.ctypes.data, (ctypes.c_double * 4)(*seen), part.share)
    for side in (job.height, job.width):
        check_range("side", side, 1, MOST_SIDE)
    out = np.empty((job.height, job.width, 3), np.uint8)
    job.out = out.ctypes.data
    if _function()(_best() if isa is None else isa, ctypes.byref(job)) < 0:
        raise MemoryError("out of memory in a frame")
    return out
