"""Films that are none, broken, unfinished, too large or taken away: one line that says what to do."""

from __future__ import annotations

import os
import struct
import warnings
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from PIL import Image

from reverie.errors import BadInput, ReverieError, ReverieWarning, UsageError
from reverie.media.video.read.reader import open_video
from support import films as make


def refused(path: Path, *words: str, **settings: Any) -> str:
    with pytest.raises(BadInput) as caught:
        open_video(path, **settings)
    said = str(caught.value)
    assert said.startswith(str(path)[:200])
    assert "\n" not in said
    assert ";" in said  # what to do
    for word in words:
        assert word in said
    return said


def test_a_file_that_is_missing_empty_or_a_folder(tmp_path: Path) -> None:
    refused(tmp_path / "none.mp4", "no such file")
    (tmp_path / "empty.mp4").touch()
    refused(tmp_path / "empty.mp4", "empty file")
    (tmp_path / "folder.mp4").mkdir()
    refused(tmp_path / "folder.mp4", "no pictures in this folder")
    refused(tmp_path / ("x" * 5000), "cannot be read")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = make.film(tmp_path / "a.mp4", count=2)
    path.chmod(0)
    refused(path, "permission denied")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("text.mp4", b"a film about text, all of it\n" * 20),
        ("noise.mkv", bytes(range(256)) * 40),
        ("zeros.avi", bytes(10_000)),
        ("one.gif", b"G"),
        ("pdf.mp4", b"%PDF-1.4\n"),
        ("flash.mp4", b"FLV\x01\x05\0\0\0\t\0\0\0\0"),
        ("stream.mp4", b"\x47" + bytes(187)),
        ("zip.webm", b"PK\x03\x04" + bytes(100)),
    ],
)
def test_what_is_no_film_lists_what_is(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    refused(tmp_path / name, "not a film reverie reads", "MP4, MOV, MKV, WebM, AVI, GIF, APNG")


@pytest.mark.parametrize("ending", ["png", "jpg", "webp", "avif"])
def test_a_still_picture_is_sent_elsewhere(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a.{ending}"
    Image.fromarray(make.numbered(1)).save(path)
    refused(path, "a still picture", "reverie dream")


def test_a_gif_or_png_of_one_frame_is_a_still_picture(tmp_path: Path) -> None:
    Image.fromarray(make.numbered(1)).save(tmp_path / "a.gif")
    refused(tmp_path / "a.gif", "a still picture")
    refused(make.film(tmp_path / "a.apng", count=1), "a still picture")


@pytest.mark.parametrize("kind", ["mp4", "mov"])
def test_a_recording_without_its_index_is_unfinished(tmp_path: Path, kind: str) -> None:
    path = make.film(tmp_path / f"a.{kind}", count=20)
    data = path.read_bytes()
    index = data.index(b"moov") - 4
    assert index > data.index(b"mdat")
    for cut in (index, index + 60, index - 500):
        path.write_bytes(data[:cut])
        refused(path, "recording unfinished")


@pytest.mark.parametrize("kind", ["mkv", "webm", "avi"])
def test_an_unfinished_recording_of_another_kind_gives_what_is_there(tmp_path: Path, kind: str) -> None:
    path = make.film(tmp_path / f"a.{kind}", count=40)
    data = path.read_bytes()
    begin = data.index(b"movi" if kind == "avi" else b"\x1f\x43\xb6\x75")
    path.write_bytes(data[: begin + (len(data) - begin) * 2 // 3])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ReverieWarning)
        with open_video(path) as movie:
            found = [make.number_of(shot.rgb) for shot in movie.frames()]
    assert found[:15] == list(range(15))
    assert len(found) < 40


@pytest.mark.filterwarnings("ignore:.*damaged:reverie.errors.ReverieWarning")
def test_a_film_that_is_cut_short_says_so_and_gives_what_is_there(tmp_path: Path) -> None:
    options = {"crf": "12", "preset": "ultrafast", "g": "5"}
    path = make.film(tmp_path / "a.mp4", count=40, options=options)
    data = path.read_bytes()
    # The index first, as a web player wants it, then most of the pictures.
    index = data.index(b"moov") - 4
    begin = data.index(b"mdat") - 4
    moov = bytearray(data[index:])
    table = moov.index(b"stco") + 12
    count = struct.unpack_from(">I", moov, table - 4)[0]
    for i in range(count):
        (place,) = struct.unpack_from(">I", moov, table + 4 * i)
        struct.pack_into(">I", moov, table + 4 * i, place + len(moov))
    fast = data[:begin] + bytes(moov) + data[begin:index]
    path.write_bytes(fast)
    with open_video(path) as movie:
        assert [make.number_of(shot.rgb) for shot in movie.frames()] == list(range(40))
    path.write_bytes(fast[: len(fast) - (index - begin) // 2])
    with (
        pytest.warns(ReverieWarning, match=r"cut short; \d+ of its 40 frames are there"),
        open_video(path) as movie,
    ):
        found = [make.number_of(shot.rgb) for shot in movie.frames()]
    assert 10 <= len(found) < 30
    assert found[:10] == list(range(10))


def test_damage_in_the_middle_leaves_a_gap_and_a_word(tmp_path: Path) -> None:
    path = make.film(tmp_path / "a.mkv", count=40, codec="mjpeg", pixels="yuvj420p", options={"q": "2"})
    data = bytearray(path.read_bytes())
    begin = data.index(b"\xff\xd8\xff", len(data) // 2)
    data[begin : begin + 700] = bytes(700)
    path.write_bytes(bytes(data))
    with open_video(path) as movie, pytest.warns(ReverieWarning, match="damaged; what cannot be decoded"):
        shots = list(movie.frames())
    assert 36 <= len(shots) < 40
    assert [make.number_of(shot.rgb) for shot in shots] == [round(shot.time * 25) for shot in shots]


def test_a_film_without_pictures(tmp_path: Path) -> None:
    refused(make.sound_file(tmp_path / "a.m4a", "aac", "ipod"), "sound only")
    refused(make.sound_file(tmp_path / "a.mkv", "aac", "matroska"), "sound only")
    refused(make.sound_file(tmp_path / "a.mp3", "libmp3lame", "mp3"), "sound without pictures")
    refused(make.wav(tmp_path / "a.mp4", make.tone(0.1), 48_000), "sound without pictures")


def test_a_song_with_a_cover_is_no_film(tmp_path: Path) -> None:
    import av

    path = tmp_path / "a.m4a"
    with av.open(str(path), "w", format="mp4") as out:
        tone = out.add_stream("aac", rate=48_000, layout="mono")
        cover: Any = out.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 96, 64, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        frame = av.VideoFrame.from_ndarray(make.numbered(3), "rgb24").reformat(format="yuvj420p")
        out.mux(cover.encode(frame))
        out.mux(cover.encode())
        make._mux_tone(out, tone, 0.5)
    refused(path, "sound only")


def test_a_film_without_a_single_frame(tmp_path: Path) -> None:
    path = make.film(tmp_path / "a.mp4", count=6)
    data = bytearray(path.read_bytes())
    begin, end = data.index(b"mdat") + 4, data.index(b"moov") - 4
    data[begin:end] = bytes(end - begin)
    path.write_bytes(bytes(data))
    refused(path)
    import av

    with av.open(str(tmp_path / "b.mkv"), "w", format="matroska") as out:
        stream: Any = out.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        out.start_encoding()
    refused(tmp_path / "b.mkv")


# Too large


def huge_gif(data: bytes) -> bytes:
    return data[:6] + struct.pack("<HH", 65_535, 65_535) + data[10:]


def huge_apng(data: bytes) -> bytes:
    header = make.chunk(b"IHDR", struct.pack(">II", 65_535, 65_535) + data[24:29])
    return data[:8] + header + data[33:]


def huge_avi(data: bytes) -> bytes:
    out = bytearray(data)
    struct.pack_into("<II", out, data.index(b"avih") + 8 + 32, 60_000, 60_000)
    struct.pack_into("<ii", out, data.index(b"strf") + 8 + 4, 60_000, 60_000)
    return bytes(out)


def huge_mp4(data: bytes) -> bytes:
    out = bytearray(data)
    struct.pack_into(">HH", out, data.index(b"avc1", data.index(b"stsd")) + 28, 60_000, 60_000)
    return bytes(out)


@pytest.mark.parametrize(
    ("kind", "grow"), [("gif", huge_gif), ("apng", huge_apng), ("avi", huge_avi), ("mp4", huge_mp4)]
)
def test_a_huge_size_is_refused_before_it_is_decoded(
    tmp_path: Path, kind: str, grow: Callable[[bytes], bytes]
) -> None:
    path = make.film(tmp_path / f"a.{kind}", count=3)
    path.write_bytes(grow(path.read_bytes()))
    before = psutil.Process().memory_info().rss
    try:
        with open_video(path) as movie:  # a header that only boasts may be put right by the stream itself
            assert movie.info.size == (96, 64)
    except ReverieError as error:
        assert str(path) in str(error)  # noqa: PT017
        if kind != "mp4":
            assert "over the limit of 64000000 pixels" in str(error)  # noqa: PT017
    assert psutil.Process().memory_info().rss - before < 300_000_000


def test_the_limits_of_pixels_size_and_shape(tmp_path: Path) -> None:
    path = make.film(tmp_path / "a.mp4", count=2, size=(320, 180))
    refused(path, "320 x 180", "over the limit of 50000 pixels", "--max-pixels", max_pixels=50_000)
    with open_video(path, max_pixels=57_600) as movie:
        assert movie.info.size == (320, 180)
    refused(make.film(tmp_path / "b.mp4", count=2, size=(24, 48)), "minimum is 32")
    refused(make.film(tmp_path / "c.mp4", count=2, size=(1600, 64)), "aspect limit")
    with pytest.raises(UsageError, match="57600 pixels"):
        open_video(path, size=(1000, 1000), max_pixels=57_600)


# Taken away


def test_a_film_that_is_cut_while_it_is_read_is_a_matter_of_resources(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    pictures = [rng.integers(0, 256, (180, 320, 3), np.uint8) for _ in range(80)]
    path = make.film(tmp_path / "a.avi", pictures=pictures, codec="rawvideo", pixels="bgr24", options={})
    assert path.stat().st_size > 4_000_000
    with open_video(path) as movie:
        shots = movie.frames()
        next(shots)
        os.truncate(path, 1_000_000)
        with pytest.raises(ReverieError) as caught:
            for _ in shots:
                pass
    assert caught.value.exit_code == 6
    assert "bring it back and run the same command again" in str(caught.value)


def test_a_picture_that_goes_while_a_sequence_is_read(tmp_path: Path) -> None:
    for i in range(60):
        Image.fromarray(make.numbered(i)).save(tmp_path / f"{i}.png")
    with open_video(tmp_path) as movie:
        shots = movie.frames()
        next(shots)
        (tmp_path / "50.png").unlink()
        with pytest.raises(ReverieError, match="no longer there") as caught:
            list(shots)
    assert caught.value.exit_code == 6


def test_a_broken_picture_in_a_sequence_names_it(tmp_path: Path) -> None:
    for i in range(4):
        Image.fromarray(make.numbered(i)).save(tmp_path / f"{i}.png")
    (tmp_path / "2.png").write_bytes((tmp_path / "2.png").read_bytes()[:200])
    with open_video(tmp_path) as movie, pytest.raises(BadInput, match=r"2\.png"):
        list(movie.frames())


def test_nothing_is_printed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = make.film(tmp_path / "a.mp4", count=12, rate=Fraction(30))
    data = bytearray(path.read_bytes())
    data[600:900] = bytes(300)
    path.write_bytes(bytes(data))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ReverieWarning)
        try:
            with open_video(path) as movie:
                list(movie.frames())
        except BadInput:
            pass
    assert capfd.readouterr() == ("", "")
