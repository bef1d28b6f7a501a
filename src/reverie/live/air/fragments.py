"""One or more encoded samples as a fragment of an MP4 of one track (ISO/IEC 14496-12, 8.8).

A muxer gives a fragment out when the next one begins, a frame late; what is live cannot wait for that.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

#: Bits of ``tfhd`` (base is the fragment's own), and of ``trun`` (offset; duration, size, flags of each).
_BASE_IS_MOOF: Final = 0x020000
_TRUN: Final = 0x000001 | 0x000100 | 0x000200 | 0x000400
#: Flags of a sample that can be decoded alone, and of one that needs those before it.
_ALONE: Final = 0x02000000
_LEANS: Final = 0x01010000


@dataclass(frozen=True)
class Sample:
    """An encoded frame, or a piece of sound.

    Attributes:
        data: As it lies in an MP4.
        ticks: How long it lasts, in ticks of its track.
        key: Whether it can be decoded alone.
    """

    data: bytes
    ticks: int
    key: bool = True


def fragment(number: int, time: int, samples: Sequence[Sample]) -> bytes:
    """A fragment of the first track.

    Args:
        number: Of the fragment, from 1.
        time: When its first sample is decoded, in ticks of the track.
        samples: At least one.
    """
    mfhd = _box(b"mfhd", struct.pack(">II", 0, number & 0xFFFFFFFF))
    tfhd = _box(b"tfhd", struct.pack(">II", _BASE_IS_MOOF, 1))
    tfdt = _box(b"tfdt", struct.pack(">IQ", 1 << 24, time))
    rows = b"".join(
        struct.pack(">III", one.ticks, len(one.data), _ALONE if one.key else _LEANS) for one in samples
    )
    head = 8 + len(mfhd) + 8 + len(tfhd) + len(tfdt) + 8 + 12 + len(rows)
    trun = _box(b"trun", struct.pack(">IIi", _TRUN, len(samples), head + 8) + rows)
    moof = _box(b"moof", mfhd + _box(b"traf", tfhd + tfdt + trun))
    return moof + _box(b"mdat", b"".join(one.data for one in samples))


def _box(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), name) + body


def boxes(data: bytes, begin: int = 0, end: int | None = None) -> Iterator[tuple[bytes, int, int]]:
    """The boxes in a part of a file: name, and where what is in each begins and ends."""
    place, last = begin, len(data) if end is None else end
    while place + 8 <= last:
        size, name = struct.unpack_from(">I4s", data, place)
        if size < 8 or place + size > last:
            return
        yield name, place + 8, place + size
        place += size


def before_fragments(data: bytes) -> bytes:
    """What stands before the first fragment of an MP4: its head, by which all fragments can be read."""
    end = 0
    for name, begin, after in boxes(data):
        if name == b"moof":
            return data[: begin - 8]
        end = after
    return data[:end]


def taken_apart(data: bytes) -> tuple[int, list[Sample]]:
    """The time and the samples of a fragment that ``fragment`` made; ValueError of anything else."""
    top = {name: (begin, end) for name, begin, end in boxes(data)}
    if not {b"moof", b"mdat"} <= set(top):
        raise ValueError("this is no fragment")
    (traf,) = (part for part in boxes(data, *top[b"moof"]) if part[0] == b"traf")
    inner = {name: (begin, end) for name, begin, end in boxes(data, *traf[1:])}
    (time,) = struct.unpack_from(">Q", data, inner[b"tfdt"][0] + 4)
    place = inner[b"trun"][0]
    _, count, _ = struct.unpack_from(">IIi", data, place)
    samples, at = [], top[b"mdat"][0]
    for row in range(count):
        ticks, size, flags = struct.unpack_from(">III", data, place + 12 + 12 * row)
        samples.append(Sample(data[at : at + size], ticks, flags == _ALONE))
        at += size
    return time, samples


def lengths_for_starts(data: bytes) -> bytes:
    """H.264 units behind their lengths (ISO/IEC 14496-15, 5.3), given behind start codes (H.264, annex B).

    No start code can stand within a unit, and none ends in a zero byte.
    """
    units = [unit.rstrip(b"\0") for unit in data.split(b"\0\0\1")[1:]]
    return b"".join(struct.pack(">I", len(unit)) + unit for unit in units)
