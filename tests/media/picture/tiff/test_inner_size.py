from __future__ import annotations

import io
import struct
from collections.abc import Callable

import imagecodecs
import numpy as np
import pytest
from PIL import Image

from reverie.media.picture.tiff.inner_size import jpeg_2000_size, jpeg_size, webp_size
from support.bad_inputs.corpus import photo

Size = Callable[[bytes], tuple[int, int] | None]


def by_pillow(kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    Image.fromarray(photo(70, 50)).save(out, kind, **options)
    return out.getvalue()


MADE: dict[str, tuple[Size, bytes]] = {
    "jpeg": (jpeg_size, by_pillow("JPEG")),
    "jpeg-progressive": (jpeg_size, by_pillow("JPEG", progressive=True, comment=b"\xff\xc0" * 40)),
    "jpeg-lossless": (jpeg_size, bytes(imagecodecs.jpeg_encode(photo(70, 50)[..., 0].copy(), lossless=True))),
    "jpeg-2000": (jpeg_2000_size, bytes(imagecodecs.jpeg2k_encode(photo(70, 50), codecformat="j2k"))),
    "jpeg-2000-boxed": (jpeg_2000_size, bytes(imagecodecs.jpeg2k_encode(photo(70, 50), codecformat="jp2"))),
    "webp": (webp_size, by_pillow("WEBP")),
    "webp-lossless": (webp_size, by_pillow("WEBP", lossless=True)),
    "webp-extended": (webp_size, by_pillow("WEBP", exif=b"Exif\0\0" + bytes(20))),
}


@pytest.mark.parametrize("name", MADE)
def test_the_size_is_what_the_file_states(name: str) -> None:
    size, data = MADE[name]
    assert size(data) == (70, 50)


@pytest.mark.parametrize("name", MADE)
def test_broken_files_have_a_size_or_none(name: str) -> None:
    size, data = MADE[name]
    random = np.random.default_rng(0)
    for length in range(0, min(len(data), 700), 3):
        size(data[:length])
    for _ in range(300):
        broken = bytearray(data)
        for place in random.integers(0, min(len(data), 400), 5):
            broken[place] = random.integers(256)
        found = size(bytes(broken))
        assert found is None or len(found) == 2


def test_more_channels_than_a_picture_has_are_none() -> None:
    data = bytearray(MADE["jpeg-2000"][1])
    at = data.index(b"\xff\x51")
    assert struct.unpack_from(">H", data, at + 38) == (3,)
    struct.pack_into(">H", data, at + 38, 16_000)
    assert jpeg_2000_size(bytes(data)) is None
