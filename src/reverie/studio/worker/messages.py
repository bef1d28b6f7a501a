"""What the server and its children say to each other: JSON objects, each with bytes behind it or none.

A message is eight bytes, the lengths of both parts, big-endian, and then both parts.
"""

from __future__ import annotations

import asyncio
import json
import struct
import threading
from typing import IO, Any, Final

from reverie.errors import BadInput

_LENGTHS: Final = struct.Struct(">II")
#: Why an errand ended before its time: a visitor's job came.
MADE_WAY: Final = "made way"
#: Bytes of either part of a message.
LONGEST: Final = 64_000_000

Said = tuple[dict[str, Any], bytes]


def packed(message: dict[str, Any], more: bytes = b"") -> bytes:
    """A message as it travels."""
    head = json.dumps(message).encode()
    return _LENGTHS.pack(len(head), len(more)) + head + more


def read(stream: IO[bytes]) -> Said | None:
    """The next message; None where there will be none."""
    lengths = stream.read(_LENGTHS.size)
    if len(lengths) < _LENGTHS.size:
        return None
    head, more = _LENGTHS.unpack(lengths)
    _check(head, more)
    return json.loads(stream.read(head)), stream.read(more)


async def receive(stream: asyncio.StreamReader) -> Said | None:
    """The next message; None where there will be none."""
    try:
        head, more = _LENGTHS.unpack(await stream.readexactly(_LENGTHS.size))
        _check(head, more)
        return json.loads(await stream.readexactly(head)), await stream.readexactly(more)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


class Voice:
    """Says messages to a stream, from several threads, one after the other."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream, self._turn = stream, threading.Lock()

    def say(self, message: dict[str, Any], more: bytes = b"") -> None:
        """One message."""
        with self._turn:
            self._stream.write(packed(message, more))
            self._stream.flush()


def _check(head: int, more: int) -> None:
    if head > LONGEST or more > LONGEST:
        raise BadInput("a message of a child process is too long")
