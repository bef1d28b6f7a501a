"""Films with a click in their sound, of every codec, layout, rate and container that FFmpeg writes."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.error import FFmpegError

from reverie.media.video.read.audio import samples
from reverie.media.video.read.reader import open_video
from support.films import numbered

#: Seconds at which the click begins, how long it is, and how long all of it is.
CLICK, LONG, WHOLE = 0.5, 0.05, 1.2
CODECS = {
    "u8": "pcm_u8",
    "s16": "pcm_s16le",
    "s24": "pcm_s24le",
    "f32": "pcm_f32le",
    "adpcm": "adpcm_ima_wav",
    "mp3": "libmp3lame",
    "aac": "aac",
    "opus": "libopus",
    "flac": "flac",
}
LAYOUTS = ("mono", "stereo", "5.1", "7.1")
RATES = (8000, 22_050, 44_100, 48_000, 96_000)
KINDS = ("avi", "mov", "mkv", "mp4")
OUTS = ("mp4", "webm", "mkv")


@dataclass(frozen=True)
class Case:
    """A film's sound: codec, layout, rate and container."""

    codec: str
    layout: str
    rate: int
    kind: str

    def __str__(self) -> str:
        return f"{self.codec}-{self.layout}-{self.rate}.{self.kind}"


ALL = [Case(*each) for each in itertools.product(CODECS, LAYOUTS, RATES, KINDS)]


def pairwise(
    rows: Sequence[Sequence[Any]], possible: Callable[[tuple[Any, ...]], bool] = lambda row: True
) -> Iterator[tuple[Any, ...]]:
    """Of all combinations that are possible those that between them have each pair of two columns' values."""
    places = list(itertools.combinations(range(len(rows)), 2))
    whole = [row for row in itertools.product(*rows) if possible(row)]
    pairs = {row: {(i, row[i], j, row[j]) for i, j in places} for row in whole}
    missing = set().union(*pairs.values())
    while missing:
        best = max(whole, key=lambda row: len(pairs[row] & missing))
        missing -= pairs[best]
        yield best


def click(rate: int, begin: float = CLICK) -> Any:
    """(N,) float32: silence, and a burst of 1 kHz in it."""
    at = np.arange(round(WHOLE * rate)) / rate
    return np.where((at >= begin) & (at < begin + LONG), 0.8 * np.sin(2000 * np.pi * at), 0).astype(
        np.float32
    )


def clicking(
    path: Path, case: Case, *, late: Fraction = Fraction(0), gap: tuple[float, float] | None = None
) -> bool:
    """Write a film of six frames with a click in its sound; False where FFmpeg cannot.

    Args:
        late: Seconds after the pictures at which the sound begins; below 0 before them.
        gap: Seconds of the sound between which none of it is written.
    """
    muxer = {"mkv": "matroska"}.get(case.kind, case.kind)
    codec = CODECS[case.codec]
    if codec == "adpcm_ima_wav" and case.kind in ("mov", "mp4"):
        codec = "adpcm_ima_qt"
    try:
        with av.open(str(path), "w", format=muxer) as file:
            pictures: Any = file.add_stream("mpeg4", rate=5)
            pictures.width, pictures.height, pictures.pix_fmt = 64, 48, "yuv420p"
            sound: Any = file.add_stream(codec, rate=case.rate, layout=case.layout)
            sound.codec_context.open(strict=False)
            for place in range(6):
                shot = av.VideoFrame.from_ndarray(numbered(place, (64, 48)), "rgb24")
                file.mux(pictures.encode(shot))
            file.mux(pictures.encode())
            for frame in _pieces(case, late, gap):
                file.mux(sound.encode(frame))
            file.mux(sound.encode())
    except (FFmpegError, ValueError):
        path.unlink(missing_ok=True)
        return False
    return case.kind != "avi" or gap is not None or not _holes(path)


def _holes(path: Path) -> bool:
    """Whether the sound stands still: FFmpeg's AVI counts a packet that is larger than it had said as two."""
    with av.open(str(path)) as file:
        packets = [p for p in file.demux(audio=0) if p.pts is not None]
        return any(a.duration and b.pts > a.pts + a.duration for a, b in itertools.pairwise(packets))


def _pieces(case: Case, late: Fraction, gap: tuple[float, float] | None) -> Iterator[av.AudioFrame]:
    count = av.AudioLayout(case.layout).nb_channels
    data = click(case.rate)
    step = case.rate // 50
    for begin in range(0, len(data), step):
        if gap is not None and gap[0] <= begin / case.rate < gap[1]:
            continue
        piece = np.repeat(data[begin : begin + step, None], count, 1).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(piece, "flt", case.layout)
        frame.sample_rate, frame.time_base = case.rate, Fraction(1, case.rate)
        frame.pts = begin + round(late * case.rate)
        yield frame


def place_of_click(path: Path) -> float | None:
    """Seconds after the first picture at which the middle of all that sounds is; None where nothing does."""
    with open_video(path) as movie:
        sound = movie.sound()
        if sound is None:
            return None
        heard = samples(sound, 48_000).astype(float) ** 2
    whole = heard.sum()
    return None if whole < 1e-3 else float((heard * np.arange(len(heard))).sum() / whole / 48_000)
