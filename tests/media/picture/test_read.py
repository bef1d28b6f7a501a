from __future__ import annotations

import struct
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reverie.errors import BadInput, ReverieWarning
from reverie.media.picture import load_picture
from support.bad_inputs import corpus
from support.pictures import PHOTO, integers, of, read


@pytest.mark.parametrize("case", corpus.ODD, ids=str)
def test_odd_files_work(tmp_path: Path, case: corpus.Case) -> None:
    path = case.make(tmp_path)
    if case.says is None:
        picture = read(path)
    else:
        with pytest.warns(ReverieWarning, match=case.says):
            picture = load_picture(path)
    assert picture.pixels.shape[2] == 3
    assert 0 <= picture.pixels.min() < picture.pixels.max() <= 1


@pytest.mark.parametrize("name", ["cmyk.jpg", "cmyk.tif", "photo.bmp", "photo.ppm", "really-a-png.jpg"])
def test_colours_are_right(tmp_path: Path, name: str) -> None:
    case = {c.make(tmp_path).name: c for c in corpus.ODD}[name]
    back = integers(read(case.make(tmp_path)).pixels)
    assert np.abs(back - PHOTO).max() <= (24 if "cmyk" in name else 0)


def test_grey_one_bit_and_palette(tmp_path: Path) -> None:
    made = {c.name: c.make(tmp_path) for c in corpus.ODD if c.row == 9}
    grey = read(made["grey"]).pixels
    assert (grey[..., 0] == grey[..., 2]).all()
    assert set(np.unique(read(made["one-bit"]).pixels)) == {0.0, 1.0}
    palette = read(made["palette"])
    assert palette.alpha is not None
    assert palette.alpha[0, 0] == 0
    assert palette.alpha[1:].min() == 1
    alpha = integers(read(made["alpha"]).alpha)
    assert (alpha == PHOTO[..., 0]).all()
    grey_alpha = read(made["grey-alpha"])
    assert (integers(grey_alpha.alpha) == PHOTO[..., 0]).all()
    assert (grey_alpha.pixels[..., 0] == grey_alpha.pixels[..., 1]).all()


def test_sixteen_bits_are_kept(tmp_path: Path) -> None:
    for make in (corpus.deep_png, corpus.deep_tiff):
        back = read(make(tmp_path))
        assert back.depth == 16
        assert (integers(back.pixels, 16) == corpus.deep_photo()).all()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.tif", "a.avif"])
def test_every_orientation_is_turned_upright(tmp_path: Path, orientation: int, name: str) -> None:
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    image = Image.fromarray(PHOTO)
    if orientation in undo:
        image = image.transpose(undo[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    image.save(tmp_path / name, exif=exif, quality=98)
    back = read(tmp_path / name)
    assert back.size == (64, 48)
    assert np.abs(integers(back.pixels) - PHOTO).mean() < 5


@pytest.mark.parametrize("orientation", [3, 6, 7])
@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_deep_files_are_turned_upright_too(tmp_path: Path, orientation: int, name: str) -> None:
    deep = corpus.deep_photo()
    turned = {
        3: deep[::-1, ::-1],
        6: np.rot90(deep, 1),
        7: np.swapaxes(deep[::-1, ::-1], 0, 1),
    }[orientation]
    of(np.ascontiguousarray(turned)).save(tmp_path / name, depth=16)
    data = (tmp_path / name).read_bytes()
    if name == "a.png":
        exif = Image.Exif()
        exif[0x0112] = orientation
        body = exif.tobytes().removeprefix(b"Exif\0\0")
        data = data[:33] + corpus.chunk(b"eXIf", body) + data[33:]
    else:  # one entry more in the directory, in its place by number
        at = struct.unpack_from("<I", data, 4)[0]
        count = struct.unpack_from("<H", data, at)[0]
        entries = [data[at + 2 + 12 * i : at + 14 + 12 * i] for i in range(count)]
        entries.append(struct.pack("<HHIHH", 274, 3, 1, orientation, 0))
        entries.sort(key=lambda entry: struct.unpack_from("<H", entry)[0])
        data = data[:at] + struct.pack("<H", count + 1) + b"".join(entries) + b"\0" * 4
    (tmp_path / name).write_bytes(data)
    back = read(tmp_path / name)
    assert back.depth == 16
    assert back.size == (64, 48)
    assert (integers(back.pixels, 16) == deep).all()


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp", "a.avif", "a.tif"])
def test_a_rotated_photo_is_upright_and_its_place_stays_secret(tmp_path: Path, name: str) -> None:
    source = corpus.rotated_with_gps(tmp_path)
    assert b"CanaryCamera" in source.read_bytes()
    picture = read(source)
    assert np.abs(integers(picture.pixels) - PHOTO).mean() < 3
    picture.save(tmp_path / name, provenance={"source": {"name": source.name}})
    data = (tmp_path / name).read_bytes()
    for secret in (b"CanaryCamera", b"Exif\0\0", b"eXIf", b"EXIF"):
        assert secret not in data
    with Image.open(tmp_path / name) as image:
        image.load()
        assert not image.getexif().get_ifd(0x8825)
        assert 0x010F not in image.getexif()


def test_the_first_frame_of_an_animation(tmp_path: Path) -> None:
    with pytest.warns(ReverieWarning, match="`reverie film`"):
        picture = load_picture(corpus.animated_gif(tmp_path))
    assert (integers(picture.pixels) == [255, 0, 0]).all()


def test_heic(tmp_path: Path) -> None:
    heif = pytest.importorskip("pillow_heif")
    heif.from_pillow(Image.fromarray(PHOTO)).save(tmp_path / "a.heic", quality=95)
    picture = read(tmp_path / "a.heic")
    assert picture.source is not None
    assert picture.source.format == "heic"
    assert np.abs(integers(picture.pixels) - PHOTO).mean() < 5
    cut = (tmp_path / "a.heic").read_bytes()[:-200]
    (tmp_path / "cut.heic").write_bytes(cut)
    with pytest.raises(BadInput, match="cut short"):
        load_picture(tmp_path / "cut.heic")


def test_heic_without_the_extra_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 99)
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(BadInput, match=r'pip install "reverie\[heic\]"'):
        load_picture(tmp_path / "a.heic")
