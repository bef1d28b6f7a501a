"""One set of threads for torch and the native library.

torch's OpenMP workers spin for milliseconds after each operator, lest the next one has to wake them. A pool
of other threads beside them finds every core taken whenever torch's operators and the library's kernels
alternate.
"""

from __future__ import annotations

import ctypes
import functools
import threading

import torch

from reverie.native import function, library

#: GOMP_parallel, which all of the common OpenMP libraries have, and what tells a region's threads apart.
NAMES = ("GOMP_parallel", "omp_get_thread_num", "omp_get_num_threads")
_toggling = threading.Lock()


@functools.cache
def share() -> bool:
    """Has the native library work on torch's threads from now on; False where these cannot be found."""
    if library() is None or "OpenMP" not in torch.__config__.parallel_info():
        return False
    try:
        here = ctypes.CDLL(None)  # whatever is loaded for all: torch loads its OpenMP so
        functions = [ctypes.cast(getattr(here, name), ctypes.c_void_p) for name in NAMES]
        if not _is_torchs(here):
            return False
    except (OSError, AttributeError, TypeError):
        return False
    function("reverie_borrow_threads", None, *(ctypes.c_void_p,) * len(NAMES))(*functions)
    return True


def _is_torchs(openmp: ctypes.CDLL) -> bool:
    """Whether torch's number of threads is that library's: a process may have loaded several of them."""
    with _toggling:
        before = torch.get_num_threads()
        torch.set_num_threads(before + 1)
        try:
            return int(openmp.omp_get_max_threads()) == before + 1
        finally:
            torch.set_num_threads(before)
