"""Sound in what is written: the same packets where the container takes them, the same tone where not."""

from __future__ import annotations

import json
import shutil
import subprocess
import warnings
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from reverie.errors import ReverieWarning
from reverie.media.video.read.audio import samples
from reverie.media.video.read.reader import open_video
from reverie.media.video.write.formats import encoding_for
from reverie.media.video.write.render import Render
from support.films import film, number_of, numbered
from support.renders import decoded
from support.slow import mostly_slow

SIZE = (96, 64)
#: Containers that take a codec as it is.
COPIED = {
    "aac": ("mp4", "mov", "mkv"),
    "libopus": ("mp4", "mkv", "webm"),
    "flac": ("mp4", "mkv"),
    "pcm_s16le": ("mov", "mkv"),
    "libmp3lame": ("mp4", "mov", "mkv"),
    "ac3": ("mp4", "mov", "mkv"),
}
SOURCES = {
    "aac": "mp4",
    "libopus": "webm",
    "flac": "mkv",
    "pcm_s16le": "mov",
    "libmp3lame": "avi",
    "ac3": "mkv",
}
PAIRS = [(codec, kind) for codec in COPIED for kind in ("mp4", "mov", "mkv", "webm")]


def heard(path: Path) -> list[tuple[bytes, Fraction]]:
    """The packets of the first sound, and when each begins."""
    with av.open(str(path)) as file:
        stream = file.streams.audio[0]
        return [(bytes(p), p.pts * p.time_base) for p in file.demux(stream) if p.size]


def again(source: Path, out: Path | str, **part) -> Path:
    """A film's frames and its sound written anew."""
    with open_video(source, **part) as movie:
        encoding = encoding_for(out)
        with Render(out, {}, size=movie.info.size, rate=movie.info.rate, encoding=encoding) as render:
            for shot in movie.frames():
                render.add(shot.rgb, shot.time, shot.duration, dict)
            sound = movie.sound()
            assert sound is not None
            with sound:
                render.finish(sound=sound)
    return Path(out)


