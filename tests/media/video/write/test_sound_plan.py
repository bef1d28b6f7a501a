"""What becomes of sound: of all codecs, layouts, rates and containers, tried out before all else."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from reverie.errors import ResourceError, ReverieWarning
from reverie.media.video.read.reader import open_video
from reverie.media.video.write import mux
from reverie.media.video.write.formats import encoding_for
from reverie.media.video.write.render import Render
from reverie.media.video.write.sound_plan import Track, plan_sound
from support.renders import decoded
from support.sounds import (
    ALL,
    CODECS,
    KINDS,
    LAYOUTS,
    OUTS,
    RATES,
    Case,
    clicking,
    place_of_click,
)

#: Some of everything, each of another codec, layout, rate, container and result than the one before.
SOME = [
    (Case(codec, LAYOUTS[n % 4], RATES[n % 5], KINDS[(n + n // 4) % 4]), OUTS[n % 3])
    for n, codec in enumerate([*CODECS] * 2)
]
#: Seconds that sound may be off.
NEAR = 0.04


def again(source: Path, out: Path, **part: Any) -> list[str]:
    """A film's frames and its sound written anew; what was said."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        with open_video(source, **part) as movie:
            size, rate = movie.info.size, movie.info.rate
            with Render(out, {}, size=size, rate=rate, encoding=encoding_for(out), overwrite=True) as render:
                for shot in movie.frames(skip=render.done):
                    render.add(shot.rgb, shot.time, shot.duration, dict)
                with movie.sound() as sound:  # type: ignore[union-attr]
                    render.finish(sound=sound)
    return [str(each.message) for each in said]


def check(case: Case, source: Path, out: Path) -> None:
    """The film is written anew with all of its frames, and its click where it was."""
    before = place_of_click(source)
    said = again(source, out)
    after = place_of_click(out)
    assert before is not None, case
    assert after is not None, (case, said)
    assert abs(after - before) <= NEAR, (case, before, after)
    assert len(decoded(out)) == 6
    assert not [words for words in said if "left out" in words or "without it" in words]
    with av.open(str(out)) as file:
        stream = file.streams.audio[0].codec_context
        count, codec = stream.channels, stream.name
    many = av.AudioLayout(case.layout).nb_channels
    mixed = [words for words in said if "8 channels of the sound are mixed down to 5.1" in words]
    assert count == (6 if mixed else many)
    assert bool(mixed) == (many > 6 and any("packed again" in words for words in said))
    if case.kind == "avi" and out.suffix == ".mp4" and "pcm" in CODECS[case.codec]:
        assert (codec, stream.sample_rate) == ("aac", case.rate)


@pytest.mark.slow
@pytest.mark.parametrize(("case", "kind"), SOME, ids=lambda each: str(each))
def test_sound_of_every_kind_is_kept_in_its_place(tmp_path: Path, case: Case, kind: str) -> None:
    source = tmp_path / f"a.{case.kind}"
    if not clicking(source, case):
        pytest.skip("FFmpeg writes no such film")
    check(case, source, tmp_path / f"z.{kind}")


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_all_sound_is_kept_in_its_place(tmp_path: Path) -> None:
    written = 0
    for case in ALL:
        source = tmp_path / f"a.{case.kind}"
        if clicking(source, case):
            written += 1
            for kind in OUTS:
                check(case, source, tmp_path / f"z.{kind}")
    print(f"{written} of {len(ALL)} films can be written, each became {len(OUTS)}")
    assert written > 450


@pytest.mark.parametrize("late", [Fraction(2, 5), Fraction(-3, 10)], ids=["late", "early"])
@pytest.mark.parametrize(
    ("case", "kind"),
    [
        (Case("s16", "stereo", 48_000, "mkv"), "mp4"),
        (Case("aac", "mono", 44_100, "mp4"), "webm"),
        (Case("flac", "mono", 48_000, "mkv"), "mkv"),
    ],
    ids=lambda each: str(each),
)
def test_sound_that_begins_late_or_early_stays_where_it_was(
    tmp_path: Path, case: Case, kind: str, late: Fraction
) -> None:
    source = tmp_path / f"a.{case.kind}"
    assert clicking(source, case, late=late)
    again(source, tmp_path / f"z.{kind}")
    after = place_of_click(tmp_path / f"z.{kind}")
    assert after == pytest.approx(0.525 + float(late), abs=NEAR)


