"""WebP and AVIF: their frames by Pillow, which puts them together as their makers' own libraries do."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
from PIL import Image

from reverie.media.picture.detect_format import PILLOW
from reverie.media.picture.read import own_limit
from reverie.media.video.read.animation.stage import Bytes

#: Ticks a second.
CLOCK = 1000
#: Ticks that a frame is shown that says nothing of it; so browsers do.
_USUAL = 100


def opened(data: bytes, kind: str) -> Image.Image:
    """The animation, open; raises what Pillow does on one that is damaged."""
    with own_limit():
        return Image.open(io.BytesIO(data), formats=[PILLOW[kind]])


def frames(image: Image.Image) -> Iterator[Bytes]:
    """(H, W, 4) RGB and alpha of each; raises what Pillow does on a damaged one."""
    for number in range(getattr(image, "n_frames", 1)):
        image.seek(number)
        image.load()
        yield np.asarray(image.convert("RGBA"))


def lasting_in(image: Image.Image) -> list[int]:
    """Ticks that each frame of an AVIF is shown; raises what Pillow does on a damaged one."""
    begins, last = [], _USUAL
    for _ in frames(image):
        begins.append(round(image.info.get("timestamp", 0)))
        last = round(image.info.get("duration") or _USUAL)
    ends = [*begins[1:], begins[-1] + last]
    return [max(1, end - begin) for begin, end in zip(begins, ends, strict=True)]


def read_chunks(data: bytes) -> tuple[bytes, list[int], bool]:
    """A WebP without the frame that it ends in, how long each other is shown, and whether it was whole."""
    promised = 8 + int.from_bytes(data[4:8], "little")
    place, lasting = 12, []
    while place + 8 <= min(len(data), promised):
        length = int.from_bytes(data[place + 4 : place + 8], "little")
        after = place + 8 + length + length % 2
        if after > len(data):
            break
        if data[place : place + 4] == b"ANMF":
            lasting.append(int.from_bytes(data[place + 20 : place + 23], "little") or _USUAL)
        place = after
    if len(data) >= promised:
        return data, lasting, True
    return data[:4] + (place - 8).to_bytes(4, "little") + data[8:place], lasting, False
