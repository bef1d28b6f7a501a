from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reverie.errors import ReverieWarning
from reverie.media.picture import load_picture
from support.pictures import PHOTO, integers, read
from support.pngs import BT2020, P3, srgb, srgb_light
from support.profiles import ADOBE, profile

UNIT = PHOTO / 255


def boxed(path: Path, kind: str, primaries: int, transfer: int) -> Path:
    """An AVIF or HEIC whose description of colours is another one."""
    out = io.BytesIO()
    if kind == "avif":
        Image.fromarray(PHOTO).save(out, "AVIF", quality=100, subsampling="4:4:4")
    else:
        heif = pytest.importorskip("pillow_heif")
        nclx: dict[str, int] = {
            "color_primaries": 1, "transfer_characteristics": 13, "matrix_coefficients": 6,
            "chroma": 444, "quality": 100,
        }  # fmt: skip
        heif.from_pillow(Image.fromarray(PHOTO)).save(out, save_nclx_profile=True, **nclx)
    data = bytearray(out.getvalue())
    at = data.index(b"colrnclx")
    struct.pack_into(">HH", data, at + 8, primaries, transfer)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("kind", ["avif", "heic"])
@pytest.mark.parametrize(
    ("primaries", "transfer", "want"),
    [
        *((primaries, transfer, UNIT) for primaries in (1, 2, 6) for transfer in (1, 2, 6, 13, 14)),
        (12, 13, srgb(srgb_light(UNIT) @ P3.T)),
        (12, 1, srgb(srgb_light(UNIT) @ P3.T)),
        (9, 13, srgb(srgb_light(UNIT) @ BT2020.T)),
        (1, 8, srgb(UNIT)),
        (1, 5, srgb(UNIT**2.8)),
    ],
)
def test_code_points(tmp_path: Path, kind: str, primaries: int, transfer: int, want: np.ndarray) -> None:
    found = read(boxed(tmp_path / f"a.{kind}", kind, primaries, transfer)).pixels
    assert np.abs(found - want).mean() < 2.5 / 255
    if want is not UNIT:
        assert np.abs(found - UNIT).mean() > 2.5 / 255


@pytest.mark.parametrize(("transfer", "name"), [(16, "PQ"), (18, "HLG")])
def test_high_dynamic_range_is_said(tmp_path: Path, transfer: int, name: str) -> None:
    path = boxed(tmp_path / "a.avif", "avif", 9, transfer)
    with pytest.warns(ReverieWarning, match=rf"high dynamic range \({name}\)"):
        load_picture(path)


def test_what_nobody_knows_is_ignored_and_said(tmp_path: Path) -> None:
    path = boxed(tmp_path / "a.avif", "avif", 3, 99)
    with pytest.warns(ReverieWarning, match="colour description is ignored"):
        assert np.abs(load_picture(path).pixels - UNIT).mean() < 2.5 / 255


def bmp(path: Path, *, alpha: np.ndarray | None, length: int = 124, icc: bytes = b"") -> Path:
    """A BMP of 32 bits with a header of this length; ``alpha`` (H, W) is stated in those of 56 and more."""
    height, width = PHOTO.shape[:2]
    fourth = np.zeros((height, width), np.uint8) if alpha is None else alpha
    rows = np.dstack([PHOTO[..., ::-1], fourth])[::-1].tobytes()
    head = struct.pack(
        "<IiiHHIIiiII", length, width, height, 1, 32, 0 if length == 40 else 3, len(rows), 0, 0, 0, 0
    )
    if length >= 52:
        head += struct.pack("<III", 0xFF0000, 0xFF00, 0xFF)
    if length >= 56:
        head += struct.pack("<I", 0xFF000000)
    if length >= 108:
        head += (b"DEBM" if icc else b"BGRs") + bytes(48)
    if length >= 124:
        head += struct.pack("<IIII", 4, length + len(rows) if icc else 0, len(icc), 0)
    assert len(head) == length
    start = struct.pack("<2sIII", b"BM", 14 + length + len(rows), 0, 14 + length)
    path.write_bytes(start + head + rows + icc)
    return path


@pytest.mark.parametrize("length", [40, 52, 56, 108, 124])
def test_an_alpha_that_is_empty_everywhere_is_none(tmp_path: Path, length: int) -> None:
    found = read(bmp(tmp_path / "a.bmp", alpha=None, length=length))
    assert found.alpha is None
    assert (integers(found.pixels) == PHOTO).all()


@pytest.mark.parametrize("length", [56, 108, 124])
def test_an_alpha_that_says_something_counts(tmp_path: Path, length: int) -> None:
    alpha = np.zeros(PHOTO.shape[:2], np.uint8)
    alpha[5, 7] = 9
    found = read(bmp(tmp_path / "a.bmp", alpha=alpha, length=length))
    assert (integers(found.alpha) == alpha).all()
    assert (integers(found.pixels) == PHOTO).all()


def test_the_profile_in_a_bmp_counts(tmp_path: Path) -> None:
    icc = profile(2.2, ADOBE)
    Image.fromarray(PHOTO).save(tmp_path / "a.png", icc_profile=icc)
    found = read(bmp(tmp_path / "a.bmp", alpha=None, icc=icc))
    assert (found.pixels == read(tmp_path / "a.png").pixels).all()
    assert np.abs(found.pixels - UNIT).max() > 5 / 255
    with pytest.warns(ReverieWarning, match="profile is ignored"):
        load_picture(bmp(tmp_path / "b.bmp", alpha=None, icc=b"nonsense" * 30))
