"""Films of every container, read back: pictures, times, part, size, turn, colour and alpha."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import time
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from reverie.errors import ReverieWarning, UsageError
from reverie.media.video.read.reader import Video, open_video
from support import films as make
from support.commands import environment
from support.slow import mostly_slow

RATES = [Fraction(30_000, 1001), Fraction(24_000, 1001), Fraction(60), Fraction(25, 2)]


def numbers(movie: Video, skip: int = 0) -> list[int]:
    return [make.number_of(shot.rgb) for shot in movie.frames(skip)]


@pytest.mark.parametrize("kind", make.KINDS)
def test_every_container_gives_every_frame_in_order(tmp_path: Path, kind: str) -> None:
    path = make.film(tmp_path / f"a.{kind}", count=30)
    with open_video(path) as movie:
        shots = list(movie.frames())
        assert [make.number_of(shot.rgb) for shot in shots] == list(range(30))
        assert [shot.index for shot in shots] == list(range(30))
        assert [shot.time for shot in shots] == [Fraction(i, 25) for i in range(30)]
        assert {shot.duration for shot in shots} == {Fraction(1, 25)}
        info = movie.info
        assert (info.size, info.rate, info.frames, info.exact) == ((96, 64), 25, 30, True)
        assert info.duration == Fraction(30, 25)
        assert not info.variable
        assert (info.aspect, info.rotation, info.has_alpha, info.sound) == (1, 0, False, ())
        expected = make.numbered(7).astype(int)
        error = np.abs(shots[7].rgb.astype(int) - expected)
        assert error.mean() < (40 if kind == "gif" else 4)  # a fixed palette of 256 colours


@pytest.mark.parametrize("kind", ["mp4", "mkv", "avi", "webm"])
@pytest.mark.parametrize("rate", RATES)
def test_an_even_pace_is_exact_whatever_the_clock(tmp_path: Path, kind: str, rate: Fraction) -> None:
    path = make.film(tmp_path / f"a.{kind}", count=20, rate=rate)
    with open_video(path) as movie:
        assert (movie.info.rate, movie.info.variable) == (rate, False)
        assert movie.info.duration == 20 / rate
        shots = list(movie.frames())
    assert [shot.time for shot in shots] == [i / rate for i in range(20)]
    assert {shot.duration for shot in shots} == {1 / rate}


UNEVEN = [Fraction(t, 1000) for t in (0, 40, 80, 200, 240, 500, 540, 1540, 1580)]


@pytest.mark.parametrize("kind", ["mp4", "mkv", "webm"])
def test_an_uneven_pace_keeps_its_times(tmp_path: Path, kind: str) -> None:
    path = make.film(tmp_path / f"a.{kind}", count=9, times=UNEVEN)
    with open_video(path) as movie:
        assert movie.info.variable
        assert movie.info.frames == 9
        shots = list(movie.frames())
        assert [shot.time for shot in shots] == UNEVEN
        assert [shot.duration for shot in shots[:-1]] == [b - a for a, b in pairwise(UNEVEN)]
        assert movie.info.duration == shots[-1].time + shots[-1].duration
    with open_video(path, every=2) as movie:
        shots = list(movie.frames())
        assert [shot.time for shot in shots] == UNEVEN[::2]
        assert [make.number_of(shot.rgb) for shot in shots] == [0, 2, 4, 6, 8]


@pytest.mark.parametrize("kind", ["mp4", "mkv", "webm"])
def test_the_last_frame_lasts_until_the_end_that_is_stated(tmp_path: Path, kind: str) -> None:
    path = make.film(tmp_path / f"a.{kind}", count=9, times=UNEVEN, last=Fraction(3, 4))
    with open_video(path) as movie:
        assert list(movie.frames())[-1].duration == Fraction(3, 4)
        assert movie.info.duration == UNEVEN[-1] + Fraction(3, 4)


@pytest.mark.parametrize("kind", ["mp4", "webm"])
def test_a_long_frame_is_cut_where_the_part_begins_and_ends(tmp_path: Path, kind: str) -> None:
    path = make.film(tmp_path / f"a.{kind}", count=9, times=UNEVEN)
    with open_video(path, start=0.6, duration=0.5) as movie:  # within the frame from 0.54 to 1.54
        (shot,) = movie.frames()
        assert make.number_of(shot.rgb) == 6
        assert (shot.time, shot.duration, movie.info.duration) == (0, Fraction(1, 2), Fraction(1, 2))
        assert movie.origin == Fraction(6, 10)


@mostly_slow("kind", make.KINDS, quick=2)
def test_a_part_is_the_same_frames(tmp_path: Path, kind: str) -> None:
    options = {**make.KINDS[kind][3], "g": "12"} if kind not in ("gif", "apng") else None
    path = make.film(tmp_path / f"a.{kind}", count=80, options=options)
    with open_video(path) as movie:
        whole = [shot.rgb for shot in movie.frames()]
    with open_video(path, start=1.6, duration=1, every=3) as movie:
        shots = list(movie.frames())
        assert movie.info.frames == len(shots) == 9
        assert movie.info.rate == Fraction(25, 3)
        assert movie.info.duration == 1
        assert movie.span == (movie.origin, movie.origin + 1)
    for k, shot in enumerate(shots):
        assert np.array_equal(shot.rgb, whole[40 + 3 * k])
        assert shot.time == Fraction(3 * k, 25)
    assert sum(shot.duration for shot in shots) == 1


@pytest.mark.slow
def test_a_part_that_a_person_types_begins_with_the_frame_that_was_meant(tmp_path: Path) -> None:
    path = make.film(tmp_path / "a.mkv", count=40, rate=30)  # a clock of milliseconds
    for frame in (1, 7, 10, 29):
        for typed in (round(frame / 30, 3), frame / 30, Fraction(frame, 30)):
            with open_video(path, start=typed) as movie:
                assert make.number_of(next(movie.frames()).rgb) == frame


@pytest.mark.parametrize("kind", ["mp4", "mkv", "avi", "webm", "gif"])
def test_skipping_gives_the_rest_to_the_byte(tmp_path: Path, kind: str) -> None:
    path = make.film(tmp_path / f"a.{kind}", count=20)
    with open_video(path, start=0.2, every=2) as movie:
        whole = list(movie.frames())
        rest = list(movie.frames(skip=4))
        assert list(movie.frames(skip=50)) == []
    assert len(rest) == len(whole) - 4
    for a, b in zip(whole[4:], rest, strict=True):
        assert (a.index, a.time, a.duration) == (b.index, b.time, b.duration)
        assert np.array_equal(a.rgb, b.rgb)


@pytest.mark.slow
def test_two_readers_do_not_disturb_each_other(tmp_path: Path) -> None:
    path = make.film(tmp_path / "a.mp4", count=40)
    with open_video(path) as movie:
        pairs = list(zip(movie.frames(), movie.frames(skip=3), strict=False))
    assert all(make.number_of(a.rgb) + 3 == make.number_of(b.rgb) for a, b in pairs)
    assert len(pairs) == 37


@pytest.mark.parametrize("codec", ["mpeg4", "libx264"])
def test_frames_that_avi_stores_out_of_order_come_in_order(tmp_path: Path, codec: str) -> None:
    path = make.film(tmp_path / "a.avi", codec=codec, options={"bf": "2"}, count=25)
    with open_video(path) as movie:
        shots = list(movie.frames())
    assert [make.number_of(shot.rgb) for shot in shots] == list(range(25))
    assert [shot.time for shot in shots] == [Fraction(i, 25) for i in range(25)]


# Size


def test_a_size_is_scaled_to_and_even(tmp_path: Path) -> None:
    path = make.film(tmp_path / "a.mov", count=2, size=(322, 182))
    cases: list[tuple[dict[str, Any], tuple[int, int]]] = [
        ({"max_size": 96}, (96, 54)),
        ({"max_size": 1000}, (322, 182)),
        ({"size": (50, 40)}, (50, 40)),
    ]
    for wanted, size in cases:
        with open_video(path, **wanted) as movie:
            assert movie.info.size == size
            assert movie.info.full_size == (322, 182)
            for shot in movie.frames():
                assert shot.rgb.shape == (size[1], size[0], 3)
                assert make.number_of(shot.rgb) == shot.index
    with open_video(path, max_size=96) as movie:
        assert movie.info.aspect == 1  # rounding to pixels is no change of shape
    with open_video(path, size=(161, 182)) as movie:
        assert movie.info.aspect == 2


def test_a_size_that_changes_on_the_way_is_scaled_to_the_first(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    pieces = [
        [make.numbered(i, (96, 64)) for i in range(4)],
        [make.numbered(i, (192, 80)) for i in range(4, 8)],
    ]
    with av.open(str(path), "w", format="matroska") as out:
        stream: Any = out.add_stream("mjpeg", rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuvj420p"
        for pictures in pieces:
            coder: Any = av.CodecContext.create("mjpeg", "w")
            coder.height, coder.width, coder.pix_fmt = *pictures[0].shape[:2], "yuvj420p"
            coder.time_base, coder.options = Fraction(1, 25), {"q": "2"}
            for picture in pictures:
                frame = av.VideoFrame.from_ndarray(picture, "rgb24").reformat(format="yuvj420p")
                frame.pts = None
                for packet in coder.encode(frame):
                    at = 0 if pictures is pieces[0] else 4
                    packet.pts = packet.dts = at + pictures_done(pictures, picture)
                    packet.time_base, packet.stream = Fraction(1, 25), stream
                    out.mux(packet)
    with open_video(path) as movie:
        with pytest.warns(ReverieWarning, match="scaled to the first, 96 x 64") as said:
            shots = list(movie.frames())
        assert len(said) == 1
    assert {shot.rgb.shape for shot in shots} == {(64, 96, 3)}
    assert [make.number_of(shot.rgb) for shot in shots] == list(range(8))


def pictures_done(pictures: list[make.Bytes], picture: make.Bytes) -> int:
    return next(i for i, p in enumerate(pictures) if p is picture)


# The thread


def readers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "reverie-film"]


def wait_until_gone() -> None:
    for _ in range(500):
        if not readers():
            return
        time.sleep(0.01)
    raise AssertionError(readers())


@pytest.mark.slow
def test_closing_leaving_or_forgetting_stops_the_thread(tmp_path: Path) -> None:
    path = make.film(tmp_path / "a.mp4", count=120)
    movie = open_video(path)
    next(movie.frames())
    shots = movie.frames()
    next(shots)
    movie.close()
    assert not readers()
    assert next(shots, None) is None

    movie = open_video(path)
    for _ in movie.frames():
        break
    gc.collect()
    wait_until_gone()  # the iterator was forgotten
    forgotten = movie.frames()
    next(forgotten)
    del movie, forgotten
    gc.collect()
    wait_until_gone()


@pytest.mark.slow
def test_no_more_is_decoded_than_fits_the_queue(tmp_path: Path) -> None:
    path = make.film(tmp_path / "a.mp4", count=150)
    with open_video(path) as movie:
        shots: Any = movie.frames()
        next(shots)
        time.sleep(0.3)
        assert shots._waiting.qsize() <= 16
        assert [shot.index for shot in shots] == list(range(1, 150))


def test_what_is_raised_in_the_thread_is_raised_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from reverie.media.video.read.colour_convert import Converter

    path = make.film(tmp_path / "a.mp4", count=8)
    with open_video(path) as movie:
        calls = []

        def broken(self: Converter, frame: object) -> object:
            calls.append(frame)
            if len(calls) == 4:
                raise ZeroDivisionError("the fourth")
            return real(self, frame)  # type: ignore[arg-type]

        real = Converter.__call__
        monkeypatch.setattr(Converter, "__call__", broken)
        got = []
        with pytest.raises(ZeroDivisionError, match="the fourth"):
            got.extend(movie.frames())
        shots = movie.frames()
        assert [next(shots).index for _ in range(3)] == [0, 1, 2]


@pytest.mark.slow
def test_a_program_may_end_without_closing(tmp_path: Path) -> None:
    path = make.film(tmp_path / "a.mp4", count=120)
    program = (
        "import sys; from reverie.media.video.read.reader import open_video; m = open_video(sys.argv[1]); "
    )
    program += "f = m.frames(); print(next(f).rgb.shape)"
    done = subprocess.run(
        [sys.executable, "-c", program, path], env=environment(), capture_output=True, text=True, timeout=100
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "(64, 96, 3)\n", "")


def test_importing_is_quick_and_loads_no_decoder() -> None:
    program = "import sys, reverie.media.video.read.frame, reverie.media.video.write.formats; "
    program += "print({'av', 'cv2', 'torch', 'PIL'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], env=environment(), capture_output=True, text=True)
    assert done.stdout == "set()\n"


def test_the_same_film_gives_the_same_bytes(tmp_path: Path) -> None:
    path = make.film(tmp_path / "a.webm", count=10, size=(320, 180))
    with open_video(path, max_size=160) as one, open_video(path, max_size=160) as two:
        for a, b in zip(one.frames(), two.frames(), strict=True):
            assert a.rgb.tobytes() == b.rgb.tobytes()


def test_the_source_says_where_it_came_from(tmp_path: Path) -> None:
    import hashlib

    path = make.film(tmp_path / "a.mp4", count=3)
    with open_video(path) as movie:
        assert movie.source.name == "a.mp4"
        assert movie.source.format == "mov"
        assert movie.source.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_film_may_be_deleted_while_it_is_read(tmp_path: Path) -> None:
    path = make.film(tmp_path / "a.mp4", count=60)
    with open_video(path) as movie:
        path.unlink()
        assert numbers(movie) == list(range(60))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"start": -1}, "start"),
        ({"start": float("nan")}, "start"),
        ({"start": 100}, "before its end"),
        ({"duration": 0}, "duration"),
        ({"duration": float("inf")}, "duration"),
        ({"every": 0}, "every"),
        ({"every": True}, "every"),
        ({"max_size": 5}, "max-size"),
        ({"size": (0, 10)}, "size"),
        ({"size": (31, 40)}, "size"),
        ({"rate": 25}, "rate"),
    ],
)
def test_what_is_out_of_range_is_said(tmp_path: Path, settings: dict[str, Any], words: str) -> None:
    path = make.film(tmp_path / "a.mp4", count=10)
    with pytest.raises(UsageError, match=words):
        open_video(path, **settings)
    assert not readers()
