from __future__ import annotations

import io
import os
import sys
import warnings
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from reverie.errors import BadInput
from reverie.media.picture import load_picture
from support.bad_inputs import corpus
from support.pictures import PHOTO, of, read
from support.slow import mostly_slow


@pytest.mark.parametrize("case", [c for c in corpus.BAD if c.row not in (13, 14)], ids=str)
def test_bad_files_are_one_clear_line(tmp_path: Path, case: corpus.Case) -> None:
    path = case.make(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # row 5: not merely a warning
        with pytest.raises(BadInput) as caught:
            load_picture(path)
    assert case.says is not None
    assert case.says in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("row", [1, 2, 3])
def test_no_decoder_sees_what_is_no_picture(
    tmp_path: Path, row: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def decoded(*_: object, **__: object) -> None:
        raise AssertionError("a decoder was asked")

    monkeypatch.setattr(Image, "open", decoded)
    monkeypatch.setattr(cv2, "imdecode", decoded)
    for case in corpus.BAD:
        if case.row == row:
            with pytest.raises(BadInput):
                load_picture(case.make(tmp_path))


def test_one_decoder_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    real = Image.open

    def spy(*arguments: Any, **options: Any) -> Image.Image:
        asked.append(options["formats"])
        return real(*arguments, **options)

    monkeypatch.setattr(Image, "open", spy)
    of(PHOTO).save(tmp_path / "a.png")
    read(tmp_path / "a.png")
    assert asked == [["PNG"]]


@pytest.mark.parametrize("name", ["png", "bmp", "gif"])
def test_size_is_refused_before_any_pixel_is_decoded(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def decoded(*_: object) -> None:
        raise AssertionError("pixels were decoded")

    path = tmp_path / f"a.{name}"
    Image.new("L", (300, 200)).save(path)
    for kind in ("ImageFile.ImageFile", "PngImagePlugin.PngImageFile"):
        monkeypatch.setattr(f"PIL.{kind}.load", decoded)
    with pytest.raises(BadInput, match="300 x 200 pixels are over the limit of 59999 pixels"):
        load_picture(path, max_pixels=59_999)


def test_max_pixels_raises_the_limit_even_past_pillow_s_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    Image.fromarray(PHOTO).save(tmp_path / "a.png")
    assert read(tmp_path / "a.png", max_pixels=64 * 48).size == (64, 48)
    assert Image.MAX_IMAGE_PIXELS == 1000
    with pytest.raises(BadInput, match="64 x 48 pixels are over"):
        load_picture(tmp_path / "a.png", max_pixels=64 * 48 - 1)
    assert Image.MAX_IMAGE_PIXELS == 1000


@pytest.mark.slow
def test_a_text_chunk_is_refused_unpacked_too(tmp_path: Path) -> None:
    path = corpus.long_text_png(tmp_path, packed=False)
    with pytest.raises(BadInput, match="text chunk"):
        load_picture(path)


def test_a_file_longer_than_any_such_picture_is_not_read(tmp_path: Path) -> None:
    of(PHOTO).save(tmp_path / "a.png")
    os.truncate(tmp_path / "a.png", 70_000_000)
    with pytest.raises(BadInput, match="70000000 bytes are more"):
        load_picture(tmp_path / "a.png", max_pixels=10_000)


@pytest.mark.parametrize("name", corpus.NOT_LOCAL)
def test_names_that_are_no_local_files(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadInput, match="not a local file"):
        load_picture(name)


@pytest.mark.skipif(sys.platform == "win32", reason="no such names there")
def test_a_file_that_is_really_named_so_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Image.fromarray(PHOTO).save("concat:a|b.png")
    assert read(Path("concat:a|b.png")).size == (64, 48)


@pytest.mark.parametrize("name", ["", "a\0b.png", "x" * 5000 + ".png"])
def test_impossible_names(name: str) -> None:
    with pytest.raises(BadInput):
        load_picture(name)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes there")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.png")
    with pytest.raises(BadInput, match="not a regular file"):
        load_picture(tmp_path / "a.png")


def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = corpus.unreadable(tmp_path)
    if os.access(path, os.R_OK):
        pytest.skip("the superuser reads everything")
    with pytest.raises(BadInput, match="permission denied"):
        load_picture(path)


KINDS = ["PNG", "JPEG", "WEBP", "AVIF", "TIFF", "GIF", "BMP", "PPM"]


@mostly_slow("kind", KINDS, quick=3)
@given(data=st.data())
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damaged_files_are_bad_inputs_and_nothing_else(
    tmp_path: Path, kind: str, data: st.DataObject
) -> None:
    out = io.BytesIO()
    Image.fromarray(PHOTO).save(out, kind)
    broken = bytearray(out.getvalue())
    for _ in range(data.draw(st.integers(0, 4))):
        broken[data.draw(st.integers(0, min(len(broken) - 1, 600)))] = data.draw(st.integers(0, 255))
    path = tmp_path / "broken"
    path.write_bytes(broken[: data.draw(st.integers(1, len(broken)))])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            picture = load_picture(path)
        except BadInput:
            return
    assert np.isfinite(picture.pixels).all()


@pytest.mark.parametrize("kind", KINDS)
def test_half_a_file_is_cut_short(tmp_path: Path, kind: str) -> None:
    out = io.BytesIO()
    Image.fromarray(corpus.photo(200, 150)).save(out, kind)
    (tmp_path / "half").write_bytes(out.getvalue()[: len(out.getvalue()) // 2])
    with pytest.raises(BadInput, match="the file is cut short"):
        load_picture(tmp_path / "half")


def test_half_a_deep_file_is_cut_short(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 65536, (200, 300, 3), dtype=np.uint16)
    for name in ("a.png", "a.tif"):
        of(noise).save(tmp_path / name, depth=16)
        data = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(data[: len(data) // 2])
        with pytest.raises(BadInput, match="the file is cut short"):
            load_picture(tmp_path / name)


@pytest.mark.parametrize(
    "head", [b"\0\0\0\x18ftypisom", b"\x1aE\xdf\xa3\x01\0\0\0", b"RIFF\x10\0\0\0AVI LIST"]
)
def test_a_film_is_told_who_takes_it(tmp_path: Path, head: bytes) -> None:
    path = tmp_path / "clip.png"
    path.write_bytes(head + bytes(200))
    with pytest.raises(BadInput, match=r"a film and no picture; reverie film .*clip\.png takes it"):
        load_picture(path)
