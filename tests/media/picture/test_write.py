from __future__ import annotations

import hashlib
import os
import sys
import threading
import tracemalloc
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from reverie.errors import ResourceError, ReverieError, ReverieWarning, UsageError
from reverie.media.picture import Picture, check_save, load_picture, save_picture
from support.pictures import PHOTO, integers, of, read
from support.slow import mostly_slow

sides = st.integers(32, 40)
quick = settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])


def arrays(kind: type) -> st.SearchStrategy[np.ndarray]:
    shape = st.tuples(sides, sides, st.sampled_from([1, 3, 4]))
    return shape.flatmap(lambda s: hnp.arrays(kind, s))


@pytest.mark.parametrize("extension", ["png", "tif"])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@given(data=st.data())
@quick
def test_samples_come_back_to_the_bit(
    tmp_path: Path, extension: str, kind: type, data: st.DataObject
) -> None:
    samples = data.draw(arrays(kind))
    depth = 8 * np.dtype(kind).itemsize
    colours = samples[..., : min(3, samples.shape[2])]
    alpha = samples[..., 3] if samples.shape[2] == 4 else None
    path = tmp_path / f"a.{extension}"
    of(colours, alpha).save(path, depth=depth, overwrite=True)
    back = load_picture(path)
    assert back.depth == depth
    assert (integers(back.pixels, depth) == colours).all()
    if alpha is None or alpha.min() == 2**depth - 1:
        assert back.alpha is None
    else:
        assert (integers(back.alpha, depth) == alpha).all()


@pytest.mark.parametrize(("kind", "depth"), [(np.uint8, 8), (np.uint16, 16)])
@pytest.mark.parametrize("extension", ["png", "tif"])
def test_every_value_of_a_channel_comes_back(tmp_path: Path, kind: type, depth: int, extension: str) -> None:
    values: np.ndarray = np.arange(2**depth, dtype=np.uint32).astype(kind)
    side = max(64, 2 ** (depth // 2))
    samples = np.resize(values, (side, side))[..., None].repeat(3, axis=2)
    of(samples).save(tmp_path / f"a.{extension}", depth=depth)
    assert (integers(read(tmp_path / f"a.{extension}").pixels, depth) == samples).all()


@pytest.mark.parametrize(("extension", "most"), [("jpg", 4.0), ("jpeg", 4.0), ("webp", 4.0), ("avif", 4.0)])
def test_lossy_formats_stay_close(tmp_path: Path, extension: str, most: float) -> None:
    path = tmp_path / f"a.{extension}"
    of(PHOTO).save(path)
    back = read(path)
    assert np.abs(integers(back.pixels) - PHOTO).mean() < most
    assert back.alpha is None
    assert back.source is not None
    assert back.source.name == path.name
    assert back.source.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_deep_files_are_what_other_readers_think_they_are(tmp_path: Path) -> None:
    deep = np.random.default_rng(0).integers(0, 65536, (300, 200, 4), dtype=np.uint16)
    for name in ("a.png", "a.tif"):
        of(deep[..., :3], deep[..., 3]).save(tmp_path / name, depth=16, provenance={"a": 1})
        other = cv2.imread(os.fspath(tmp_path / name), cv2.IMREAD_UNCHANGED)
        assert (np.asarray(other)[..., [2, 1, 0, 3]] == deep).all()
        with Image.open(tmp_path / name) as image:
            assert image.size == (200, 300)
            image.load()


@pytest.mark.parametrize("extension", ["png", "webp", "tif", "avif"])
def test_alpha_is_kept_where_the_format_can(tmp_path: Path, extension: str) -> None:
    alpha = PHOTO[..., 0]
    of(PHOTO, alpha).save(tmp_path / f"a.{extension}")
    back = integers(read(tmp_path / f"a.{extension}").alpha)
    assert np.abs(back - alpha).max() <= (6 if extension == "avif" else 0)


def test_jpeg_leaves_alpha_out_and_says_so(tmp_path: Path) -> None:
    with pytest.warns(ReverieWarning, match="JPEG has no alpha"):
        of(PHOTO, PHOTO[..., 0]).save(tmp_path / "a.jpg")
    back = read(tmp_path / "a.jpg")
    assert back.alpha is None
    assert np.abs(integers(back.pixels) - PHOTO).mean() < 4


def test_jpeg_keeps_colour_at_full_resolution(tmp_path: Path) -> None:
    of(PHOTO).save(tmp_path / "a.jpg")
    with Image.open(tmp_path / "a.jpg") as image:
        assert isinstance(image, JpegImageFile)
        assert [layer[1:3] for layer in image.layer] == [(1, 1)] * 3


@pytest.mark.parametrize("extension", ["jpg", "webp", "avif"])
def test_quality_makes_files_larger_or_smaller(tmp_path: Path, extension: str) -> None:
    noise = of(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8))
    sizes = []
    for quality in (10, None, 100):
        path = tmp_path / f"{quality}.{extension}"
        noise.save(path, quality=quality)
        sizes.append(path.stat().st_size)
    assert sizes[0] < sizes[1] < sizes[2]


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp", "a.avif", "a.tif"])
def test_the_same_picture_gives_the_same_bytes(tmp_path: Path, name: str) -> None:
    of(PHOTO).save(tmp_path / name, provenance={"a": 1})
    first = (tmp_path / name).read_bytes()
    of(PHOTO).save(tmp_path / name, provenance={"a": 1}, overwrite=True)
    assert (tmp_path / name).read_bytes() == first


def test_values_between_are_rounded_to_the_nearest(tmp_path: Path) -> None:
    Picture(np.full((32, 32, 3), 99.9 / 255, np.float32)).save(tmp_path / "a.png")
    assert (integers(read(tmp_path / "a.png").pixels) == 100).all()


def test_values_past_the_range_are_clipped_and_nan_is_refused(tmp_path: Path) -> None:
    pixels = np.full((32, 32, 3), 1.5, np.float32)
    pixels[0, 0] = -1
    Picture(pixels).save(tmp_path / "a.png")
    back = integers(read(tmp_path / "a.png").pixels)
    assert back[0, 0].tolist() == [0, 0, 0]
    assert back[1, 1].tolist() == [255, 255, 255]
    pixels[3, 3] = np.nan
    with pytest.raises(ReverieError, match="NaN"):
        Picture(pixels).save(tmp_path / "b.png")
    assert not (tmp_path / "b.png").exists()


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("a.xyz", {}, r"\.png.*\.jpg.*\.webp.*\.avif.*\.tif"),
        ("a.svg", {}, "no format that can be written"),
        ("a.heic", {}, "no format that can be written"),
        ("a", {}, "no format that can be written"),
        ("a.jpg", {"depth": 16}, "only PNG and TIFF"),
        ("a.png", {"depth": 12}, "use 8 or 16"),
        ("a.png", {"quality": 90}, "leave it out"),
        ("a.jpg", {"quality": 0}, "1 to 100"),
        ("a.jpg", {"quality": 101}, "1 to 100"),
        ("there.png", {}, "--overwrite"),
        ("folder.png", {"overwrite": True}, "is a folder"),
    ],
)
def test_names_and_options_that_cannot_be_used(
    tmp_path: Path, name: str, options: dict[str, Any], says: str
) -> None:
    (tmp_path / "there.png").write_bytes(b"precious")
    (tmp_path / "folder.png").mkdir()
    before = sorted(tmp_path.iterdir())
    with pytest.raises(UsageError, match=says):
        check_save(tmp_path / name, **options)
    with pytest.raises(UsageError, match=says):
        save_picture(of(PHOTO), tmp_path / name, **options)
    assert sorted(tmp_path.iterdir()) == before
    assert (tmp_path / "there.png").read_bytes() == b"precious"


