"""The pulse of a sound: how loud it is and where it strikes, one number for each frame of a film.

Loudness is the level in decibels within its own range of the last and next seconds. Strokes are onsets found
by spectral flux, the rise of the logarithmic spectrum (Bello et al. 2005, "A tutorial on onset detection in
music signals"), over a moving threshold, each with a sharp attack and an exponential release.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: Values a second, and seconds of sound that each is made from.
HOPS: Final = 100
WINDOW: Final = 0.046
#: Bands a factor of 2 to the 1/4 wide in which a rise is looked for, and their range in Hz.
BANDS: Final = 4
RANGE: Final = (40.0, 12_000.0)
#: Level that counts as silence, and the least range that loudness is spread over, in decibels.
SILENCE: Final = -60.0
LEAST_RANGE: Final = 18.0
#: Seconds over which loudness and strokes are compared with what is around them.
AROUND: Final = 8.0
#: Windows that are transformed at once.
BLOCK: Final = 2048


class Pulse:
    """The pulse of a sound at any time of it: call it with seconds.

    Args:
        samples: (S,) mono, -1..1, of any length; after its end there is silence.
        sample_rate: Samples a second.
        frame: Seconds for which a frame is shown: a stroke within them belongs to it.
        onsets: Share of the strokes, 0..1; the rest is loudness.
        release: Seconds after which a stroke has faded to a third.

    Raises:
        ValueError: Not one channel, not finite, or a number out of its range.
    """

    def __init__(
        self,
        samples: NDArray[np.floating[Any]],
        sample_rate: int,
        *,
        frame: Fraction | float = 0.04,
        onsets: float = 0.6,
        release: float = 0.25,
    ) -> None:
        sound = np.asarray(samples, np.float32)
        if sound.ndim != 1 or not np.isfinite(sound).all():
            raise ValueError(f"samples {sound.shape}: one channel of finite numbers is needed")
        if sample_rate < 1000 or frame < 0 or not 0 <= onsets <= 1 or not release > 0:
            raise ValueError(f"sample rate {sample_rate}, frame {frame}, onsets {onsets}, release {release}")
        self.frame = float(frame)
        loud, flux = features(sound, sample_rate)
        level = loudness(loud)
        self.strokes = strokes(flux, level)
        self.values = (1 - onsets) * level + onsets * released(self.strokes, release)

    def __call__(self, seconds: Fraction | float, shown: Fraction | float | None = None) -> float:
        """The pulse of a frame, 0..1, that is first shown at ``seconds`` and for ``shown`` of them."""
        first = round(float(seconds) * HOPS)
        length = self.frame if shown is None else float(shown)
        last = max(first + 1, round((float(seconds) + length) * HOPS))
        heard = self.values[max(0, first) : max(0, last)]
        return float(heard.max()) if heard.size else 0.0


def pulse(
    samples: NDArray[np.floating[Any]],
    sample_rate: int,
    times: Sequence[Fraction | float] | NDArray[np.float64],
    *,
    onsets: float = 0.6,
    release: float = 0.25,
) -> NDArray[np.float32]:
    """A value in [0, 1] for each frame: 0 in silence, 1 at the loudest strokes.

    Args:
        samples: (S,) mono, -1..1, of any length; frames after its end are silent.
        sample_rate: Samples a second.
        times: (F,) seconds from the beginning of the sound at which each frame is first shown, growing.
        onsets: Share of the strokes, 0..1; the rest is loudness.
        release: Seconds after which a stroke has faded to a third.

    Raises:
        ValueError: Not one channel, not finite, times that do not grow, or a number out of its range.
    """
    begins = np.array([float(time) for time in times], np.float64)
    shown = np.diff(begins)
    if not np.isfinite(begins).all() or (shown <= 0).any():
        raise ValueError("times must grow from frame to frame")
    shown = np.append(shown, shown[-1] if shown.size else 0.04)[: begins.size]
    heard = Pulse(samples, sample_rate, onsets=onsets, release=release)
    return np.array([heard(*pair) for pair in zip(begins, shown, strict=True)], np.float32)


def features(sound: NDArray[np.float32], rate: int) -> tuple[Floats, Floats]:
    """Level in decibels and spectral flux, ``HOPS`` times a second; windows are centred."""
    window = max(16, round(WINDOW * rate))
    count = -(-len(sound) * HOPS // rate)
    begins = np.round(np.arange(count) * rate / HOPS).astype(np.int64)
    padded = np.pad(sound, (window // 2, window))
    hann = np.hanning(window + 2)[1:-1].astype(np.float32)
    bands = _bands(window, rate)
    level, flux = np.full(count, SILENCE), np.zeros(count)
    before: NDArray[np.float64] | None = None
    for first in range(0, count, BLOCK):
        some = begins[first : first + BLOCK]
        pieces = np.lib.stride_tricks.sliding_window_view(padded, window)[some] * hann
        power = np.square(pieces, dtype=np.float64).sum(1) / np.square(hann, dtype=np.float64).sum()
        level[first : first + len(some)] = np.maximum(SILENCE, 10 * np.log10(power + 1e-12))
        spectrum = np.abs(np.fft.rfft(pieces, axis=1)) / (hann.sum() / 2)
        energy = np.log10(1 + 1000 * np.sqrt(np.square(spectrum) @ bands))
        # Against two hops before: a stroke rises through several.
        known = np.concatenate([np.zeros((2, bands.shape[1])) if before is None else before, energy])
        flux[first : first + len(some)] = np.maximum(0, known[2:] - known[:-2]).mean(1)
        before = known[-2:]
    flux[begins > len(sound) - window // 2] = 0  # to be cut off is no stroke
    return level, flux


def _bands(window: int, rate: int) -> Floats:
    """Which frequencies of a window belong to which band, (frequencies, bands)."""
    frequencies = np.fft.rfftfreq(window, 1 / rate)
    top = min(RANGE[1], rate / 2)
    edges = RANGE[0] * 2 ** np.arange(0, np.log2(top / RANGE[0]), 1 / BANDS)
    place = np.digitize(frequencies, edges)
    member = place[:, None] == np.arange(1, len(edges) + 1)
    return np.asarray(member[:, member.any(0)], np.float64)


def loudness(level: Floats) -> Floats:
    """Decibels within the range that they have in the seconds around, 0..1, softly."""
    if not level.size:
        return level
    soft = _smoothed(level, 0.08)
    low, high = _around(soft, 10), _around(soft, 95)
    # A steady tone has no range: it stands in the upper half of the least one.
    spread = np.maximum(high - low, LEAST_RANGE)
    value = np.clip(1 + (soft - high) / spread, 0, 1)
    # What is nearly silent fades out, so that hiss has no pulse.
    return np.asarray(value * np.clip((soft - SILENCE) / 12, 0, 1))


def strokes(flux: Floats, level: Floats) -> Floats:
    """How hard it strikes at each hop, 0..1, and 0 between strokes."""
    found = np.zeros_like(flux)
    if not flux.size:
        return found
    reach = round(0.06 * HOPS)
    wide = np.pad(flux, reach)
    peak = np.lib.stride_tricks.sliding_window_view(wide, 2 * reach + 1).max(1)
    threshold = 1.5 * _local_mean(flux, round(0.5 * HOPS)) + 0.02
    where = (flux >= peak) & (flux > threshold)
    strength = np.where(where, flux, 0)
    if not where.any():
        return found
    # The strongest around are full strokes, but faint ones alone are not blown up without end.
    strongest = np.maximum(_most_around(strength), 0.15)
    found[where] = (strength[where] / strongest[where]) ** 0.7
    return np.asarray(found * np.clip(level / 0.1, 0, 1))


def released(hits: Floats, release: float) -> Floats:
    """Strokes that stand at once and fade exponentially."""
    fade = np.exp(-1 / (release * HOPS))
    values, now = np.empty_like(hits), 0.0
    for k, hit in enumerate(hits.tolist()):
        now = max(hit, now * fade)
        values[k] = now
    return values


def _smoothed(values: Floats, seconds: float) -> Floats:
    """A moving mean over these seconds, held at both ends."""
    return _local_mean(values, max(1, round(seconds * HOPS / 2)))


def _local_mean(values: Floats, reach: int) -> Floats:
    """The mean of each value and as many as ``reach`` on either side, held at both ends."""
    sums = np.cumsum(np.pad(values, (reach + 1, reach), mode="edge"))
    return np.asarray((sums[2 * reach + 1 :] - sums[: -2 * reach - 1]) / (2 * reach + 1))


def _around(values: Floats, percent: float) -> Floats:
    """A percentile of what is around each value, from one place in a half second to the next."""
    return _in_between(values, lambda part: float(np.percentile(part, percent)))


def _most_around(values: Floats) -> Floats:
    """The largest of what is around each value."""
    return _in_between(values, lambda part: float(part.max()))


def _in_between(values: Floats, measure: Any) -> Floats:
    """A measure of the seconds around each half second, and straight lines between them."""
    reach, step = round(AROUND * HOPS / 2), HOPS // 2
    places = np.arange(0, len(values) + step, step)
    measured = [measure(values[max(0, k - reach) : k + reach + 1]) for k in places.clip(max=len(values) - 1)]
    return np.asarray(np.interp(np.arange(len(values)), places, measured), np.float64)
