"""What the encoder says to the server, and the server to the stream's child: heads, bytes behind them."""

from __future__ import annotations

import asyncio
import json
import struct
from dataclasses import dataclass
from enum import Enum
from typing import IO, Any, Final

from reverie.errors import BadInput

_HEAD: Final = struct.Struct(">cBI")
#: Bytes behind one head at most.
LONGEST: Final = 32_000_000


class ParcelKind(Enum):
    """What a message holds."""

    PICTURE_HEAD = b"H"
    PICTURE = b"F"
    SOUND_HEAD = b"A"
    SOUND = b"S"
    WORDS = b"J"


@dataclass(frozen=True)
class Parcel:
    """One message.

    Attributes:
        kind: What ``data`` is: the head of an MP4, a fragment of one, or JSON.
        data: Its bytes.
        key: Whether decoding can begin with this fragment.
    """

    kind: ParcelKind
    data: bytes
    key: bool = False

    def packed(self) -> bytes:
        """As it travels."""
        return _HEAD.pack(self.kind.value, self.key, len(self.data)) + self.data

    def words(self) -> dict[str, Any]:
        """The object that its JSON describes; BadInput where it is none."""
        try:
            found = json.loads(self.data)
        except ValueError as error:
            raise BadInput("a message of a child process is no JSON") from error
        if not isinstance(found, dict):
            raise BadInput("a message of a child process is no object")
        return found


def words(**said: Any) -> Parcel:
    """An object as a message."""
    return Parcel(ParcelKind.WORDS, json.dumps(said).encode())


def _read_head(head: bytes) -> tuple[ParcelKind, bool, int]:
    kind, key, length = _HEAD.unpack(head)
    if length > LONGEST:
        raise BadInput("a message of a child process is too long")
    try:
        return ParcelKind(kind), bool(key), length
    except ValueError as error:
        raise BadInput("a message of a child process is of no kind that is known") from error


def read(stream: IO[bytes]) -> Parcel | None:
    """The next message; None where there will be none. BadInput of what is no message."""
    head = stream.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    kind, key, length = _read_head(head)
    data = stream.read(length)
    return Parcel(kind, data, key) if len(data) == length else None


async def receive(stream: asyncio.StreamReader) -> Parcel | None:
    """The next message; None where there will be none. BadInput of what is no message."""
    try:
        kind, key, length = _read_head(await stream.readexactly(_HEAD.size))
        return Parcel(kind, await stream.readexactly(length), key)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
