"""Animated PNG (PNG, third edition): its frames, where they stand and how long.

Each frame is decoded as a PNG of its own: 16 bits a channel, palettes and all.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction

import cv2
import numpy as np
from PIL import Image

from reverie.media.picture.read import own_limit
from reverie.media.video.read.animation.stage import Bytes, Disposal, Piece

#: Ticks a second.
CLOCK = 100_000
#: What is shown without a time is shown for this long.
_USUAL = Fraction(1, 15)
_DISPOSALS: tuple[Disposal, ...] = ("keep", "clear", "back")
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


@dataclass
class Apng:
    """What an APNG's chunks say.

    Attributes:
        header: The body of its IHDR.
        palette: The body of its PLTE, or nothing.
        key: The body of its tRNS, or nothing.
        promised: How many frames it says that it has.
        pieces: Its frames; their parts are what their chunks of pixels hold.
        rates: Frames a second of each, exactly.
        whole: Whether nothing was missing or out of order.
    """

    header: bytes
    palette: bytes = b""
    key: bytes = b""
    promised: int = 0
    pieces: list[Piece] = field(default_factory=list)
    rates: set[Fraction] = field(default_factory=set)
    whole: bool = True

    clock = CLOCK
    clear = (0, 0, 0, 0)
    aspect = Fraction(1)

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the canvas."""
        width, height = struct.unpack_from(">II", self.header)
        return width, height

    @property
    def depth(self) -> int:
        """Bits a channel, 8 or 16."""
        return 16 if self.header[8] == 16 else 8

    @property
    def rate(self) -> Fraction | None:
        """Frames a second where all last as long."""
        return next(iter(self.rates)) if len(self.rates) == 1 else None

    def picture(self, number: int, parts: list[bytes]) -> Bytes:
        """A frame as (height, width, 4), RGB and alpha of 8 bits; raises what decoders do on damage."""
        _, _, width, height = self.pieces[number].box
        kind = self.header[9]
        head = struct.pack(">II", width, height) + self.header[8:]
        body = [(b"IHDR", head)] + ([(b"PLTE", self.palette)] if self.palette else [])
        if kind == 3 and self.key:
            body.append((b"tRNS", self.key))
        data = _SIGNATURE + b"".join(
            _chunk(*each) for each in [*body, (b"IDAT", b"".join(parts)), (b"IEND", b"")]
        )
        if self.depth == 16:
            check = zlib.decompressobj()
            check.decompress(b"".join(parts), 16 * (width + 8) * (height + 8))
            if not check.eof:  # OpenCV would give what there is
                raise ValueError("a frame is cut short")
            return _deep(data, self.key)
        with own_limit():
            image = Image.open(io.BytesIO(data), formats=["PNG"])
        found = np.array(image.convert("RGBA"))
        if kind in (0, 2) and self.key:  # one colour that is transparent, stated in the file's own bits
            key = np.frombuffer(self.key[: 2 if kind == 0 else 6], ">u2").astype(np.int64)
            key = key * 255 // ((1 << self.header[8]) - 1)
            found[(found[..., :3] == key).all(2), 3] = 0
        return found


class _OutOfOrder(Exception):
    """It breaks the rules from here on."""


def read_chunks(data: bytes, most: int) -> Apng:
    """What the chunks of an APNG say, as far as they are whole and in order.

    Its picture for those who know no animations is a frame only where the animation says so.

    Args:
        data: All of the file.
        most: Frames that are taken.
    """
    apng = Apng(data[16:29].ljust(13, b"\0"))
    control: bytes | None = None
    parts: list[tuple[int, int]] = []
    sequence = 0
    try:
        for name, place, length in _chunks(data):
            if name == b"PLTE":
                apng.palette = data[place : place + length]
            elif name == b"tRNS":
                apng.key = data[place : place + length]
            elif name == b"acTL":
                apng.promised = int.from_bytes(data[place : place + 4], "big")
            elif name in (b"fcTL", b"fdAT"):
                if int.from_bytes(data[place : place + 4], "big") != sequence:
                    raise _OutOfOrder
                sequence += 1
            if name in (b"fcTL", b"IEND"):
                ended, held = control, parts
                control, parts = data[place : place + length], []
                _put(apng, ended, held)
            elif name == b"IDAT" and control is not None:
                parts.append((place, length))
            elif name == b"fdAT":
                if control is None:
                    raise _OutOfOrder
                parts.append((place + 4, length - 4))
    except _OutOfOrder:
        apng.whole = False
        if _complete(data, parts):
            with suppress(_OutOfOrder):
                _put(apng, control, parts)
    apng.whole = apng.whole and len(apng.pieces) >= apng.promised
    del apng.pieces[min(most, apng.promised) :]
    return apng


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """(name, where its body begins, how long that is) of each whole chunk."""
    place = 8
    while place + 12 <= len(data):
        length, name = int.from_bytes(data[place : place + 4], "big"), data[place + 4 : place + 8]
        if place + 12 + length > len(data):
            raise _OutOfOrder
        yield name, place + 8, length
        if name == b"IEND":
            return
        place += 12 + length
    raise _OutOfOrder


def _complete(data: bytes, parts: list[tuple[int, int]]) -> bool:
    """Whether these are all the pixels of a frame: their stream says where it ends."""
    stream = zlib.decompressobj()
    rest = b"".join(data[place : place + length] for place, length in parts)
    try:
        while rest and not stream.eof:
            stream.decompress(rest, 1 << 20)
            rest = stream.unconsumed_tail
    except zlib.error:
        return False
    return stream.eof


def _put(apng: Apng, control: bytes | None, parts: list[tuple[int, int]]) -> None:
    """Take in the frame that ends here."""
    if control is None:
        return
    if len(control) != 26 or not parts:
        raise _OutOfOrder
    _, width, height, left, top, count, each, dispose, blend = struct.unpack(">5I2H2B", control)
    wide, high = apng.size
    if not (0 < width <= wide - left and 0 < height <= high - top) or dispose > 2 or blend > 1:
        raise _OutOfOrder
    lasts = Fraction(count, each or 100) or _USUAL
    first = not apng.pieces
    apng.rates.add(1 / lasts)
    apng.pieces.append(
        Piece(
            box=(left, top, width, height),
            lasts=max(1, int(lasts * CLOCK + Fraction(1, 2))),
            dispose="clear" if first and dispose == 2 else _DISPOSALS[dispose],
            over=blend == 1 and not first,
            parts=tuple(parts),
        )
    )


def _deep(data: bytes, clear: bytes) -> Bytes:
    """A frame of 16 bits a channel."""
    found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if found is None:
        raise ValueError("a frame is damaged")
    raw: np.ndarray = found if found.ndim == 3 else np.repeat(found[..., None], 3, 2)
    alpha = raw[..., 3:] if raw.shape[2] == 4 else np.full((*raw.shape[:2], 1), 65535, raw.dtype)
    rgb = raw[..., 2::-1]
    if clear:
        key = np.frombuffer(clear[:6], ">u2")
        alpha = np.where((rgb == key).all(2, keepdims=True), 0, alpha)
    whole = np.concatenate([rgb, alpha], axis=2)
    return ((whole.astype(np.uint32) + 128) // 257).astype(np.uint8)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
