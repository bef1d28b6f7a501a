"""The size that a strip or tile states which is a picture file itself: JPEG, JPEG 2000, WebP.

Their decoders make room for what is stated, so it is asked before they are.
"""

from __future__ import annotations

import struct

_MOST_CHANNELS = 5


def jpeg_size(data: bytes) -> tuple[int, int] | None:
    """(width, height) of a JPEG's frame header, or None where it has none (ITU-T T.81, B.2.2)."""
    at = 0
    while 0 <= at < len(data) - 1:
        at = data.find(b"\xff", at)
        if at < 0 or at + 10 > len(data):
            return None
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from(">HH", data, at + 5)
            return width, height
        elif marker == 0xDA:
            return None
        elif marker in (0x00, 0x01) or 0xD0 <= marker <= 0xD9:
            at += 2
        else:
            at += 2 + max(2, int.from_bytes(data[at + 2 : at + 4], "big"))
    return None


def jpeg_2000_size(data: bytes) -> tuple[int, int] | None:
    """(width, height) of a JPEG 2000 codestream of up to five channels, or None (ITU-T T.800, A.5.1)."""
    at = data.find(b"\xff\x4f\xff\x51")
    if at < 0 or at + 42 > len(data) or int.from_bytes(data[at + 40 : at + 42], "big") > _MOST_CHANNELS:
        return None
    across, down, left, top = struct.unpack_from(">4I", data, at + 8)
    return across - left, down - top


def webp_size(data: bytes) -> tuple[int, int] | None:
    """(width, height) of a WebP's canvas or its one picture, or None (RFC 9649, 2.5 to 2.7)."""
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP" or len(data) < 30:
        return None
    if data[12:16] == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if data[12:16] == b"VP8L":
        (packed,) = struct.unpack_from("<I", data, 21)
        return (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1
    if data[12:16] == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    return None
