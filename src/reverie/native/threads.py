"""How many threads torch computes with, of one thread of the program; and one set of them for all.

``torch.set_num_threads`` sets (torch 2.13, ATen/ParallelOpenMP.cpp), of the calling thread alone,

- OpenMP's number, by which operators and ``torch.get_num_threads`` go;
- MKL's number (``mkl_set_num_threads_local``), for products, transforms and factorings;

and of the whole process

- the number that any other thread begins with, once, when it first computes;
- MKL's "dynamic", to off: it asks for no fewer threads than its number;
- once, the size of a pool that only NNPACK and QNNPACK use.

Here the first two are set, past torch. The others change no byte of ours and stay as whoever owns the
process has them, so threads need no lock between them. Where OpenMP or MKL cannot be reached (on Windows,
or in a torch that does not show them) it is ``torch.set_num_threads`` after all. Numbers are right then
too, but a thread of somebody else that first computes meanwhile begins with ours.

torch's OpenMP workers spin for milliseconds after each operator, lest the next one has to wake them. A pool
of other threads beside them finds every core taken whenever torch's operators and the library's kernels
alternate, so the library borrows torch's.

A forked child has workers of its own (see ``forks``); where it cannot, it computes in one thread, whatever
number it is told.
"""

from __future__ import annotations

import ctypes
import functools
from pathlib import Path
from typing import Any

import torch

from reverie.native import function, library
from reverie.process.forks import alone

#: GOMP_parallel, which all of the common OpenMP libraries have, and what tells a region's threads apart.
LENT = ("GOMP_parallel", "omp_get_thread_num", "omp_get_num_threads")
COUNTS = ("omp_set_num_threads", "omp_get_max_threads")
MKL = "MKL_Set_Num_Threads_Local"


def set_here(count: int, mkl: int | None = None) -> tuple[int, int]:
    """Have torch compute with so many threads from now on, in the calling thread alone.

    Args:
        count: At least 1; a forked child that cannot have workers takes 1 whatever it says.
        mkl: MKL's own number, 0 for none; None for the same.

    Returns:
        What sets them back: ``set_here(*found)``, in the same thread.
    """
    if alone():
        count, mkl = 1, None if mkl is None else 1
    before = torch.get_num_threads()  # a thread's first question makes it take torch's number, once for all
    openmp, set_mkl = _openmp(), _mkl()
    if openmp is None or set_mkl is None:
        if count != before:
            torch.set_num_threads(count)
        return before, 0
    openmp.omp_set_num_threads(count)
    return before, int(set_mkl(count if mkl is None else mkl))


@functools.cache
def share() -> bool:
    """Has the native library work on torch's threads from now on; False where these cannot be found."""
    openmp = _openmp()
    if library() is None or openmp is None:
        return False
    functions = [ctypes.cast(getattr(openmp, name), ctypes.c_void_p) for name in LENT]
    function("reverie_borrow_threads", None, *(ctypes.c_void_p,) * len(LENT))(*functions)
    return True


@functools.cache
def _openmp() -> Any:
    """The OpenMP that torch computes with; None where there is none, or another, or it cannot be found."""
    if "OpenMP" not in torch.__config__.parallel_info():
        return None
    try:
        here = ctypes.CDLL(None)  # whatever is loaded for all: torch loads its OpenMP so
        if not all(hasattr(here, name) for name in (*LENT, *COUNTS)):
            return None
    except (OSError, TypeError):
        return None
    return here if _is_torchs(here) else None


def _is_torchs(openmp: Any) -> bool:
    """Whether torch's number of threads is that library's: a process may have loaded several of them."""
    torchs, before = torch.get_num_threads(), int(openmp.omp_get_max_threads())
    openmp.omp_set_num_threads(torchs + 1)
    try:
        return torch.get_num_threads() == torchs + 1
    finally:
        openmp.omp_set_num_threads(before)


@functools.cache
def _mkl() -> Any:
    """Sets MKL's number of the calling thread and returns what it was, 0 for none; None if it is not found.

    Without MKL in torch there is nothing to set.
    """
    if not torch.backends.mkl.is_available():  # type: ignore[no-untyped-call]
        return lambda count: 0
    try:
        place = Path(torch.__file__).parent / "lib" / "libtorch_cpu.so"
        return getattr(ctypes.CDLL(str(place)), MKL)
    except (OSError, AttributeError):
        return None
