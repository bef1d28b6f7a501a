from __future__ import annotations

import io
import struct

import numpy as np
import pytest
import tifffile

from reverie.media.picture.tiff.entries import longest_of
from support.pictures import PHOTO
from support.tiffs import Tiff

TAG = 60_000


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("count", [0, 1, 5, 3000])
def test_the_longest_entry(order: str, big: bool, count: int) -> None:
    tags = {TAG: ("H", [7] * count)} if count else {}
    data = Tiff(PHOTO, order=order, big=big, tags=tags).write()
    assert longest_of(data, frozenset((TAG, 1))) == count
    assert longest_of(data, frozenset((1,))) == 0


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("below", [1, 3])
def test_directories_below_and_after(byteorder: str, big: bool, below: int) -> None:
    out = io.BytesIO()
    with tifffile.TiffWriter(out, bigtiff=big, byteorder=byteorder) as file:
        file.write(PHOTO, metadata=None)
        file.write(PHOTO, metadata=None, subifds=below)
        for index in range(below):
            file.write(PHOTO, metadata=None, extratags=[(TAG, 3, 10 + index, (1,) * (10 + index), True)])
    assert longest_of(out.getvalue(), frozenset((TAG,))) == 9 + below


def test_circles_and_broken_files_end() -> None:
    data = bytearray(Tiff(PHOTO, tags={330: ("I", [8] * 100_000), TAG: ("H", [1, 2, 3])}).write())
    data[-4:] = data[4:8]
    assert longest_of(bytes(data), frozenset((TAG,))) == 3
    random = np.random.default_rng(0)
    for _ in range(300):
        broken = bytearray(data)
        for place in random.integers(len(data) - 200, len(data), 6):
            broken[place] = random.integers(256)
        longest_of(bytes(broken), frozenset((TAG,)))
        longest_of(bytes(broken[: random.integers(4, len(broken))]), frozenset((TAG,)))
    assert longest_of(b"II*\0" + struct.pack("<I", 8), frozenset((TAG,))) == 0
