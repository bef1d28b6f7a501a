"""TIFFs of any layout, put together byte by byte from TIFF 6.0, with no reader's library."""

from __future__ import annotations

import lzma
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray

Values = tuple[str, Sequence[Any] | bytes]
#: Compression's number -> what packs a strip.
PACKERS: dict[int, Callable[[bytes], bytes]] = {
    1: lambda raw: raw,
    5: lambda raw: bytes(imagecodecs.lzw_encode(raw)),
    8: zlib.compress,
    32946: zlib.compress,
    32773: lambda raw: bytes(imagecodecs.packbits_encode(raw)),
    34925: lzma.compress,
    50000: lambda raw: bytes(imagecodecs.zstd_encode(raw)),
}
_TYPES = {"B": 1, "s": 2, "H": 3, "I": 4, "r": 5, "Q": 16}


@dataclass(frozen=True)
class Tiff:
    """One TIFF to be written.

    Attributes:
        samples: (H, W, channels): whole numbers of ``bits`` bits, or floating point.
        bits: Of a sample.
        photometric: What they mean.
        order: "<" or ">".
        big: Whether it is a BigTIFF.
        planes: Whether each channel lies on its own.
        tile: (across, down), or None for strips.
        rows: Of a strip.
        coding: Compression's number.
        predictor: 1, 2 or 3.
        fill: 2 where the bits of each byte are turned around.
        kind: SampleFormat, left out where None.
        extra: ExtraSamples.
        tags: More of them, or others in their place; None leaves one out.
        packed: The strips or tiles, where they are not made of ``samples``.
    """

    samples: NDArray[Any]
    bits: int = 8
    photometric: int = 2
    order: str = "<"
    big: bool = False
    planes: bool = False
    tile: tuple[int, int] | None = None
    rows: int = 16
    coding: int = 1
    predictor: int = 1
    fill: int = 1
    kind: int | None = None
    extra: tuple[int, ...] = ()
    tags: dict[int, Values | None] = field(default_factory=dict)
    packed: tuple[bytes, ...] = ()

    def write(self) -> bytes:
        """The file."""
        height, width, channels = self.samples.shape
        parts = list(self.packed) or [self._pack(part) for part in self._parts()]
        tags: dict[int, Values | None] = {
            256: ("I", [width]),
            257: ("I", [height]),
            258: ("H", [self.bits] * channels),
            259: ("H", [self.coding]),
            262: ("H", [self.photometric]),
            277: ("H", [channels]),
            284: ("H", [2 if self.planes else 1]),
        }
        if self.tile:
            tags |= {322: ("I", [self.tile[0]]), 323: ("I", [self.tile[1]])}
        else:
            tags |= {278: ("I", [self.rows])}
        if self.fill != 1:
            tags[266] = ("H", [self.fill])
        if self.predictor != 1:
            tags[317] = ("H", [self.predictor])
        if self.kind is not None:
            tags[339] = ("H", [self.kind] * channels)
        if self.extra:
            tags[338] = ("H", list(self.extra))
        return joined(parts, tags | self.tags, tiled=self.tile is not None, order=self.order, big=self.big)

    def _parts(self) -> Iterator[NDArray[Any]]:
        """(h, w, channels) each, in the order of the file; tiles are filled up with their last pixels."""
        across, down = self.tile or (self.samples.shape[1], self.rows)
        channels = range(self.samples.shape[2]) if self.planes else [slice(None)]
        for channel in channels:
            plane = self.samples[..., channel]
            plane = plane[..., None] if plane.ndim == 2 else plane
            for top in range(0, len(plane), down):
                for left in range(0, plane.shape[1], across):
                    part = plane[top : top + down, left : left + across]
                    if self.tile:
                        more = ((0, down - part.shape[0]), (0, across - part.shape[1]), (0, 0))
                        part = np.pad(part, more, mode="edge")
                    yield part

    def _pack(self, part: NDArray[Any]) -> bytes:
        if self.predictor == 2:
            part = np.concatenate([part[:, :1], part[:, 1:] - part[:, :-1]], axis=1)
        raw = _float_predicted(part, self.bits) if self.predictor == 3 else self._raw(part)
        packed = PACKERS[self.coding](raw)
        if self.fill == 2:
            packed = turned_bits(packed)
        return packed

    def _raw(self, part: NDArray[Any]) -> bytes:
        if part.dtype.kind == "f":
            if self.bits == 24:
                return _float24(part, self.order)
            return part.astype(f"{self.order}f{self.bits // 8}").tobytes()
        if part.dtype.kind == "c":
            return part.astype(f"{self.order}c{self.bits // 8}").tobytes()
        if self.bits in (8, 16, 32, 64):
            kind = "i" if part.dtype.kind == "i" else "u"
            return part.astype(f"{self.order}{kind}{self.bits // 8}").tobytes()
        rows = part.reshape(len(part), -1).astype(np.uint64)
        places = np.arange(self.bits - 1, -1, -1, dtype=np.uint64)
        bits = (rows[..., None] >> places & np.uint64(1)).astype(np.uint8)
        return np.packbits(bits.reshape(len(part), -1), axis=1).tobytes()


