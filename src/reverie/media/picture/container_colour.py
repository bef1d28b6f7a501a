"""What the containers of BMP, AVIF and HEIC say of colours that Pillow passes over."""

from __future__ import annotations

import struct

from reverie.media.picture.described_colour import DescribedColour, by_code_points
from reverie.process.notices import warn

_V5, _EMBEDDED = 124, b"DEBM"  # length of the header with profiles; "MBED" as a little-endian number
_HEAD = 1 << 16  # where a still picture's boxes lie
_SRGB_PRIMARIES, _SRGB_CURVE = 1, 13
# Written by encoders of films for pictures that are sRGB, and shown as such everywhere; unspecified too.
_LIKE_SRGB = {"primaries": (2, 5, 6, 7), "transfer": (1, 2, 6, 7, 14, 15)}


def bmp_profile(data: bytes) -> bytes:
    """The colour profile that lies in a BMP (BITMAPV5HEADER, bV5ProfileData), or nothing."""
    if len(data) < 14 + _V5 or int.from_bytes(data[14:18], "little") != _V5 or data[70:74] != _EMBEDDED:
        return b""
    at, length = struct.unpack_from("<II", data, 126)
    return data[14 + at : 14 + at + length]


def boxed_colour(data: bytes, name: str) -> DescribedColour | None:
    """The colours of the code points in an AVIF or HEIC (ISO/IEC 23008-12, 6.5.5), or None for sRGB.

    Args:
        data: The file.
        name: What to call it in a warning.
    """
    at = data.find(b"colrnclx", 0, _HEAD)
    if at < 0 or at + 12 > len(data):
        return None
    primaries, transfer = struct.unpack_from(">HH", data, at + 8)
    primaries = _SRGB_PRIMARIES if primaries in _LIKE_SRGB["primaries"] else primaries
    transfer = _SRGB_CURVE if transfer in _LIKE_SRGB["transfer"] else transfer
    try:
        colour = by_code_points(primaries, transfer)
    except ValueError as error:
        warn(f"{name}: its colour description is ignored ({error}); colours may be off")
        return None
    if colour is not None and colour.high:
        warn(f"{name}: high dynamic range ({colour.high}); what is brighter than white is cut off")
    return colour
