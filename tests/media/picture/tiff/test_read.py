from __future__ import annotations

import contextlib
import io
import itertools
import os
import struct
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import cv2
import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from reverie.errors import BadInput, ReverieWarning
from reverie.media.picture import load_picture
from support import tiff_matrix
from support.commands import environment
from support.paths import TESTS
from support.pictures import read
from support.profiles import ADOBE, profile
from support.tiff_matrix import HEIGHT, NEAR, RGB, WIDTH, Case, whole
from support.tiffs import PACKERS, Tiff

SAMPLES = whole(RGB, 8)
PAGE = {"photometric": "rgb", "metadata": None}


def tried(case: Case, folder: Path) -> str:
    """How a case was answered, if not as it has to be; else nothing."""
    path = folder / "case.tif"
    path.write_bytes(case.make())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = load_picture(path)
    except BadInput as error:
        return "" if case.pixels is None and case.says in str(error) else f"{case}: {error}"
    if case.pixels is None:
        return f"{case}: was read"
    if found.pixels.shape != case.pixels.shape:
        return f"{case}: is {found.pixels.shape}"
    alpha = 1.0 if case.alpha is None else case.alpha
    given = 1.0 if found.alpha is None else found.alpha
    off = np.abs((found.pixels - case.pixels) * np.asarray(alpha)[..., None]).max()
    off_alpha = np.abs(np.asarray(given - alpha)).max()
    return "" if off <= case.near and off_alpha <= NEAR else f"{case}: {off:.4f} off, alpha {off_alpha:.4f}"


def everything() -> list[Case]:
    found = tiff_matrix.cases()
    assert len(found) > 1000
    assert len({case.name for case in found}) == len(found)
    return found


