"""The native library: a plain C interface, bound with ctypes. Everything works without it, only slower.

It is built when the package is installed and a C++ compiler is there. One binary holds several instruction
sets; which of them this processor has is asked when it runs.
"""

from __future__ import annotations

import ctypes
import functools
import os
import sys
from enum import IntEnum
from pathlib import Path
from typing import Any

ABI = 10
#: What ctypes loads: a file for the platform, and for every version of Python. setup.py makes it.
FILE = Path(__file__).with_name("_library" + {"darwin": ".dylib", "win32": ".dll"}.get(sys.platform, ".so"))
#: Path of another library to load, or "none" for none at all; for tests of the library itself.
INSTEAD = "REVERIE_NATIVE_LIBRARY"
#: The best instruction set that may be used, or "none", where machines are to come to the same bytes.
MOST = "REVERIE_ISA"


class Unavailable(Exception):
    """The native library cannot do this here; the text says why. Somebody else has to."""


class Isa(IntEnum):
    """Instruction sets of the library, from the plainest to the fastest."""

    AVX2 = 1
    AVX512 = 2
    AVX512_BF16 = 3
    AMX = 4


@functools.cache
def _loaded() -> tuple[ctypes.CDLL | None, str]:
    instead = os.environ.get(INSTEAD)
    if instead == "none":
        return None, f"switched off by {INSTEAD}"
    found = Path(instead) if instead else FILE
    if not instead and not found.exists():
        return None, "not built: no C++ compiler was found when reverie was installed"
    try:
        library = ctypes.CDLL(str(found))
        abi = int(library.reverie_abi())
    except (OSError, AttributeError) as error:
        return None, f"does not load: {error}"
    if abi != ABI:
        return None, f"was built for another version ({abi}, not {ABI}); install reverie again"
    return library, ""


def library() -> ctypes.CDLL | None:
    """The loaded library, or None where it was not built (``missing`` says why)."""
    return _loaded()[0]


def missing() -> str:
    """Why there is no library, in a few words; empty if there is one."""
    return _loaded()[1]


@functools.cache
def function(name: str, result: Any, *arguments: Any) -> Any:
    """A function of the library by name, with ctypes' types of its result and arguments.

    Raises:
        Unavailable: There is no library.
    """
    found = library()
    if found is None:
        raise Unavailable(missing())
    bound = getattr(found, name)
    bound.restype, bound.argtypes = result, arguments
    return bound


@functools.cache
def instruction_sets() -> tuple[Isa, ...]:
    """Those that both the library and this processor have and ``MOST`` allows, the fastest last."""
    found, most = library(), os.environ.get(MOST, "").upper()
    limit = 0 if most == "NONE" else int(Isa.__members__.get(most, max(Isa)))
    return tuple(i for i in Isa if found is not None and i <= limit and found.reverie_offers(int(i)))
