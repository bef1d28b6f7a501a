"""Over a hundred PNGs put together chunk by chunk, each with the picture it must be read as."""

from __future__ import annotations

import itertools
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from support.bad_inputs.corpus import chunk, photo

Floats = NDArray[np.float64]
WIDTH, HEIGHT = 71, 45
RGB = photo(WIDTH, HEIGHT) / 255.0
GREY = RGB[..., :1]
KINDS = {"grey": 0, "rgb": 2, "palette": 3, "grey-alpha": 4, "rgb-alpha": 6}


@dataclass(frozen=True)
class Png:
    """One PNG.

    Attributes:
        name: What it is, in a few words.
        data: The file.
        pixels: (H, W, 3) in [0, 1].
        alpha: (H, W), or None.
        warns: Words of the warning it is read with.
    """

    name: str
    data: bytes
    pixels: Floats
    alpha: Floats | None = None
    warns: str = ""

    def __str__(self) -> str:
        return self.name


def png(samples: NDArray[np.integer], bits: int, kind: int, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG of (H, W, channels) with chunks before its pixels."""
    height, width = samples.shape[:2]
    rows = samples.reshape(height, -1).astype(np.uint32)
    places = np.arange(bits - 1, -1, -1)
    packed = np.packbits((rows[..., None] >> places & 1).astype(np.uint8).reshape(height, -1), axis=1)
    raw = b"".join(b"\0" + row.tobytes() for row in packed)
    header = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0)
    parts = [chunk(b"IHDR", header), *(chunk(*each) for each in chunks)]
    parts += [chunk(b"IDAT", zlib.compress(raw)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def whole(values: Floats, bits: int) -> NDArray[np.integer]:
    return np.rint(values * (2**bits - 1)).astype(np.uint16)


def keyed() -> Iterator[Png]:
    """One transparent grey or colour, at every depth; bits beyond the depth do not count."""
    for bits, high, which in itertools.product((1, 2, 4, 8, 16), (False, True), ("black", "white", "middle")):
        samples = whole(GREY, bits)
        key = {"black": 0, "white": 2**bits - 1, "middle": int(samples[20, 30, 0])}[which]
        stated = key | (0x5A00 & ~(2**bits - 1) if high else 0)
        data = png(samples, bits, 0, (b"tRNS", struct.pack(">H", stated)))
        alpha = (samples[..., 0] != key).astype(float)
        shown = np.broadcast_to(samples / (2**bits - 1), RGB.shape)
        yield Png(f"key-grey-{bits}-{which}{'-high' if high else ''}", data, shown, alpha)
    for bits, place in itertools.product((8, 16), ((0, 0), (20, 30), (44, 70))):
        samples = whole(RGB, bits)
        key = samples[place]
        data = png(samples, bits, 2, (b"tRNS", struct.pack(">3H", *key)))
        alpha = (samples != key).any(axis=2).astype(float)
        yield Png(f"key-rgb-{bits}-{place}", data, samples / (2**bits - 1), alpha)
    for bits, count in itertools.product((1, 2, 4, 8), (1, 2)):
        indices = (np.arange(HEIGHT * WIDTH) % 2**bits).reshape(HEIGHT, WIDTH, 1)
        table = np.random.default_rng(bits).integers(0, 256, (2**bits, 3)).astype(np.uint8)
        opacity = np.full(2**bits, 255)
        opacity[:count] = [0, 128][:count]
        trns = opacity[:count].astype(np.uint8).tobytes()
        data = png(indices, bits, 3, (b"PLTE", table.tobytes()), (b"tRNS", trns))
        shown, alpha = table[indices[..., 0]] / 255, opacity[indices[..., 0]] / 255
        yield Png(f"palette-{bits}-{count}", data, shown, alpha)


# -- colours ------------------------------------------------------------------------------------------------


def srgb(light: Floats) -> Floats:
    light = np.clip(light, 0, 1)
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def srgb_light(samples: Floats) -> Floats:
    return np.where(samples <= 0.04045, samples / 12.92, ((samples + 0.055) / 1.055) ** 2.4)


def bt709_light(samples: Floats) -> Floats:
    return np.where(samples < 0.081, samples / 4.5, ((samples + 0.099) / 1.099) ** (1 / 0.45))


# Linear Display P3 and BT.2020 to linear sRGB, as CSS Color 4 and BT.2087 print them.
P3 = np.array([[1.2249, -0.2249, 0], [-0.0420, 1.0420, 0], [-0.0197, -0.0786, 1.0983]])
BT2020 = np.array([[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]])
SRGB_CHRM = (31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
P3_CHRM = (31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)


def gama(value: float) -> tuple[bytes, bytes]:
    return b"gAMA", struct.pack(">I", round(value * 100_000))


def chrm(values: tuple[int, ...]) -> tuple[bytes, bytes]:
    return b"cHRM", struct.pack(">8I", *values)


def iccp(profile: bytes) -> tuple[bytes, bytes]:
    return b"iCCP", b"icc\0\0" + zlib.compress(profile)


def cicp(*values: int) -> tuple[bytes, bytes]:
    return b"cICP", bytes(values)


def _coloured(name: str, want: Floats, *chunks: tuple[bytes, bytes], warns: str = "") -> Iterator[Png]:
    """RGB of 8 and 16 bits, with and without alpha, the colours of which become ``want``."""
    alpha = np.linspace(0, 1, WIDTH)[None].repeat(HEIGHT, 0)[..., None]
    for bits, with_alpha in itertools.product((8, 16), (False, True)):
        stored = np.concatenate([RGB, alpha], axis=2) if with_alpha else RGB
        data = png(whole(stored, bits), bits, 6 if with_alpha else 2, *chunks)
        full = f"{name}-{bits}{'-alpha' if with_alpha else ''}"
        yield Png(full, data, want, alpha[..., 0] if with_alpha else None, warns)


def coloured() -> Iterator[Png]:
    """gAMA, cHRM, sRGB and cICP, alone and against each other."""
    ignored = "cICP chunk is ignored"
    wanted = {
        "gamma-1": (srgb(RGB), [gama(1.0)], ""),
        "gamma-1.8": (srgb(RGB**1.8), [gama(1 / 1.8)], ""),
        "gamma-2.2": (RGB, [gama(0.45455)], ""),
        "gamma-0": (RGB, [gama(0)], ""),
        "gamma-odd": (RGB, [gama(400)], "gAMA and cHRM chunks are ignored"),
        "gamma-srgb-primaries": (srgb(RGB), [gama(1.0), chrm(SRGB_CHRM)], ""),
        "gamma-p3": (srgb(RGB**1.8 @ P3.T), [gama(1 / 1.8), chrm(P3_CHRM)], ""),
        "p3-alone": (srgb(srgb_light(RGB) @ P3.T), [chrm(P3_CHRM)], ""),
        "primaries-of-nothing": (RGB, [chrm((0,) * 8)], "gAMA and cHRM chunks are ignored"),
        "srgb-wins-over-gamma": (RGB, [gama(1.0), (b"sRGB", b"\0")], ""),
        "srgb-wins-over-chrm": (RGB, [gama(1.0), chrm(P3_CHRM), (b"sRGB", b"\0")], ""),
        "cicp-srgb": (RGB, [cicp(1, 13, 0, 1)], ""),
        "cicp-srgb-wins-over-gamma": (RGB, [gama(1.0), cicp(1, 13, 0, 1)], ""),
        "cicp-p3": (srgb(srgb_light(RGB) @ P3.T), [cicp(12, 13, 0, 1)], ""),
        "cicp-p3-wins-over-srgb": (srgb(srgb_light(RGB) @ P3.T), [(b"sRGB", b"\0"), cicp(12, 13, 0, 1)], ""),
        "cicp-linear": (srgb(RGB), [cicp(1, 8, 0, 1)], ""),
        "cicp-2.2": (srgb(RGB**2.2), [cicp(1, 4, 0, 1)], ""),
        "cicp-709": (srgb(bt709_light(RGB)), [cicp(1, 1, 0, 1)], ""),
        "cicp-2020": (srgb(bt709_light(RGB) @ BT2020.T), [cicp(9, 14, 0, 1)], ""),
        "cicp-narrow": ((((RGB * 255) - 16) / 219).clip(0, 1), [cicp(1, 13, 0, 0)], ""),
        "cicp-unspecified": (RGB, [cicp(2, 2, 0, 1)], ignored),
        "cicp-unspecified-falls-back": (srgb(RGB), [gama(1.0), cicp(2, 2, 0, 1)], ignored),
        "cicp-matrix": (RGB, [cicp(1, 13, 1, 1)], ignored),
        "cicp-reserved": (RGB, [cicp(3, 99, 0, 1)], ignored),
        "cicp-short": (RGB, [(b"cICP", b"\1\x0d\0")], ""),
    }
    for name, (want, chunks, warns) in wanted.items():
        yield from _coloured(name, want, *chunks, warns=warns)


def greys() -> Iterator[Png]:
    """Fewer bits, palettes and grey of a gamma."""
    for bits in (1, 2, 4, 8, 16):
        samples = whole(GREY, bits)
        shown = np.broadcast_to(samples / (2**bits - 1), RGB.shape)
        yield Png(f"grey-{bits}", png(samples, bits, 0), shown)
        yield Png(f"grey-gamma-{bits}", png(samples, bits, 0, gama(1.0)), srgb(shown))
        key = struct.pack(">H", 0)
        data = png(samples, bits, 0, gama(1.0), (b"tRNS", key))
        yield Png(f"grey-gamma-key-{bits}", data, srgb(shown), (samples[..., 0] != 0).astype(float))
    table = np.stack([np.arange(256)] * 3, axis=1).astype(np.uint8)
    data = png(whole(GREY, 8), 8, 3, gama(1.0), (b"PLTE", table.tobytes()))
    yield Png("palette-gamma", data, srgb(np.broadcast_to(GREY, RGB.shape)))
    for bits in (8, 16):
        both = np.concatenate([GREY, np.full_like(GREY, 0.5)], axis=2)
        data = png(whole(both, bits), bits, 4, gama(1.0))
        alpha = np.full((HEIGHT, WIDTH), whole(both, bits)[0, 0, 1] / (2**bits - 1))
        yield Png(f"grey-alpha-gamma-{bits}", data, srgb(np.broadcast_to(GREY, RGB.shape)), alpha)


def pngs() -> list[Png]:
    """All of them."""
    return [*keyed(), *coloured(), *greys()]
