"""What the chunks before a PNG's pixels say that its samples mean (PNG third edition, 11.2 and 11.3)."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reverie.media.picture.described_colour import DescribedColour, by_code_points, by_gamma
from reverie.process.notices import warn

GREY, RGB = 0, 2


@dataclass(frozen=True)
class PngMeaning:
    """The chunks that count, each None where the file has none.

    Attributes:
        bits: Of a sample.
        kind: 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGB and alpha.
        transparent: The one grey or colour of grey or RGB that is transparent, as it lies in the file.
        code_points: Primaries, transfer, matrix and whether the full range is used (cICP).
        srgb: Whether it says that it is sRGB.
        gamma: The power by which light was written (gAMA).
        chromaticities: x and y of white, red, green and blue (cHRM).
    """

    bits: int
    kind: int
    transparent: tuple[int, ...] | None = None
    code_points: tuple[int, ...] | None = None
    srgb: bool = False
    gamma: float | None = None
    chromaticities: tuple[float, ...] | None = None


def png_meaning(data: bytes) -> PngMeaning:
    """What a PNG's chunks say; those whose checksum fails, or whose length is wrong, say nothing.

    Args:
        data: The file, whose header a decoder has accepted.
    """
    bits, kind = data[24], data[25]
    chunks = _before_pixels(data)
    channels = {GREY: 1, RGB: 3}.get(kind, 0)
    trns, gama, chrm, cicp = (chunks.get(each, b"") for each in (b"tRNS", b"gAMA", b"cHRM", b"cICP"))
    transparent = None
    if channels and len(trns) >= 2 * channels:  # only as many bits as a sample has count
        transparent = tuple(v & (2**bits - 1) for v in struct.unpack_from(f">{channels}H", trns))
    return PngMeaning(
        bits,
        kind,
        transparent,
        tuple(cicp) if len(cicp) == 4 else None,
        len(chunks.get(b"sRGB", b"")) == 1,
        int.from_bytes(gama, "big") / 100_000 if len(gama) == 4 and any(gama) else None,
        tuple(v / 100_000 for v in struct.unpack(">8I", chrm)) if len(chrm) == 32 else None,
    )


def _before_pixels(data: bytes) -> dict[bytes, bytes]:
    """The first chunk of each kind that stands before the pixels."""
    found: dict[bytes, bytes] = {}
    at = 8
    while at + 12 <= len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        kind = data[at + 4 : at + 8]
        if kind == b"IDAT" or end > len(data):
            break
        if kind in _COUNT and zlib.crc32(data[at + 4 : end - 4]) == int.from_bytes(
            data[end - 4 : end], "big"
        ):
            found.setdefault(kind, data[at + 8 : end - 4])
        at = end
    return found


_COUNT = (b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"cICP")


def described(meaning: PngMeaning, has_profile: bool, name: str) -> tuple[DescribedColour | None, bool]:
    """(the colours that the chunks describe, whether an ICC profile counts).

    cICP wins over a profile, that over sRGB, and that over gAMA and cHRM (PNG third edition, 4.3).

    Args:
        meaning: Of the file.
        has_profile: Whether it has a profile.
        name: What to call it in a warning.

    Returns:
        None for the colours where they are sRGB or unknown.
    """
    if meaning.code_points is not None:
        primaries, transfer, matrix, full = meaning.code_points
        try:
            if matrix != 0 or full > 1:
                raise ValueError(f"matrix {matrix} and range {full}")
            colour = by_code_points(primaries, transfer)
        except ValueError as error:
            warn(f"{name}: its cICP chunk is ignored ({error}); colours may be off")
        else:
            if colour is not None and colour.high:
                warn(
                    f"{name}: has high dynamic range ({colour.high}); what is brighter than white is cut off"
                )
            return colour, False
    if has_profile or meaning.srgb:
        return None, has_profile
    white_last = None
    if meaning.chromaticities is not None:
        white_last = (*meaning.chromaticities[2:], *meaning.chromaticities[:2])
    try:
        return by_gamma(meaning.gamma, white_last), False
    except ValueError as error:
        warn(f"{name}: its gAMA and cHRM chunks are ignored ({error}); colours may be off")
        return None, False


def narrow(meaning: PngMeaning) -> bool:
    """Whether samples keep room below black and above white (H.273, 8.3), as those of films do."""
    return meaning.code_points is not None and meaning.code_points[2:] == (0, 0)


def opacity(samples: NDArray[Any], meaning: PngMeaning) -> NDArray[np.float32] | None:
    """(H, W): 0 where the one transparent grey or colour is, and 1 elsewhere; None where there is none.

    Args:
        samples: (H, W) or (H, W, 3) as decoded: fewer than 8 bits are spread over 8.
        meaning: Of the file.
    """
    if meaning.transparent is None:
        return None
    spread = 255 // (2**meaning.bits - 1) if meaning.bits < 8 else 1
    wanted = np.array(meaning.transparent) * spread
    same = samples == wanted[0] if samples.ndim == 2 else (samples == wanted).all(axis=2)
    return np.asarray(~same, np.float32)