@pytest.mark.parametrize("kind", ["mp4", "webm"])
def test_a_gap_is_filled_with_silence(tmp_path: Path, kind: str) -> None:
    source = tmp_path / "a.mkv"
    assert clicking(source, Case("s16", "5.1", 48_000, "mkv"), gap=(0.1, 0.4))
    again(source, tmp_path / f"z.{kind}")
    assert place_of_click(tmp_path / f"z.{kind}") == pytest.approx(0.525, abs=NEAR)


@pytest.mark.slow
def test_a_part_has_the_sound_of_that_part(tmp_path: Path) -> None:
    source = tmp_path / "a.avi"
    for case in (Case("u8", "mono", 8000, "avi"), Case("flac", "stereo", 48_000, "avi")):
        assert clicking(source, case)
        for kind in OUTS:
            again(source, tmp_path / f"z.{kind}", start=0.4, duration=0.6)
            assert place_of_click(tmp_path / f"z.{kind}") == pytest.approx(0.125, abs=NEAR), case


def with_tracks(path: Path, *tracks: tuple[str, str, int]) -> Path:
    """A film with several tracks of sound: codec, layout and rate of each."""
    with av.open(str(path), "w") as file:
        pictures: Any = file.add_stream("mpeg4", rate=5)
        pictures.width, pictures.height, pictures.pix_fmt = 64, 48, "yuv420p"
        sounds: list[Any] = [file.add_stream(c, rate=rate, layout=layout) for c, layout, rate in tracks]
        for _ in range(6):
            file.mux(pictures.encode(av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), "rgb24")))
        file.mux(pictures.encode())
        for sound, (_, layout, rate) in zip(sounds, tracks, strict=True):
            data = np.zeros((1, rate * av.AudioLayout(layout).nb_channels), np.float32)
            frame = av.AudioFrame.from_ndarray(data, "flt", layout)
            frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
            file.mux(sound.encode(frame))
            file.mux(sound.encode())
    return path


@pytest.mark.slow
def test_each_track_goes_its_own_way(tmp_path: Path) -> None:
    tracks = (("aac", "stereo", 44_100), ("pcm_u8", "mono", 22_050), ("flac", "7.1", 48_000))
    source = with_tracks(tmp_path / "a.mkv", *tracks)
    said = again(source, tmp_path / "z.mp4")
    assert [words.partition(": ")[2] for words in said] == [
        ".mp4 holds no pcm_u8, track 2 of the sound is packed again as AAC"
    ]
    with av.open(str(tmp_path / "z.mp4")) as file:
        assert [s.codec_context.name for s in file.streams.audio] == ["aac", "aac", "flac"]
    said = again(source, tmp_path / "z.webm")
    assert any("8 channels of track 3 of the sound are mixed down to 5.1" in words for words in said)
    with av.open(str(tmp_path / "z.webm")) as file:
        assert [s.codec_context.channels for s in file.streams.audio] == [2, 1, 6]


def spoilt(path: Path, part: slice) -> Path:
    """An MP4 whose packets of sound in this part of them are noise."""
    with av.open(str(path)) as file:
        found = [(p.pos, p.size) for p in file.demux(audio=0) if p.size]
    data = bytearray(path.read_bytes())
    noise = np.random.default_rng(3)
    for place, size in found[part]:
        data[place : place + size] = noise.integers(0, 256, size, np.uint8).tobytes()
    path.write_bytes(data)
    return path