@pytest.mark.parametrize("family", tiff_matrix.FAMILIES, ids=lambda family: family.__name__)
def test_a_tiff_is_its_twin_or_refused(tmp_path: Path, family: Any) -> None:
    """Every so many of them here; all of them below."""
    found = list(family())
    step = max(1, len(found) // 24) | 1  # odd, so that it does not keep pace with what changes by twos
    assert [said for case in found[::step] if (said := tried(case, tmp_path))] == []


@pytest.mark.soak
def test_every_tiff_is_its_twin_or_refused(tmp_path: Path) -> None:
    assert [said for case in everything() if (said := tried(case, tmp_path))] == []


LOSSLESS = ("raw", "packbits", "tiff_lzw", "tiff_adobe_deflate")
MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK")


@pytest.mark.parametrize(
    ("mode", "coding"),
    [*itertools.product(MODES, LOSSLESS), *itertools.product(("L", "RGB", "CMYK"), ("jpeg",))],
)
def test_eight_bits_are_what_libtiff_makes_of_them(tmp_path: Path, mode: str, coding: str) -> None:
    image = Image.fromarray(SAMPLES).convert(mode)
    image.save(tmp_path / "a.tif", compression=coding)
    with Image.open(tmp_path / "a.tif") as opened:
        want = np.asarray(opened.convert("RGB"))
    assert (np.rint(read(tmp_path / "a.tif").pixels * 255) == want).all()


def test_associated_alpha_is_undone_as_it_always_was(tmp_path: Path) -> None:
    alpha = np.arange(HEIGHT * WIDTH).reshape(HEIGHT, WIDTH, 1) % 256
    stored = np.concatenate([SAMPLES * (alpha / 255), alpha], axis=2).astype(np.uint8)
    (tmp_path / "a.tif").write_bytes(Tiff(stored, 8, 2, extra=(1,)).write())
    with Image.open(tmp_path / "a.tif") as opened:
        want = np.asarray(opened)
    found = read(tmp_path / "a.tif")
    assert (np.rint(found.pixels * 255) == want[..., :3]).all()
    assert found.alpha is not None
    assert (np.rint(found.alpha * 255) == want[..., 3]).all()


# Of Zstandard the length has to be stated: it wants to know where it ends.
@pytest.mark.parametrize("rows", [16, HEIGHT])
@pytest.mark.parametrize(
    ("coding", "tag"),
    [*itertools.product(sorted(PACKERS), (None,)), *((c, 279) for c in PACKERS if c != 50000)],
)
def test_strips_of_odd_length_are_read(tmp_path: Path, coding: int, rows: int, tag: int | None) -> None:
    """The last one filled up to the length of others; their lengths not stated."""
    filled = np.pad(SAMPLES, ((0, -HEIGHT % rows), (0, 0), (0, 0)))
    packed = tuple(PACKERS[coding](filled[top : top + rows].tobytes()) for top in range(0, HEIGHT, rows))
    tiff = Tiff(SAMPLES, rows=rows, coding=coding, packed=packed, tags={tag: None} if tag else {})
    (tmp_path / "a.tif").write_bytes(tiff.write())
    assert np.abs(read(tmp_path / "a.tif").pixels - RGB).max() < NEAR


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("coloured", [True, False])
def test_profiles_count(tmp_path: Path, bits: int, coloured: bool) -> None:
    icc = profile(2.2, ADOBE) if coloured else profile(1.8, space=b"GRAY")
    samples = SAMPLES if coloured else SAMPLES[..., :1]
    Image.fromarray(samples if coloured else samples[..., 0]).save(tmp_path / "a.png", icc_profile=icc)
    deep = samples if bits == 8 else samples.astype(np.uint16) * 257
    tiff = Tiff(deep, bits, 2 if coloured else 1, tags={34675: ("B", icc)})
    (tmp_path / "a.tif").write_bytes(tiff.write())
    found = read(tmp_path / "a.tif")
    assert found.depth == bits
    assert np.abs(found.pixels - read(tmp_path / "a.png").pixels).max() < (2.5 / 255 if bits == 16 else 1e-6)
    assert np.abs(found.pixels - (RGB if coloured else RGB[..., :1])).max() > 5 / 255


# -- which of its pages -------------------------------------------------------------------------------------


def pages(path: Path, *written: tuple[np.ndarray, dict[str, Any]]) -> Path:
    with tifffile.TiffWriter(path) as file:
        for samples, options in written:
            file.write(samples, **{**PAGE, **options})
    return path


SMALL = np.ascontiguousarray(SAMPLES[::2, ::2])


def test_the_first_of_several_pages(tmp_path: Path) -> None:
    path = pages(tmp_path / "a.tif", (SAMPLES, {}), (255 - SAMPLES, {}))
    with pytest.warns(ReverieWarning, match="several pages, the first is taken"):
        assert np.abs(load_picture(path).pixels - RGB).max() < NEAR


def test_smaller_copies_after_the_picture_are_no_pages(tmp_path: Path) -> None:
    path = pages(tmp_path / "a.tif", (SAMPLES, {}), (SMALL, {"subfiletype": 1}))
    assert np.abs(read(path).pixels - RGB).max() < NEAR
    path = pages(tmp_path / "b.tif", (SAMPLES, {"subifds": 1}), (SMALL, {"subfiletype": 1}))
    assert np.abs(read(path).pixels - RGB).max() < NEAR


def test_a_preview_is_never_taken_for_the_picture(tmp_path: Path) -> None:
    path = pages(tmp_path / "a.tif", (SMALL, {"subfiletype": 1}), (SAMPLES, {}))
    with pytest.warns(ReverieWarning, match="begins with a preview"):
        assert np.abs(load_picture(path).pixels - RGB).max() < NEAR
    path = pages(tmp_path / "b.tif", (SMALL, {"subfiletype": 1, "subifds": 1}), (SAMPLES, {"subfiletype": 0}))
    with pytest.raises(BadInput, match="previews or masks and no picture"):
        load_picture(path)


def test_a_lone_picture_that_calls_itself_a_preview_is_one(tmp_path: Path) -> None:
    path = pages(tmp_path / "a.tif", (SAMPLES, {"subfiletype": 1}))
    assert np.abs(read(path).pixels - RGB).max() < NEAR


def test_pages_in_a_circle_are_one(tmp_path: Path) -> None:
    data = bytearray(Tiff(SAMPLES).write())
    data[-4:] = data[4:8]  # the next directory is the first
    (tmp_path / "a.tif").write_bytes(data)
    assert np.abs(read(tmp_path / "a.tif").pixels - RGB).max() < NEAR


# -- limits -------------------------------------------------------------------------------------------------


def huge(coding: int) -> bytes:
    """8 MB of nothing; PackBits by hand, whose encoder is slow."""
    return b"\x81\0" * (8 << 13) if coding == 32773 else PACKERS[coding](bytes(8 << 20))


@pytest.mark.parametrize(
    ("tiff", "says"),
    [
        (
            Tiff(SAMPLES, tags={256: ("I", [100_000]), 257: ("I", [100_000])}),
            "100000 x 100000 pixels are over",
        ),
        (Tiff(SAMPLES, tags={256: ("I", [2]), 257: ("I", [2])}), "minimum is 32"),
        (Tiff(SAMPLES, tags={256: ("I", [0])}), "aspect limit"),
        (Tiff(SAMPLES, tile=(16, 16), tags={322: ("I", [60_000]), 323: ("I", [60_000])}), "tiles of 60000 x"),
        (Tiff(SAMPLES, tile=(16, 16), tags={322: ("I", [0])}), "the file is damaged"),
        (Tiff(SAMPLES, tags={278: ("I", [0])}), "strips have no rows"),
        (Tiff(SAMPLES, tags={277: ("H", [65535])}), "65535 channels"),
        (Tiff(SAMPLES, tags={273: ("I", [8])}), "have no place"),
        (Tiff(SAMPLES, tags={273: ("I", [0, 0, 0])}), "are not in the file"),
        (Tiff(SAMPLES, coding=8, tags={279: ("I", [0, 0, 0])}), "are not in the file"),
        (Tiff(SAMPLES, coding=8, tags={279: ("I", [1 << 30] * 3)}), "is cut short"),
        (Tiff(SAMPLES, tags={40000 + tag: ("I", [1]) for tag in range(6000)}), "number of tags"),
        (Tiff(SAMPLES, tags={256: None}), "aspect limit"),
        (Tiff(SAMPLES, tags={33628: ("I", [1] * 60_000)}), "far too many values"),
        *(
            (Tiff(SAMPLES, tags={tag: ("H", [1] * 60_000)}), "far too many values")
            for tag in (254, 258, 259, 262, 274, 277, 284, 317, 338, 339)
        ),
        (Tiff(SAMPLES, order=">", big=True, tags={33629: ("I", [1] * 60_000)}), "far too many values"),
        (Tiff(SAMPLES, tags={273: ("s", b"\1\2\3")}), "damaged"),
        (Tiff(SAMPLES, coding=8, tags={279: ("s", b"\1\2\3")}), "damaged"),
        (Tiff(SAMPLES, 8, 3, tags={277: ("H", [1]), 320: ("s", b"abc")}), "damaged"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_out_of_bounds_is_refused(tmp_path: Path, tiff: Tiff, says: str) -> None:
    (tmp_path / "a.tif").write_bytes(tiff.write())
    with pytest.raises(BadInput, match=says):
        load_picture(tmp_path / "a.tif")


@pytest.mark.parametrize("coding", [5, 8, 34925, 50000, 32773])
def test_a_strip_gives_no_more_than_it_can_hold(
    tmp_path: Path, coding: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reverie.media.picture.tiff import segments

    longest = []

    def spy(*arguments: Any) -> bytes:
        out = real(*arguments)
        longest.append(len(out))
        return out

    real = segments.unpacked
    monkeypatch.setattr(segments, "unpacked", spy)
    (tmp_path / "a.tif").write_bytes(
        Tiff(SAMPLES, rows=HEIGHT, coding=coding, packed=(huge(coding),)).write()
    )
    with contextlib.suppress(BadInput):  # Zstandard says at once that it is more
        load_picture(tmp_path / "a.tif")
    assert max(longest, default=0) <= SAMPLES.size


@pytest.mark.parametrize(
    ("coding", "photometric", "encode"),
    [
        (7, 6, lambda a: imagecodecs.jpeg_encode(a, level=50)),
        (34712, 2, lambda a: imagecodecs.jpeg2k_encode(a, level=0, codecformat="j2k")),
        (50001, 2, lambda a: imagecodecs.webp_encode(a, lossless=True)),
    ],
    ids=["jpeg", "jpeg2000", "webp"],
)
def test_pictures_within_are_cut_short_or_too_large(
    tmp_path: Path, coding: int, photometric: int, encode: Any
) -> None:
    path = tmp_path / "a.tif"
    noisy = SAMPLES ^ np.random.default_rng(0).integers(0, 64, SAMPLES.shape, np.uint8)
    good = encode(noisy)

    def write(part: bytes) -> None:
        path.write_bytes(Tiff(noisy, 8, photometric, rows=HEIGHT, coding=coding, packed=(part,)).write())

    write(good)
    read(path)
    for part in (good[: len(good) // 2], good[: len(good) * 9 // 10], good[:20]):
        write(part)
        with pytest.raises(BadInput, match="cut short"):
            load_picture(path)
    write(encode(np.zeros((600, 700, 3), np.uint8)))
    with pytest.raises(BadInput, match="a part of 71 x 45 says it is"):
        load_picture(path)


def test_only_what_reads_tiff_sees_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(*_: object, **__: object) -> None:
        raise AssertionError("another decoder was asked")

    (tmp_path / "a.tif").write_bytes(Tiff(whole(RGB, 16), 16).write())
    monkeypatch.setattr(Image, "open", asked)
    monkeypatch.setattr(cv2, "imdecode", asked)
    assert read(tmp_path / "a.tif").depth == 16


@pytest.mark.slow
def test_nothing_is_loaded_for_other_files(tmp_path: Path) -> None:
    Image.fromarray(SAMPLES).save(tmp_path / "a.png")
    code = (
        "import sys, reverie; reverie.load_picture(sys.argv[1]); "
        "print({'tifffile', 'imagecodecs'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, os.fspath(tmp_path / "a.png")],
        env=environment(), capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "set()\n"), done.stderr


def test_nothing_is_written_to_stderr_of_a_broken_file(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    data = Tiff(SAMPLES, tags={270: ("I", [7]), 305: ("I", [9]), 34735: ("H", [1])}).write()
    entry = data.find(struct.pack("<HHI", 34735, 3, 1))
    (tmp_path / "a.tif").write_bytes(data[: entry + 2] + struct.pack("<HI", 3, 1 << 30) + data[entry + 8 :])
    read(tmp_path / "a.tif")
    assert capfd.readouterr().err == ""


def fuzzed(seed: int, count: int) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "support.tiff_fuzz", str(seed), str(count)],
        cwd=TESTS, env=environment(), capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert int(done.stdout.split(" MB")[0].split()[-1]) < 1000, done.stdout


@pytest.mark.slow
def test_broken_files_are_read_or_refused() -> None:
    fuzzed(0, 100)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(1, 5))
def test_thousands_of_broken_files_are_read_or_refused(seed: int) -> None:
    fuzzed(seed, 2000)


def test_the_twin_of_a_twin(tmp_path: Path) -> None:
    """The writer of these tests writes what tifffile reads as well."""
    for bits in (1, 8, 12, 16):
        samples = whole(RGB, bits)
        assert (tifffile.imread(io.BytesIO(Tiff(samples, bits).write())) == samples).all()
