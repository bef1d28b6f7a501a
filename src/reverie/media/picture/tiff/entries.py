"""The entries of a TIFF's directories, as far as they have to be known before tifffile reads them."""

from __future__ import annotations

import struct
from collections.abc import Iterator

_SUB_DIRECTORIES = 330
_MOST_DIRECTORIES = 2000
_MOST_BELOW = 16  # more of one directory are not looked at by anyone
_MOST_ENTRIES = 4096


def longest_of(data: bytes, tags: frozenset[int]) -> int:
    """How many values the longest entry of these tags states; 0 where there is none.

    Args:
        data: The file. What is broken in it is passed over: who reads it says so.
        tags: Their numbers.
    """
    return max((count for tag, count, _ in _entries(data) if tag in tags), default=0)


def _entries(data: bytes) -> Iterator[tuple[int, int, int]]:
    """(tag, count, where its value or the value's place is stated) of all directories."""
    order = "<" if data[:2] == b"II" else ">"
    big = data[2:4] in (b"+\0", b"\0+")
    place, number, head = (
        (f"{order}Q", f"{order}Q", f"{order}HHQ") if big else (f"{order}I", f"{order}H", f"{order}HHI")
    )
    room = 8 if big else 4
    seen: set[int] = set()
    waiting = [_at(data, place, room)]
    while waiting and len(seen) < _MOST_DIRECTORIES:
        start = waiting.pop()
        count = _at(data, number, start)
        if start < 8 or start in seen or not 0 < count <= _MOST_ENTRIES:
            continue
        seen.add(start)
        first, size = start + struct.calcsize(number), struct.calcsize(head) + room
        for entry in range(first, first + count * size, size):
            if entry + size > len(data):
                break
            tag, _, values = struct.unpack_from(head, data, entry)
            where = entry + size - room
            yield tag, values, where
            if tag == _SUB_DIRECTORIES:
                waiting += _places(data, place, room, values, where)
        waiting.append(_at(data, place, first + count * size))


def _places(data: bytes, place: str, room: int, count: int, where: int) -> list[int]:
    """Where the directories below one begin."""
    start = where if count == 1 else _at(data, place, where)
    return [_at(data, place, start + index * room) for index in range(min(count, _MOST_BELOW))]


def _at(data: bytes, form: str, where: int) -> int:
    """A number of the file, or 0 beyond its end."""
    if where + struct.calcsize(form) > len(data):
        return 0
    return int(struct.unpack_from(form, data, where)[0])