@pytest.fixture(scope="module")
def sources(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("sources")
    return {
        codec: film(folder / f"{codec}.{kind}", count=50, size=SIZE, sound=codec)
        for codec, kind in SOURCES.items()
    }


@mostly_slow(("codec", "kind"), PAIRS, quick=3)
def test_sound_is_kept(tmp_path, sources, codec, kind):
    source, out = sources[codec], tmp_path / f"z.{kind}"
    if kind in COPIED[codec]:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            again(source, out)
        before, after = heard(source), heard(out)
        assert [data for data, _ in after] == [data for data, _ in before]
        shift = after[0][1] - before[0][1]
        assert all(
            abs(b - a - shift) <= Fraction(1, 900) for (_, a), (_, b) in zip(before, after, strict=True)
        )
    else:
        with pytest.warns(ReverieWarning, match=rf"\.{kind} holds no .*packed again as (AAC|Opus)"):
            again(source, out)
    assert [number_of(rgb) for _, rgb in decoded(out)] == list(range(50))
    # By ear: what sounds with the first picture sounded with it before.
    one, two = samples(source, 8000), samples(out, 8000)
    if codec in ("aac", "libmp3lame") and kind == "webm":
        one, two = one[800:], two[800:]  # the first packet's fading in
    length = min(len(one), len(two), 15_000)
    shift = _lag(one[:length], two[:length])
    assert abs(shift) <= 8000 * 0.03


def _lag(one: np.ndarray, two: np.ndarray) -> int:
    """By how many samples the first loud one comes later."""
    return int(np.argmax(np.abs(two) > 0.2)) - int(np.argmax(np.abs(one) > 0.2))


@pytest.mark.parametrize("kind", ["mp4", "mov", "mkv", "webm"])
@mostly_slow("codec", ["aac", "libopus", "flac"])
def test_a_part_begins_with_its_sound(tmp_path, sources, codec, kind):
    out = tmp_path / f"z.{kind}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        again(sources[codec], out, start=Fraction(1, 2), duration=1)
    found = decoded(out)
    first = number_of(found[0][1])
    assert first in (12, 13)  # half a second is between two frames
    assert [number_of(rgb) for _, rgb in found] == list(range(first, first + len(found)))
    assert len(found) in (25, 26)
    assert abs(found[0][0]) < Fraction(1, 100)
    packets = heard(out)
    assert abs(packets[0][1]) < Fraction(1, 10)
    with av.open(str(out)) as file:
        assert file.duration == pytest.approx(1_000_000, abs=110_000)
    if kind in COPIED[codec]:
        known = {data for data, _ in heard(sources[codec])}
        assert all(data in known for data, _ in packets)


def test_every_stream_is_kept_with_its_language(tmp_path):
    source = tmp_path / "two.mkv"
    with av.open(str(source), "w") as file:
        video = file.add_stream("libx264", rate=10)
        video.width, video.height, video.pix_fmt = *SIZE, "yuv420p"
        tracks = [file.add_stream("aac", rate=48_000, layout=layout) for layout in ("mono", "stereo")]
        for track, language in zip(tracks, ("eng", "deu"), strict=True):
            track.metadata["language"] = language
        for i in range(10):
            file.mux(video.encode(av.VideoFrame.from_ndarray(numbered(i, SIZE), "rgb24")))
        file.mux(video.encode())
        for track in tracks:
            for i in range(40):
                channels = track.codec_context.layout.nb_channels
                frame = av.AudioFrame.from_ndarray(
                    np.zeros((channels, 1024), np.float32), "fltp", track.codec_context.layout.name
                )
                frame.sample_rate, frame.pts = 48_000, 1024 * i
                file.mux(track.encode(frame))
            file.mux(track.encode())
    for kind in ("mp4", "mkv"):
        out = again(source, tmp_path / f"z.{kind}")
        with av.open(str(out)) as file:
            assert [s.metadata["language"] for s in file.streams.audio] == ["eng", "deu"]
            assert [s.codec_context.channels for s in file.streams.audio] == [1, 2]


@mostly_slow("name", ["z.gif", "z.apng", "frames/"])
def test_a_film_without_room_for_sound_says_so(tmp_path, sources, name):
    with pytest.warns(ReverieWarning, match="has no sound, it is left out"):
        again(sources["aac"], f"{tmp_path}/{name}")


@pytest.mark.skipif(shutil.which("ffprobe") is None, reason="ffprobe is not installed")
@mostly_slow("kind", ["mp4", "mov", "mkv", "webm"])
def test_ffprobe_agrees_on_sound(tmp_path, sources, kind):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        out = again(sources["aac"], tmp_path / f"z.{kind}")
    words = ["ffprobe", "-v", "error", "-show_streams", "-show_format", "-of", "json", str(out)]
    found = json.loads(subprocess.run(words, capture_output=True, check=True, timeout=60).stdout)
    video, sound = found["streams"]
    assert sound["codec_name"] == ("opus" if kind == "webm" else "aac")
    assert (sound["sample_rate"], sound["channels"]) == ("48000", 1)
    assert float(found["format"]["duration"]) == pytest.approx(2, abs=0.03)
    assert abs(float(video["start_time"]) - max(0.0, float(sound["start_time"]))) <= 0.03
    # Every packet decodes: nothing is said on the way.
    words = ["ffmpeg", "-v", "warning", "-i", str(out), "-f", "null", "-"]
    assert subprocess.run(words, capture_output=True, timeout=60, check=True).stderr == b""


@pytest.mark.slow
def test_the_same_sound_is_the_same_bytes(tmp_path, sources):
    for kind in ("mp4", "webm"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            one = again(sources["flac"], tmp_path / f"one.{kind}").read_bytes()
            two = again(sources["flac"], tmp_path / f"two.{kind}").read_bytes()
        assert one == two
