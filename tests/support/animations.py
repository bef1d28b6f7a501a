"""Animated pictures written byte by byte, and what their specifications say that each frame shows."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reverie.errors import BadInput
from reverie.media.video.read.frame import VideoFrame
from reverie.media.video.read.reader import open_video
from reverie.process.notices import collect_warnings
from support.films import chunk

Bytes = NDArray[np.uint8]
SIZE = (48, 40)
SIGNATURE = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Part:
    """A frame as it is stored.

    Attributes:
        picture: (h, w, 4) RGB and alpha.
        place: (left, top).
        dispose: "keep", "clear" or "back".
        over: Whether what is below shows through.
        lasts: Hundredths of a second.
    """

    picture: Bytes
    place: tuple[int, int] = (0, 0)
    dispose: str = "keep"
    over: bool = True
    lasts: int = 10


def shown(parts: Sequence[Part], clear: tuple[int, ...], size: tuple[int, int] = SIZE) -> list[Bytes]:
    """What each frame shows, from nothing, as the specifications put it; alpha is 0 or 255."""
    empty = np.empty((size[1], size[0], 4), np.uint8)
    empty[:] = clear

    def before(number: int) -> Bytes:
        if number == 0:
            return empty.copy()
        last = parts[number - 1]
        if last.dispose == "back":
            return before(number - 1)
        found = after(number - 1)
        if last.dispose == "clear":
            for y, x in _inside(last, size):
                found[y, x] = clear
        return found

    def after(number: int) -> Bytes:
        found, part = before(number), parts[number]
        for y, x in _inside(part, size):
            pixel = part.picture[y - part.place[1], x - part.place[0]]
            if pixel[3] or not part.over:
                found[y, x] = pixel
        return found

    return [after(number) for number in range(len(parts))]


def _inside(part: Part, size: tuple[int, int]) -> list[tuple[int, int]]:
    height, width = part.picture.shape[:2]
    rows = range(part.place[1], min(part.place[1] + height, size[1]))
    return [(y, x) for y in rows for x in range(part.place[0], min(part.place[0] + width, size[0]))]


def read_or_refused(path: Path) -> tuple[list[VideoFrame], str]:
    """The frames of a film and what was said; none, and the error, where it is refused."""
    with collect_warnings(lambda text: None) as said:
        try:
            with open_video(path) as movie:
                found = list(movie.frames())
        except BadInput as error:
            return [], str(error)
    return found, " ".join(said)


# -- GIF -------------------------------------------------------------------------------------------------

_DISPOSALS = {"keep": 1, "clear": 2, "back": 3}


def gif(
    parts: Sequence[Part],
    *,
    size: tuple[int, int] = SIZE,
    local: bool = False,
    interlaced: bool = False,
    trailer: bool = True,
) -> bytes:
    """A GIF of these parts; colours are looked up in one palette, or in one for each frame."""
    colours = _colours(np.concatenate([part.picture.reshape(-1, 4) for part in parts]))
    data = b"GIF89a" + struct.pack("<HHBBB", *size, 0x70 if local else 0xF7, 0, 0)
    if not local:
        data += _palette(colours)
    for part in parts:
        own = _colours(part.picture.reshape(-1, 4)) if local else colours
        index = np.array([own.index(tuple(p)) if p[3] else 255 for p in part.picture.reshape(-1, 4).tolist()])
        clear = bool((part.picture[..., 3] == 0).any())
        control = _DISPOSALS[part.dispose] << 2 | clear
        data += b"\x21\xf9\x04" + struct.pack("<BHBB", control, part.lasts, 255, 0)
        height, width = part.picture.shape[:2]
        flags = (0x87 if local else 0) | (0x40 if interlaced else 0)
        data += b"\x2c" + struct.pack("<4HB", *part.place, width, height, flags)
        data += _palette(own) if local else b""
        rows = index.reshape(height, width)
        if interlaced:
            rows = rows[[y for a, b in ((0, 8), (4, 8), (2, 4), (1, 2)) for y in range(a, height, b)]]
        data += _unpacked(rows.ravel().tolist())
    return data + (b"\x3b" if trailer else b"")


def _colours(pixels: Bytes) -> list[tuple[int, ...]]:
    found = sorted({tuple(pixel) for pixel in pixels.tolist() if pixel[3]})
    assert len(found) < 255
    return found


def _palette(colours: list[tuple[int, ...]]) -> bytes:
    return b"".join(bytes(colour[:3]) for colour in colours).ljust(768, b"\x55")


def _unpacked(index: list[int]) -> bytes:
    """LZW that never packs: codes of 9 bits, begun again before they would grow (GIF89a, appendix F)."""
    bits = count = 0
    for number, value in enumerate(index):
        for code in ([256] if number % 250 == 0 else []) + [value]:
            bits |= code << count
            count += 9
    bits |= 257 << count
    body = bits.to_bytes((count + 16) // 8, "little")
    blocks = (body[i : i + 255] for i in range(0, len(body), 255))
    return b"\x08" + b"".join(bytes([len(block)]) + block for block in blocks) + b"\0"


# -- APNG ------------------------------------------------------------------------------------------------


def apng(
    parts: Sequence[Part],
    *,
    kind: int = 6,
    depth: int = 8,
    size: tuple[int, int] = SIZE,
    default: bool = False,
    promised: int | None = None,
    key: bytes = b"",
) -> bytes:
    """An APNG of these parts.

    Args:
        kind: Colour type: 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGB and alpha.
        depth: Bits a sample.
        default: Whether a picture comes first that is no frame.
        promised: Frames that it says it has, if not all.
        key: The body of a tRNS: the samples of a colour that is transparent.
    """
    colours = _colours(np.concatenate([part.picture.reshape(-1, 4) for part in parts])) if kind == 3 else []
    data = SIGNATURE + chunk(b"IHDR", struct.pack(">II5B", *size, depth, kind, 0, 0, 0))
    data += chunk(b"acTL", struct.pack(">II", len(parts) if promised is None else promised, 0))
    if kind == 3:
        most = 1 << depth
        table = b"\7\7\7" + b"".join(bytes(colour[:3]) for colour in colours)
        assert len(table) <= 3 * most
        data += chunk(b"PLTE", table) + chunk(b"tRNS", b"\0")
    elif key:
        data += chunk(b"tRNS", key)
    if default:
        other = np.full((size[1], size[0], 4), 255, np.uint8)
        data += chunk(b"IDAT", _rows(other, kind, depth, colours))
    sequence = 0
    for number, part in enumerate(parts):
        height, width = part.picture.shape[:2]
        dispose = {"keep": 0, "clear": 1, "back": 2}[part.dispose]
        numbers = (sequence, width, height, *part.place, part.lasts, 100, dispose, part.over)
        data += chunk(b"fcTL", struct.pack(">5I2H2B", *numbers))
        body = _rows(part.picture, kind, depth, colours)
        sequence += 1
        if number == 0 and not default:
            data += chunk(b"IDAT", body)
        else:
            data += chunk(b"fdAT", struct.pack(">I", sequence) + body)
            sequence += 1
    return data + chunk(b"IEND", b"")


def _rows(picture: Bytes, kind: int, depth: int, colours: list[tuple[int, ...]]) -> bytes:
    import zlib

    samples: Any = {0: picture[..., :1], 2: picture[..., :3], 4: picture[..., [0, 3]], 6: picture}.get(kind)
    if kind == 3:
        flat = picture.reshape(-1, 4).tolist()
        index = [colours.index(tuple(pixel)) + 1 if pixel[3] and colours else 0 for pixel in flat]
        samples = np.array(index).reshape(*picture.shape[:2], 1)
    elif depth < 8:
        samples = samples >> 8 - depth
    if depth == 16:
        lines = [(line.astype(np.uint16) * 257).astype(">u2").tobytes() for line in samples]
    else:
        lines = [_bits(line.ravel(), depth) for line in samples]
    return zlib.compress(b"".join(b"\0" + line for line in lines))


def _bits(line: Any, depth: int) -> bytes:
    each = (line[:, None].astype(np.uint8) >> np.arange(depth - 1, -1, -1)) & 1
    return np.packbits(each.astype(np.uint8)).tobytes()