def test_damaged_sound_costs_no_more_than_itself(tmp_path: Path) -> None:
    source = tmp_path / "a.mp4"
    assert clicking(source, Case("flac", "mono", 48_000, "mp4"))
    said = again(spoilt(source, slice(1, 3)), tmp_path / "z.webm")
    assert any("its sound is damaged; 2 packets of it are left out" in words for words in said)
    assert place_of_click(tmp_path / "z.webm") == pytest.approx(0.525, abs=NEAR)
    assert len(decoded(tmp_path / "z.webm")) == 6


@pytest.mark.parametrize("kind", OUTS)
def test_sound_that_cannot_be_decoded_is_left_out(tmp_path: Path, kind: str) -> None:
    source = tmp_path / "a.mp4"
    assert clicking(source, Case("flac", "mono", 48_000, "mp4"))
    said = again(spoilt(source, slice(None)), tmp_path / f"z.{kind}")
    (words,) = said
    assert words.startswith(f"{tmp_path}/z.{kind}: the sound (flac) cannot be decoded and is left out; ")
    assert len(decoded(tmp_path / f"z.{kind}")) == 6
    with av.open(str(tmp_path / f"z.{kind}")) as file:
        assert not file.streams.audio


def test_a_codec_that_nobody_knows_is_said_at_once(tmp_path: Path) -> None:
    source = tmp_path / "a.mov"
    assert clicking(source, Case("s16", "mono", 48_000, "mov"))
    source.write_bytes(source.read_bytes().replace(b"sowt", b"wha?"))
    with pytest.warns(ReverieWarning, match="a track of its sound is of a kind that cannot be decoded"):
        movie = open_video(source)
    with movie:
        assert movie.sound() is None
        assert movie.info.frames == 6


def failing(error: Exception) -> Callable[..., Any]:
    """Stands for what hears sound, and fails at the first of it."""

    def heard(*_: object) -> Any:
        raise error
        yield

    return heard


@pytest.mark.parametrize(
    "error", [ValueError("odd"), av.error.ArgumentError(22, "no"), MemoryError()], ids=repr
)
def test_whatever_goes_wrong_with_sound_at_the_end_the_film_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    source, out = tmp_path / "a.mkv", tmp_path / "z.mp4"
    assert clicking(source, Case("s16", "mono", 48_000, "mkv"))
    monkeypatch.setattr(mux, "heard", failing(error))
    said = again(source, out)
    assert any("the film is finished without it" in words for words in said)
    assert len(decoded(out)) == 6
    assert not (tmp_path / "z.mp4.part").exists()


@pytest.mark.parametrize("error", [ResourceError("gone"), OSError(28, "No space left on device")], ids=repr)
def test_a_film_that_cannot_be_read_or_a_full_disk_keeps_the_frames(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    source, out = tmp_path / "a.mkv", tmp_path / "z.mp4"
    assert clicking(source, Case("s16", "mono", 48_000, "mkv"))
    with monkeypatch.context() as patch:
        patch.setattr(mux, "heard", failing(error))
        with pytest.raises(ResourceError):
            again(source, out)
    assert (tmp_path / "z.mp4.part").is_dir()
    again(source, out)
    assert len(decoded(out)) == 6
    assert place_of_click(out) == pytest.approx(0.525, abs=NEAR)


def test_the_plan_is_made_of_the_beginning(tmp_path: Path) -> None:
    source = with_tracks(tmp_path / "a.mkv", ("pcm_s16le", "stereo", 44_100))
    with open_video(source) as movie:
        for kind, copied in (("mkv", True), ("mov", True), ("mp4", False), ("webm", False)):
            with movie.sound() as sound, warnings.catch_warnings():  # type: ignore[union-attr]
                warnings.simplefilter("ignore")
                (track,) = plan_sound(sound, kind, "z")
            assert track.copied == copied
            if track.packing is not None:
                rate = 48_000 if kind == "webm" else 44_100
                assert (track.packing.rate, track.packing.layout) == (rate, "stereo")
    assert not Track().kept
