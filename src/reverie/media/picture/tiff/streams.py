"""Strips and tiles that were packed as a stream of bytes, unpacked to no more than they can hold."""

from __future__ import annotations

import lzma
import zlib

PACK_BITS = 32773
#: Compression's numbers of LZW, Deflate (two of them), LZMA, Zstandard (two) and PackBits.
STREAMS = (5, 8, 32946, 34925, 50000, 34926, PACK_BITS)
_LZMA_MEMORY = 1 << 29  # eight times what its largest preset takes


def unpacked(packed: bytes, coding: int, most: int, turned: bool) -> bytes:
    """The bytes of a strip or tile.

    Args:
        packed: As it lies in the file.
        coding: One of ``STREAMS``, or 1 for bytes that are not packed.
        most: How many bytes may come of it; those beyond are left out, or refused.
        turned: Whether the bits of each byte lie the other way around (FillOrder 2).

    Raises:
        Exception: The stream is damaged; of many kinds, as each library has its own.
    """
    import imagecodecs

    if turned:
        packed = bytes(imagecodecs.bitorder_decode(packed))
    if coding == 1:
        return packed
    if coding in (8, 32946):
        return zlib.decompressobj().decompress(packed, most)
    if coding == 34925:
        return lzma.LZMADecompressor(memlimit=_LZMA_MEMORY).decompress(packed, most)
    if coding == 5:
        return bytes(imagecodecs.lzw_decode(packed, out=most))
    if coding == PACK_BITS:  # at most 64 times as long
        return bytes(imagecodecs.packbits_decode(packed)[:most])
    return bytes(imagecodecs.zstd_decode(packed, out=most))