def turned_bits(data: bytes) -> bytes:
    """The bits of each byte, last first."""
    return np.packbits(np.unpackbits(np.frombuffer(data, np.uint8)).reshape(-1, 8)[:, ::-1]).tobytes()


def _float_predicted(part: NDArray[Any], bits: int) -> bytes:
    """Adobe's floating-point predictor: the bytes of a row by significance, then their differences."""
    size = bits // 8
    channels = part.shape[2]
    data = part.astype(f">f{size}").view(np.uint8).reshape(len(part), -1, size)
    spread = data.swapaxes(1, 2).reshape(len(part), -1)
    out = spread.copy()
    out[:, channels:] -= spread[:, :-channels]
    return out.tobytes()


def _float24(part: NDArray[Any], order: str) -> bytes:
    """1 sign, 7 exponent and 16 mantissa bits (Adobe's TIFF technical note 3)."""
    bits = part.astype(np.float32).reshape(-1).view(np.uint32)
    exponent = (bits >> 23 & 0xFF).astype(int) - 127 + 63
    mantissa = bits >> 7 & 0xFFFF
    packed = np.where(
        exponent <= 0, 0, bits >> 31 << 23 | (exponent.clip(0, 127) << 16).astype(np.uint32) | mantissa
    )
    data = packed.astype(">u4").view(np.uint8).reshape(-1, 4)[:, 1:]
    return (data if order == ">" else data[:, ::-1]).tobytes()


def joined(
    parts: Sequence[bytes],
    tags: dict[int, Values | None],
    *,
    tiled: bool = False,
    order: str = "<",
    big: bool = False,
) -> bytes:
    """A file of one directory, with its strips or tiles before it."""
    out = bytearray(16 if big else 8)
    offsets, counts = [], []
    for part in parts:
        offsets.append(len(out))
        counts.append(len(part))
        out += part + b"\0" * (len(part) % 2)
    whole: dict[int, Values | None] = {
        324 if tiled else 273: ("Q" if big else "I", offsets),
        325 if tiled else 279: ("I", counts),
    }
    at = _directory(out, {k: v for k, v in (whole | tags).items() if v is not None}, order, big)
    head = b"II" if order == "<" else b"MM"
    if big:
        out[:16] = head + struct.pack(f"{order}HHHQ", 43, 8, 0, at)
    else:
        out[:8] = head + struct.pack(f"{order}HI", 42, at)
    return bytes(out)


def _directory(out: bytearray, tags: dict[int, Any], order: str, big: bool) -> int:
    """Append values and directory; where the directory begins."""
    room, word = (8, "Q") if big else (4, "I")
    entries = []
    for tag, (code, values) in sorted(tags.items()):
        if isinstance(values, bytes):
            packed, count = values, len(values)
        elif code == "r":
            packed, count = (
                struct.pack(f"{order}{2 * len(values)}I", *(n for v in values for n in v)),
                len(values),
            )
        else:
            packed, count = struct.pack(f"{order}{len(values)}{code}", *values), len(values)
        if len(packed) > room:
            where = struct.pack(order + word, len(out))
            out += packed + b"\0" * (len(packed) % 2)
        else:
            where = packed.ljust(room, b"\0")
        entries.append(struct.pack(f"{order}HH{word}", tag, _TYPES[code], count) + where)
    at = len(out)
    out += struct.pack(order + ("Q" if big else "H"), len(entries)) + b"".join(entries) + bytes(room)
    return at
