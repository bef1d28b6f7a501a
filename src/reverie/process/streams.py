"""Standard input, output and error, whatever the shell left of them: no work is lost to what cannot be said.

Each of the three may be closed, full, or a pipe that nobody reads any more. What cannot be said is not said,
the work goes on, and whoever asks at the end hears what was lost.
"""

from __future__ import annotations

import errno
import io
import os
import select
import sys
from typing import Any

from reverie.errors import ResourceError


class _Careless(io.FileIO):
    """A file that is written to as far as it takes it, all at once; ``lost`` is the first error."""

    lost: OSError | None = None

    def write(self, data: Any, /) -> int:
        """Write; what cannot be written counts as written."""
        rest = memoryview(data).cast("B")
        whole = rest.nbytes
        while rest and self.lost is None:
            try:
                written = super().write(rest)
            except OSError as error:
                self.lost = error
                break
            if written is None:
                select.select([], [self], [])  # whoever reads it is not to be waited for, and is
            else:
                rest = rest[written:]
        return whole


class Streams:
    """The standard streams of this process, made safe to write to. Use it once, before anything is said."""

    def __init__(self) -> None:
        _fill_gaps()
        self.out, self.err = _Careless(1, "w", closefd=False), _Careless(2, "w", closefd=False)
        if _is_own(sys.stdout, 1):
            sys.stdout = _text(self.out, sys.stdout)
        if _is_own(sys.stderr, 2):
            sys.stderr = _text(self.err, sys.stderr)

    def settle(self) -> None:
        """Say what is still waiting to be said.

        Raises:
            ResourceError: A result could not be told, for another reason than that nobody wants to hear it.
        """
        for stream in (sys.stdout, sys.stderr):
            if stream is not None and not stream.closed:
                stream.flush()
        lost = self.out.lost
        if lost is not None and lost.errno != errno.EPIPE:
            raise ResourceError(f"standard output: cannot be written ({lost.strerror}); the work is done")


def _fill_gaps() -> None:
    """Put something in the place of each stream that is closed, or the next file opened would be in it.

    What is put there can be read only, so that writing fails as it would to a closed one.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            handle = os.open(os.devnull, os.O_RDONLY)
            if handle != number:
                os.dup2(handle, number)
                os.close(handle)
    if sys.stdin is None:
        sys.stdin = open(0, closefd=False)  # noqa: SIM115 (open as long as the process)


def _is_own(stream: Any, number: int) -> bool:
    """Whether this is the process's own stream of that number, or none; a notebook's is not."""
    try:
        return stream is None or bool(stream.fileno() == number)
    except (OSError, ValueError, AttributeError):
        return False


def _text(raw: _Careless, before: Any) -> io.TextIOWrapper:
    """A stream of text in the encoding of the one before; what that cannot say is written in escapes."""
    encoding = getattr(before, "encoding", None) or "utf-8"
    if before is not None:
        before.flush()
    if raw.fileno() == 2:
        # Nothing is held back: what is said on Ctrl-C may come within a line, which a buffer refuses.
        return io.TextIOWrapper(raw, encoding, "backslashreplace", write_through=True)
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding, "backslashreplace", line_buffering=raw.isatty())
