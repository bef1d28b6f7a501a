"""What libraries need as they load, or they end the process: asked before."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from typing import Final

from reverie.errors import ResourceError

#: Bytes that a process has to be allowed to take up so that every library can be loaded, and for each core.
LEAST, EACH_CORE = 1 << 30, 16 << 20
#: The same for verbs that load no network; and which they are.
LEAST_TO_LOOK: Final = 192 << 20
LOOKING: Final = ("networks", "classes")
#: What libraries say that cannot be loaded, or used, for want of memory.
_WORDS: Final = (
    "failed to map segment",
    "cannot allocate memory",
    "can't allocate memory",
    "out of memory",
    "can't start new thread",
)
#: The code of OpenCV's error for too little memory.
_OPENCV: Final = -4


def check_room(arguments: Sequence[str]) -> None:
    """Whether there is anything to work with: a folder to be in, and memory for what is to be loaded.

    Raises:
        ResourceError: The folder was deleted, or a limit of the shell (``ulimit -v``) leaves too little.
    """
    try:
        os.getcwd()
    except FileNotFoundError as error:
        raise ResourceError("the folder that you are in was deleted; go to another one") from error
    verb = next((word for word in arguments if not word.startswith("-")), None)
    if verb is None or "--help" in arguments or "-h" in arguments:
        return
    least = LEAST_TO_LOOK if verb in LOOKING else LEAST + EACH_CORE * (os.cpu_count() or 1)
    allowed = _allowed()
    if allowed is not None and allowed < least:
        raise ResourceError(
            f"out of memory: this process may take up {allowed >> 20} MB (ulimit -v), and needs "
            f"{least >> 20}; allow it more"
        )


def _allowed() -> int | None:
    """Bytes of addresses that this process may have; None where that is not limited."""
    try:
        import resource
    except ImportError:  # not on Windows
        return None
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    return None if soft == resource.RLIM_INFINITY else soft


def is_of_memory(error: BaseException) -> bool:
    """Whether an exception came of memory that ran out: also of a library that could not be loaded for it."""
    return any(map(_says_so, _causes(error)))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An exception, and those that it came of."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def opencv_ran_out(error: BaseException) -> bool:
    """Whether it is OpenCV's error for too little memory, which is no MemoryError and no RuntimeError."""
    return type(error).__module__ == "cv2" and getattr(error, "code", 0) == _OPENCV


def _says_so(error: BaseException) -> bool:
    if opencv_ran_out(error):
        return True
    if isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM:
        return True
    said = str(error).lower()
    return isinstance(error, ImportError | OSError | RuntimeError) and any(word in said for word in _WORDS)
