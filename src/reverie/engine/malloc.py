"""Freed memory that is kept for the next step instead of going back to the system."""

from __future__ import annotations

import ctypes

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # numbers of glibc's mallopt
#: What every step takes and frees: all of it, or what is of the size of a tile and not of a large picture.
ALL, SMALL = 1 << 30, 32 << 20


def _libc() -> ctypes.CDLL | None:
    try:
        libc = ctypes.CDLL("libc.so.6")
        return libc if hasattr(libc, "mallopt") and hasattr(libc, "malloc_trim") else None
    except OSError:
        return None


def keep_pages(up_to: int = ALL) -> bool:
    """Tells glibc, for the whole process, to keep freed blocks of up to so many bytes; False without glibc.

    Every step takes and frees the same tensors. By default each goes to the system and back, and the system
    clears every page of it again, which takes a tenth of the step.
    """
    libc = _libc()
    if libc is None:
        return False
    return bool(libc.mallopt(M_MMAP_THRESHOLD, up_to)) and bool(libc.mallopt(M_TRIM_THRESHOLD, 2 * ALL - 1))


def give_pages_back() -> None:
    """What is freed and was kept goes back to the system."""
    libc = _libc()
    if libc is not None:
        libc.malloc_trim(ctypes.c_size_t(0))