def test_overwrite_replaces(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"old")
    of(PHOTO).save(tmp_path / "a.png", overwrite=True)
    assert read(tmp_path / "a.png").size == (64, 48)
    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]


def test_a_missing_folder_is_a_resource_error(tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match=r"cannot write .*there is no folder"):
        of(PHOTO).save(tmp_path / "none" / "a.png")


def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    (tmp_path / "a.png").write_bytes(b"old")
    with pytest.raises(ResourceError, match=r"cannot write .*a\.png: No space left"):
        of(PHOTO).save(tmp_path / "a.png", overwrite=True)
    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]
    assert (tmp_path / "a.png").read_bytes() == b"old"


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    big = of(np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8))
    big.save(path)
    length, seen, done = path.stat().st_size, set(), threading.Event()

    def watch() -> None:
        while not done.is_set():
            seen.add(len(path.read_bytes()))

    watcher = threading.Thread(target=watch)
    watcher.start()
    for _ in range(20):
        big.save(path, overwrite=True)
    done.set()
    watcher.join()
    assert seen == {length}


@pytest.mark.skipif(sys.platform == "win32", reason="no such rights there")
def test_new_files_have_the_usual_rights(tmp_path: Path) -> None:
    of(PHOTO).save(tmp_path / "a.png")
    (tmp_path / "plain").write_text("")
    assert (tmp_path / "a.png").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_too_wide_for_webp_names_another_format(tmp_path: Path) -> None:
    wide = Picture(np.zeros((32, 16_400, 3), np.float32))
    with pytest.raises(UsageError, match="webp holds at most 16383"):
        wide.save(tmp_path / "a.webp")


def test_channels_that_no_file_holds(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="this picture 5"):
        save_picture(Picture(np.zeros((32, 32, 5), np.float32)), tmp_path / "a.png")


@mostly_slow("extension", ["png", "jpg", "tif"])
def test_files_are_read_and_written_with_no_second_copy_in_floats(tmp_path: Path, extension: str) -> None:
    rng = np.random.default_rng(0)
    pixels = rng.random((400, 500, 3), dtype=np.float32).repeat(3, axis=0).repeat(3, axis=1)
    path = tmp_path / f"a.{extension}"
    tracemalloc.start()  # counts what NumPy takes
    try:
        save_picture(Picture(pixels), path)
        writing = tracemalloc.get_traced_memory()[1]
        file = path.stat().st_size
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        load_picture(path)
        reading = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    # Whole numbers are a quarter of the floats; Pillow and this module each hold them once on the way.
    assert writing < 0.6 * pixels.nbytes + 3 * file
    assert reading < 1.6 * pixels.nbytes + 2 * file
