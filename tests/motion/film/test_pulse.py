"""The pulse of sounds whose beats are known."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reverie.motion.film import pulse as module
from reverie.motion.film.pulse import Pulse, pulse
from support.slow import mostly_slow

SECONDS = 8
#: 120 beats a minute.
BEATS = np.arange(1, 7.5, 0.5)


def drum(rate: int) -> np.ndarray:
    """A kick drum: a tone that falls, and fades."""
    t = np.arange(round(0.4 * rate)) / rate
    return np.sin(2 * np.pi * (50 * t + 4 * (1 - np.exp(-t * 30)))) * np.exp(-t * 18)


def hat(rate: int) -> np.ndarray:
    """A closed hi-hat: noise that fades at once."""
    t = np.arange(round(0.2 * rate)) / rate
    return np.random.default_rng(4).normal(0, 0.3, t.size) * np.exp(-t * 60)


def note(rate: int) -> np.ndarray:
    """A plucked string: harmonics that fade."""
    t = np.arange(round(0.45 * rate)) / rate
    return sum(np.sin(2 * np.pi * 330 * k * t) / k for k in (1, 2, 3)) * np.exp(-t * 9) * 0.4


def track(rate: int, stroke: np.ndarray, beats: np.ndarray = BEATS, ground: float = 0.002) -> np.ndarray:
    """Strokes at these seconds over faint hiss."""
    sound = np.random.default_rng(5).normal(0, ground, SECONDS * rate)
    for beat in beats:
        place = round(beat * rate)
        part = stroke[: sound.size - place]
        sound[place : place + part.size] += 0.6 * part
    return sound.astype(np.float32)


@mostly_slow("rate", [8000, 44100, 48000])
@pytest.mark.parametrize("stroke", [drum, hat, note])
def test_onsets_at_120_beats_a_minute_are_found_within_one_frame(stroke, rate: int) -> None:
    for fps in (Fraction(24000, 1001), Fraction(25), Fraction(60)):
        times = [k / fps for k in range(int(SECONDS * fps))]
        values = pulse(track(rate, stroke(rate)), rate, times)
        risen = np.flatnonzero(np.diff(values) > 0.25) + 1
        # A rise may take two frames: what counts is where it began.
        begun = [k for k in risen if k - 1 not in risen and k > 2]
        off = [min(abs(k - float(beat * fps)) for k in begun) for beat in BEATS]
        assert max(off) <= 1
        assert len(begun) == len(BEATS)
        for beat in BEATS:
            shown = int(beat * fps)
            assert values[shown : shown + 2].max() > 0.8
            assert values[shown + int(0.4 * fps)] < 0.5


def test_onsets_are_found_at_uneven_times_too() -> None:
    rng = np.random.default_rng(6)
    times = np.cumsum(rng.choice([0.02, 0.04, 0.1], 140))
    times = times[times < SECONDS - 0.2]
    values = pulse(track(44100, drum(44100)), 44100, times)
    for beat in BEATS[(times[0] < BEATS) & (times[-1] > BEATS)]:
        shown = int(np.searchsorted(times, beat, side="right")) - 1
        assert values[shown : shown + 2].max() > 0.8


def test_a_strong_stroke_stands_above_a_weak_one() -> None:
    rate = 44100
    sound = track(rate, drum(rate), BEATS[::2]) + track(rate, 0.12 * drum(rate), BEATS[1::2])
    heard = Pulse(sound, rate)
    strong = [heard.strokes[round(100 * b) - 2 : round(100 * b) + 3].max() for b in BEATS[::2]]
    weak = [heard.strokes[round(100 * b) - 2 : round(100 * b) + 3].max() for b in BEATS[1::2]]
    assert min(strong) > 1.15 * max(weak)
    assert min(weak) > 0.2


def test_loudness_follows_a_swell() -> None:
    rate = 22050
    t = np.arange(10 * rate) / rate
    swell = np.sin(2 * np.pi * 220 * t) * 10 ** (-(1 - np.sin(np.pi * t / 5) ** 2) * 1.5) * 0.8
    values = pulse(swell.astype(np.float32), rate, np.arange(0, 10, 0.04), onsets=0)
    expected = np.sin(np.pi * np.arange(0, 10, 0.04) / 5) ** 2  # the level in decibels, 0 to 1
    inside = slice(12, -12)
    assert np.corrcoef(values[inside], expected[inside])[0, 1] > 0.97
    assert values.max() > 0.95
    assert values[115:135].min() < 0.15


def test_a_steady_tone_has_no_pulse() -> None:
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(5 * 44100) / 44100).astype(np.float32)
    values = pulse(tone, 44100, np.arange(0, 5, 0.04))
    assert np.ptp(values[50:]) < 0.03


def test_silence_and_what_comes_after_the_end_is_nothing() -> None:
    assert not pulse(np.zeros(44100, np.float32), 44100, np.arange(0, 2, 0.04)).any()
    assert not pulse(np.zeros(0, np.float32), 44100, [0, 1]).any()
    sound = track(8000, drum(8000))
    assert not pulse(sound, 8000, np.arange(SECONDS + 0.1, SECONDS + 3, 0.04)).any()
    hiss = np.random.default_rng(7).normal(0, 0.0003, 44100).astype(np.float32)
    assert pulse(hiss, 44100, np.arange(0, 1, 0.04)).max() < 0.1
    assert pulse(sound, 8000, []).shape == (0,)


def test_half_the_volume_has_the_same_pulse() -> None:
    sound = track(44100, note(44100), ground=0.004)
    times = np.arange(0, SECONDS, 0.04)
    loud, soft = pulse(sound, 44100, times), pulse(sound * 0.5, 44100, times)
    assert np.abs(loud - soft)[10:].max() < 0.15


def test_long_sounds_are_read_in_blocks_that_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = track(44100, hat(44100))
    whole = Pulse(sound, 44100).values
    monkeypatch.setattr(module, "BLOCK", 37)
    assert np.allclose(Pulse(sound, 44100).values, whole, atol=1e-9)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    length=st.integers(0, 30_000),
    volume=st.sampled_from([0.0, 1e-6, 0.01, 1.0, 30.0]),
    rate=st.sampled_from([1000, 8000, 44100]),
    onsets=st.floats(0, 1),
    release=st.floats(0.01, 3),
)
def test_any_sound_gives_values_from_0_to_1(seed, length, volume, rate, onsets, release) -> None:
    rng = np.random.default_rng(seed)
    sound = (rng.normal(0, volume, length) * (rng.random(length) < rng.random())).astype(np.float32)
    times = np.cumsum(rng.uniform(0.001, 0.2, 30)) - 0.05
    values = pulse(sound, rate, times, onsets=onsets, release=release)
    assert values.shape == times.shape
    assert values.dtype == np.float32
    assert np.isfinite(values).all()
    assert values.min() >= 0
    assert values.max() <= 1
    heard = Pulse(sound, rate, onsets=onsets, release=release)
    shown = np.append(np.diff(times), times[-1] - times[-2])
    again = [heard(*pair) for pair in zip(times, shown, strict=True)]
    assert np.array_equal(values, np.array(again, np.float32))


@pytest.mark.parametrize(
    ("samples", "rate", "times", "options"),
    [
        (np.zeros((2, 100), np.float32), 44100, [0, 1], {}),
        (np.full(100, np.nan, np.float32), 44100, [0, 1], {}),
        (np.zeros(100, np.float32), 0, [0, 1], {}),
        (np.zeros(100, np.float32), 44100, [1, 1], {}),
        (np.zeros(100, np.float32), 44100, [0, float("nan")], {}),
        (np.zeros(100, np.float32), 44100, [0, 1], {"onsets": 1.1}),
        (np.zeros(100, np.float32), 44100, [0, 1], {"release": 0}),
    ],
)
def test_what_is_no_sound_is_refused(samples, rate, times, options) -> None:
    with pytest.raises(ValueError, match=r"samples|sample rate|times"):
        pulse(samples, rate, times, **options)
