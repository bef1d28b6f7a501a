"""Music without an end: each piece about as loud, one fading into the next, bad files left out."""

from __future__ import annotations

import itertools
import wave
from pathlib import Path

import numpy as np
import pytest

from reverie.errors import BadInput
from reverie.live.air.music import FADE, LEVEL, RATE, MusicBed, pieces
from reverie.process.notices import collect_warnings


def tone(path: Path, hertz: float, seconds: float, loud: float = 0.3, rate: int = 44_100) -> None:
    time = np.arange(round(seconds * rate)) / rate
    samples = np.rint(np.sin(2 * np.pi * hertz * time) * loud * 32767).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())


def pitch(sound: np.ndarray) -> float:
    """The strongest frequency, in hertz."""
    spectrum = np.abs(np.fft.rfft(sound[0] * np.hanning(sound.shape[1])))
    return float(np.argmax(spectrum) * RATE / sound.shape[1])


@pytest.mark.slow
def test_pieces_follow_each_other_without_a_gap(tmp_path: Path) -> None:
    for hertz in (220, 330, 550):
        tone(tmp_path / f"{hertz}.wav", hertz, 12)
    bed = MusicBed(tmp_path)
    bed.take(round(FADE * RATE))  # the first comes up from silence
    heard, names = [], []
    for _ in range(60):
        sound = bed.take(RATE // 2)
        assert sound.shape == (2, RATE // 2)
        assert np.sqrt(np.mean(sound**2)) > LEVEL / 3  # no gap, in fades neither
        heard.append(round(pitch(sound), -1))
        names.append(bed.playing)
    assert set(heard) == {220, 330, 550}
    assert set(names) == {"220", "330", "550"}
    pauses = [len(list(same)) for _, same in itertools.groupby(heard)]
    assert min(pauses[1:-1]) >= 2  # and each is heard for a while
    assert max(pauses) / 2 <= 12


@pytest.mark.slow
def test_quiet_and_loud_pieces_become_alike(tmp_path: Path) -> None:
    levels = []
    for name, loud in (("quiet", 0.05), ("loud", 0.9)):
        folder = tmp_path / name
        folder.mkdir()
        tone(folder / "a.wav", 330, 20, loud)
        bed = MusicBed(folder)
        bed.take(round(FADE * RATE))
        levels.append(float(np.sqrt(np.mean(bed.take(4 * RATE) ** 2))))
    assert levels[0] == pytest.approx(LEVEL, rel=0.1)
    assert levels[1] == pytest.approx(LEVEL, rel=0.1)


@pytest.mark.slow
def test_nothing_is_ever_too_loud(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name in "abc":
        samples = np.repeat(np.where(rng.random(20 * 441) < 0.02, 32767, 0), 100).astype("<i2")
        with wave.open(str(tmp_path / f"{name}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(44_100)
            file.writeframes(samples.tobytes())
    bed = MusicBed(tmp_path)
    assert max(np.abs(bed.take(RATE)).max() for _ in range(20)) <= 1


@pytest.mark.slow
def test_what_cannot_be_played_is_left_out_and_said_once(tmp_path: Path) -> None:
    tone(tmp_path / "good.wav", 440, 10)
    (tmp_path / "bad.mp3").write_bytes(b"no music at all" * 100)
    (tmp_path / "empty.flac").write_bytes(b"")
    bed = MusicBed(tmp_path)
    with collect_warnings() as said:
        for _ in range(60):
            sound = bed.take(RATE)
    assert np.abs(sound).max() > 0.01
    assert len(said) == 2
    assert all("cannot be played" in words for words in said)


def test_short_pieces_and_no_music_left_are_no_trouble(tmp_path: Path) -> None:
    tone(tmp_path / "short.wav", 440, 2)
    bed = MusicBed(tmp_path)
    assert np.abs(np.concatenate([bed.take(RATE) for _ in range(6)], axis=1)).max() > 0.01
    (tmp_path / "short.wav").unlink()
    with collect_warnings() as said:
        silent = [np.abs(bed.take(RATE)).max() for _ in range(12)]
    assert silent[-1] == 0
    assert len(said) == 1
    tone(tmp_path / "again.wav", 440, 12)
    assert max(np.abs(bed.take(RATE)).max() for _ in range(6)) > 0.01


def test_a_folder_without_music_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no music is in it"):
        pieces(tmp_path)
    with pytest.raises(BadInput, match="there is no such folder"):
        pieces(tmp_path / "none")
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "A.FLAC").write_bytes(b"")
    assert pieces(tmp_path) == [tmp_path / "deep" / "er" / "A.FLAC"]
