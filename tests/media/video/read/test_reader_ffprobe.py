"""What ffprobe, a second program, says of the same films."""

from __future__ import annotations

import json
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from reverie.media.video.read.reader import open_video
from support import films as make
from support.slow import mostly_slow

pytestmark = pytest.mark.skipif(shutil.which("ffprobe") is None, reason="no ffprobe; see tools/ffmpeg.sh")


def ffprobe(path: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """(stream, frames) of a film's pictures."""
    command = ["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_streams", "-show_frames"]
    done = subprocess.run([*command, "-of", "json", path], check=True, capture_output=True, timeout=60)
    said = json.loads(done.stdout)
    return said["streams"][0], said["frames"]


def check(path: Path) -> dict[str, Any]:
    stream, frames = ffprobe(path)
    with open_video(path) as movie:
        shots, info = list(movie.frames()), movie.info
    assert len(shots) == len(frames) == info.frames
    assert (stream["width"], stream["height"]) == (
        info.full_size if info.rotation % 180 == 0 else info.full_size[::-1]
    )
    at = [float(f.get("best_effort_timestamp_time", f.get("pkt_dts_time"))) for f in frames]
    tick = float(info.time_base)
    for shot, seconds in zip(shots, at, strict=True):
        if info.container != "avi":  # whose clock is of packets
            assert abs(float(shot.time) - (seconds - at[0])) <= tick
    assert info.codec == stream["codec_name"]
    if "duration" in stream:
        assert abs(float(stream["duration"]) - float(info.duration)) <= float(1 / info.rate)
    if not info.variable:
        said = Fraction(stream["avg_frame_rate"])
        assert abs(said - info.rate) <= (said / 1000 if info.container == "apng" else 0)
    for name in ("primaries", "transfer"):
        assert getattr(info.colour, name) == stream.get(f"color_{name}", "unknown")
    if info.colour.matrix != "gbr":
        assert info.colour.matrix == frames[0].get("color_space", "unknown")
        assert info.colour.range == frames[0].get("color_range", "unknown")
    shape = stream.get("sample_aspect_ratio", "1:1").replace(":", "/")
    upright = Fraction(shape) if info.rotation % 180 == 0 else 1 / Fraction(shape)
    assert info.aspect == upright
    return stream


@mostly_slow("kind", make.KINDS, quick=3)
def test_every_container(tmp_path: Path, kind: str) -> None:
    check(make.film(tmp_path / f"a.{kind}", count=20, rate=24))


@pytest.mark.parametrize("kind", ["mp4", "mkv", "webm"])
def test_an_uneven_pace(tmp_path: Path, kind: str) -> None:
    times = [Fraction(t, 1000) for t in (0, 33, 80, 200, 240, 500, 541, 1540, 1580)]
    check(make.film(tmp_path / f"a.{kind}", count=9, times=times))


@pytest.mark.parametrize("kind", ["mp4", "mkv"])
def test_the_shape_of_a_pixel(tmp_path: Path, kind: str) -> None:
    stream = check(make.film(tmp_path / f"a.{kind}", count=5, aspect=Fraction(16, 11)))
    assert stream["sample_aspect_ratio"] == "16:11"


@pytest.mark.parametrize("number", [1, 6, 9])
def test_colours(tmp_path: Path, number: int) -> None:
    check(make.film(tmp_path / "a.mov", count=5, colour=(number, 1)))


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_turn(tmp_path: Path, degrees: int) -> None:
    path = make.turned(make.film(tmp_path / "a.mp4", count=5), make.MATRICES[degrees])
    stream = check(path)
    (said,) = [data["rotation"] for data in stream["side_data_list"] if "rotation" in data]
    with open_video(path) as movie:
        assert movie.info.rotation == -said % 360  # ffprobe counts the other way


def test_broadcast_rates(tmp_path: Path) -> None:
    for rate in (Fraction(30_000, 1001), Fraction(24_000, 1001)):
        check(make.film(tmp_path / "a.mp4", count=20, rate=rate))
