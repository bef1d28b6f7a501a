"""GIF (GIF89a): its frames, where they stand and how long.

Pillow decodes each frame; it is handed over as a picture of its own, as its way to put frames together is
another than that of browsers: who clears a frame's box shows what lies behind the animation.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from PIL import Image

from reverie.media.picture.read import own_limit
from reverie.media.video.read.animation.stage import Bytes, Disposal, Piece

#: Disposals 4 to 7 are undefined; browsers take 4 for 3.
_DISPOSALS: dict[int, Disposal] = {2: "clear", 3: "back", 4: "back"}
#: Hundredths of a second that a frame is shown that says nothing of it; so browsers do.
_USUAL = 10


@dataclass
class Gif:
    """What a GIF's blocks say.

    Attributes:
        size: (width, height) of the canvas.
        aspect: Width of a pixel over its height.
        colours: The palette of all frames, 3 bytes each.
        pieces: Its frames; the first part of each is its palette, the second its pixels, from the byte that
            begins them.
        flags: Of each frame: interlaced, and the index that is transparent or None.
        whole: Whether nothing was missing.
    """

    size: tuple[int, int]
    aspect: Fraction
    colours: bytes
    pieces: list[Piece] = field(default_factory=list)
    flags: list[tuple[bool, int | None]] = field(default_factory=list)
    whole: bool = True

    clock = 100
    depth = 8
    clear = (255, 255, 255, 0)

    @property
    def rate(self) -> Fraction | None:
        """Frames a second where all last as long."""
        lasting = {piece.lasts for piece in self.pieces}
        return Fraction(self.clock, lasting.pop()) if len(lasting) == 1 else None

    def picture(self, number: int, parts: list[bytes]) -> Bytes:
        """A frame as (height, width, 4), RGB and alpha; raises what Pillow does on one that is damaged.

        Args:
            number: Which.
            parts: Its bytes.
        """
        (interlaced, clear), (_, _, width, height) = self.flags[number], self.pieces[number].box
        colours = parts[0] or self.colours
        depth = max(1, (len(colours) // 3 - 1).bit_length())
        side = width.to_bytes(2, "little") + height.to_bytes(2, "little")
        head = b"GIF89a" + side + bytes([(128 | depth - 1) if colours else 0, 0, 0]) + colours
        control = b"" if clear is None else b"\x21\xf9\x04\x01\0\0" + bytes([clear, 0])
        frame = b"\x2c\0\0\0\0" + side + bytes([64 if interlaced else 0]) + parts[1] + b"\0\x3b"
        with own_limit():
            image = Image.open(io.BytesIO(head + control + frame), formats=["GIF"])
        return np.asarray(image.convert("RGBA"))


def read_blocks(data: bytes, most: int) -> Gif:
    """What the blocks of a GIF say, as far as they are whole.

    Args:
        data: All of the file.
        most: Frames that are taken.

    """
    data = data.ljust(13, b"\0")
    width, height = int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little")
    table = 3 << (data[10] & 7) + 1 if data[10] & 128 else 0
    aspect = Fraction(data[12] + 15, 64) if data[12] else Fraction(1)
    gif = Gif((width, height), aspect, data[13 : 13 + table])
    place = 13 + table
    try:
        for _ in _frames(data, place, gif):
            if len(gif.pieces) >= most:
                break
    except IndexError:
        gif.whole = False
    gif.whole = gif.whole and bool(gif.pieces)
    if gif.pieces:  # browsers make room for the first frame, and for no other
        left, top, wide, high = gif.pieces[0].box
        gif.size = max(width, left + wide), max(height, top + high)
    return gif


def _frames(data: bytes, place: int, gif: Gif) -> Iterator[None]:
    """Take in one frame after the other; IndexError where the file ends too early."""
    control = bytes(4)  # of the next frame alone
    while place < len(data) and data[place] != 0x3B:  # many a file ends without saying so
        if data[place] == 0x21:
            if data[place + 1] == 0xF9 and data[place + 2] >= 4:
                control = data[place + 3 : place + 7]
            place = min(len(data), _after_blocks(data, place + 2))
        elif data[place] == 0x2C:
            place = _take(data, place, control, gif)
            control = bytes(4)
            yield
        else:  # some writers leave things in between
            place += 1


def _take(data: bytes, place: int, control: bytes, gif: Gif) -> int:
    """Take in the frame that stands here; where it ends."""
    left, top, width, height = (
        int.from_bytes(data[place + i : place + i + 2], "little") for i in (1, 3, 5, 7)
    )
    flags = data[place + 9]
    table = 3 << (flags & 7) + 1 if flags & 128 else 0
    begin = place + 10 + table
    end = min(len(data), _after_blocks(data, begin + 1))
    delay = int.from_bytes(control[1:3], "little")
    gif.pieces.append(
        Piece(
            box=(left, top, width, height),
            lasts=delay or _USUAL,
            dispose=_DISPOSALS.get(control[0] >> 2 & 7, "keep"),
            over=True,
            parts=((place + 10, table), (begin, end - begin)),
        )
    )
    gif.flags.append((bool(flags & 64), control[3] if control[0] & 1 else None))
    return end


def _after_blocks(data: bytes, place: int) -> int:
    """Where a row of sub-blocks ends; the last thing of a file may lack its end."""
    while place != len(data) and (length := data[place]):
        place += 1 + length
    return place + 1
