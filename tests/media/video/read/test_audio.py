"""Sound in: packets as they lie in the file, and samples where they belong."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from reverie.errors import BadInput, UsageError
from reverie.media.video.read.audio import samples
from reverie.media.video.read.reader import open_video
from support import films as make
from support.slow import mostly_slow
from support.sounds import Case, clicking, place_of_click

SOUNDS = {
    "a.mp3": ("libmp3lame", "mp3"),
    "a.wav": ("pcm_s16le", "wav"),
    "a.flac": ("flac", "flac"),
    "a.ogg": ("libopus", "ogg"),
    "a.oga": ("flac", "ogg"),
    "a.m4a": ("aac", "ipod"),
    "a.aac": ("aac", "adts"),
    "a.mka": ("aac", "matroska"),
}
FILMS = {
    "a.mp4": "aac",
    "a.mov": "pcm_s16le",
    "a.mkv": "flac",
    "a.webm": "libopus",
    "a.avi": "libmp3lame",
}


def cross(sound: np.ndarray, rate: int = 48_000) -> np.ndarray:
    """Seconds at which a sine goes up through 0."""
    rising = np.flatnonzero((sound[:-1] < 0) & (sound[1:] >= 0))
    return (rising + sound[rising] / (sound[rising] - sound[rising + 1])) / rate


@pytest.mark.parametrize("name", SOUNDS)
def test_every_sound_file_is_read(tmp_path: Path, name: str) -> None:
    path = make.sound_file(tmp_path / name, *SOUNDS[name])
    sound = samples(path, 48_000)
    assert sound.dtype == np.float32
    assert sound.ndim == 1
    assert 0.95 < len(sound) / 48_000 < 1.1  # codecs add a piece at either end
    middle = sound[12_000:36_000]
    assert abs(float(np.abs(middle).max()) - 0.5) < 0.03
    assert np.allclose(np.diff(cross(middle)), 1 / 440, rtol=0.02)


@pytest.mark.parametrize("rate", [8000, 22_050, 44_100, 96_000])
def test_samples_come_at_any_rate(tmp_path: Path, rate: int) -> None:
    path = make.wav(tmp_path / "a.wav", make.tone(1.0), 48_000)
    sound = samples(path, rate)
    assert abs(len(sound) - rate) <= 2
    twin = make.tone(1.0, rate)[: len(sound)]
    edge = rate // 20
    assert np.abs(sound[edge : len(twin) - edge] - twin[edge:-edge]).max() < 0.01


@mostly_slow("name", FILMS, quick=2)
def test_the_sound_of_a_film_stands_where_its_pictures_do(tmp_path: Path, name: str) -> None:
    path = make.film(tmp_path / name, count=50, sound=FILMS[name], seconds=2.0)
    with open_video(path) as movie:
        assert len(movie.info.sound) == 1
        assert (movie.info.sound[0].rate, movie.info.sound[0].channels) == (48_000, 1)
        whole = samples(movie.sound(), 48_000)
    with open_video(path, start=0.6, duration=1) as movie:
        part = samples(movie.sound(), 48_000)
    assert len(part) == 48_000
    assert np.abs(part[4800:-4800] - whole[28_800 + 4800 : 76_800 - 4800]).max() < 0.05
    if "pcm" in FILMS[name] or FILMS[name] in ("flac", "aac"):
        assert np.abs(whole[4800:90_000] - make.tone(2.0)[4800:90_000]).max() < 0.02


def test_sound_that_begins_late_begins_with_silence(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w", format="matroska") as out:
        pictures = out.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        pictures.width, pictures.height, pictures.pix_fmt = 96, 64, "yuv420p"
        sound = out.add_stream("pcm_s16le", rate=48_000, layout="mono")
        for i in range(50):
            out.mux(pictures.encode(av.VideoFrame.from_ndarray(make.numbered(i), "rgb24")))
        out.mux(pictures.encode())
        frame = av.AudioFrame.from_ndarray((make.tone(1.0)[None] * 32767).astype(np.int16), "s16", "mono")
        frame.sample_rate, frame.pts, frame.time_base = 48_000, 36_000, Fraction(1, 48_000)
        out.mux(sound.encode(frame))
    with open_video(path) as movie:
        heard = samples(movie.sound(), 48_000)
    assert not heard[:36_000].any()
    assert np.abs(heard[36_000:84_000] - make.tone(1.0)).max() < 1e-3
    with open_video(path, start=1, duration=2) as movie:
        heard = samples(movie.sound(), 48_000)
        assert len(heard) == 48_000  # the pictures end at 2 s
        assert np.abs(heard[:36_000] - make.tone(1.0)[12_000:]).max() < 1e-3


def test_a_gap_in_the_sound_of_a_film_is_silent(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    assert clicking(path, Case("s16", "stereo", 48_000, "mkv"), gap=(0.1, 0.4))
    assert place_of_click(path) == pytest.approx(0.525, abs=0.002)


def test_a_piece_of_a_sound_file(tmp_path: Path) -> None:
    path = make.wav(tmp_path / "a.wav", make.tone(2.0), 48_000)
    whole = samples(path, 48_000)
    part = samples(path, 48_000, start=0.25, duration=0.5)
    assert np.array_equal(part, whole[12_000:36_000])
    late = samples(path, 48_000, start=1.9, duration=0.5)
    assert len(late) == 24_000
    assert np.array_equal(late[:4800], whole[91_200:])
    assert not late[4800:].any()


@mostly_slow("name", FILMS, quick=2)
def test_packets_are_the_files_own(tmp_path: Path, name: str) -> None:
    path = make.film(tmp_path / name, count=50, sound=FILMS[name], seconds=2.0)
    with av.open(str(path)) as container:
        twin = [(p.pts, bytes(p)) for p in container.demux(audio=0) if p.size]
    with open_video(path) as movie:
        sound = movie.sound()
        assert sound is not None
        with sound:
            assert not sound.cut
            found = [(place, p.pts, bytes(p)) for place, p in sound.packets()]
            assert found == [(0, *rest) for rest in twin]
            assert sound.streams[0].codec_context.name == movie.info.sound[0].codec
        assert [make.number_of(shot.rgb) for shot in movie.frames()] == list(range(50))


def test_packets_of_a_part_cover_it_and_no_more(tmp_path: Path) -> None:
    path = make.film(tmp_path / "a.mp4", count=50, sound="aac", seconds=2.0)
    with open_video(path, start=0.5, duration=1) as movie, movie.sound() as sound:  # type: ignore[union-attr]
        spans = []
        for _, packet in sound.packets():
            begin = packet.pts * packet.time_base - sound.origin
            spans.append((begin, begin + packet.duration * packet.time_base))
        assert sound.cut
    assert spans[0][0] <= 0 < spans[0][1]
    assert spans[-1][0] < 1 <= spans[-1][1]
    assert all(a[1] == b[0] for a, b in itertools.pairwise(spans))


def test_a_film_may_have_several_streams_of_sound(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w", format="matroska") as out:
        pictures = out.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        pictures.width, pictures.height, pictures.pix_fmt = 96, 64, "yuv420p"
        tones = [out.add_stream(codec, rate=48_000, layout="mono") for codec in ("flac", "aac")]
        for i in range(10):
            out.mux(pictures.encode(av.VideoFrame.from_ndarray(make.numbered(i), "rgb24")))
        out.mux(pictures.encode())
        for tone in tones:
            make._mux_tone(out, tone, 0.4)
    with open_video(path) as movie:
        assert [stream.codec for stream in movie.info.sound] == ["flac", "aac"]
        with movie.sound() as sound:  # type: ignore[union-attr]
            assert {place for place, _ in sound.packets()} == {0, 1}


def test_a_film_without_sound_has_none(tmp_path: Path) -> None:
    path = make.film(tmp_path / "a.mp4", count=3)
    with open_video(path) as movie:
        assert movie.sound() is None
    with pytest.raises(BadInput, match="no sound in it"):
        samples(path)


def test_what_is_no_sound_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.mp3").write_text("#EXTM3U\nhttp://127.0.0.1/x.mp3\n")
    with pytest.raises(BadInput, match="not sound that reverie reads"):
        samples(tmp_path / "a.mp3")
    (tmp_path / "b.mp3").write_bytes(b"ID3\x04\x00\x00\x00\x00\x00\x00" + bytes(4000))
    with pytest.raises(BadInput):
        samples(tmp_path / "b.mp3")
    (tmp_path / "empty.wav").write_bytes(b"")
    with pytest.raises(BadInput, match="empty file"):
        samples(tmp_path / "empty.wav")
    with pytest.raises(BadInput, match="no such file"):
        samples(tmp_path / "none.wav")
    path = make.wav(tmp_path / "a.wav", make.tone(0.1), 48_000)
    with pytest.raises(UsageError, match="rate"):
        samples(path, 0)
    with pytest.raises(UsageError, match="start"):
        samples(path, start=-1)


def test_a_song_with_a_tag_and_a_cover_is_read(tmp_path: Path) -> None:
    from PIL import Image

    plain = make.sound_file(tmp_path / "plain.mp3", "libmp3lame", "mp3")
    body = plain.read_bytes()
    assert body.startswith(b"ID3")
    size = sum((byte & 127) << (7 * (3 - i)) for i, byte in enumerate(body[6:10]))
    Image.new("RGB", (40, 40), (200, 30, 30)).save(tmp_path / "cover.jpg")
    cover = (tmp_path / "cover.jpg").read_bytes()
    picture = b"\0image/jpeg\0\x03\0" + cover
    frame = b"APIC" + len(picture).to_bytes(4, "big") + b"\0\0" + picture  # ID3v2.3
    length = bytes((len(frame) >> shift) & 127 for shift in (21, 14, 7, 0))
    song = tmp_path / "song.mp3"
    song.write_bytes(b"ID3\x03\0\0" + length + frame + body[10 + size :])
    assert np.abs(samples(song, 48_000) - samples(plain, 48_000)).max() < 1e-6
    with pytest.raises(BadInput, match="sound without pictures"):
        open_video(song)


def test_sound_that_changes_on_the_way_goes_on() -> None:
    from reverie.media.video.read.audio import _pieces

    def frames() -> Iterator[av.AudioFrame]:
        at = Fraction(0)
        for rate, layout in ((48_000, "mono"), (24_000, "mono"), (48_000, "stereo")):
            channels = 1 if layout == "mono" else 2
            data = np.repeat(make.tone(0.5, rate)[None], channels, 0)
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(data), "fltp", layout)
            frame.sample_rate, frame.time_base, frame.pts = rate, Fraction(1, rate), int(at * rate)
            at += Fraction(1, 2)
            yield frame

    heard = np.concatenate(list(_pieces(frames(), 48_000, Fraction(0))))
    assert abs(len(heard) - 72_000) < 100
    for begin in (0, 24_000, 48_000):
        middle = heard[begin + 4000 : begin + 20_000]
        assert abs(float(np.abs(middle).max()) - 0.5) < 0.02
