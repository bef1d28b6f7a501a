"""Encodings by name, and the clocks of containers."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reverie.errors import UsageError
from reverie.media.video.write.formats import Reel, encoding_for


@pytest.mark.parametrize(
    ("name", "codec", "quality", "wanted"),
    [
        ("z.mp4", None, None, ("mp4", "h264", 90)),
        ("z.MP4", "HEVC", 50, ("mp4", "h265", 50)),
        ("z.mov", "h265", None, ("mov", "h265", 90)),
        ("z.mkv", "vp9", None, ("mkv", "vp9", 90)),
        ("z.webm", None, 100, ("webm", "vp9", 100)),
        ("a/z.webm", "av1", 1, ("webm", "av1", 1)),
        ("z.gif", None, None, ("gif", "gif", None)),
        ("z.apng", None, None, ("apng", "apng", None)),
        ("frames/", None, None, ("png", "png", None)),
        ("frames/%04d.png", "png", None, ("png", "png", None)),
    ],
)
def test_encodings_by_name(name, codec, quality, wanted):
    found = encoding_for(name, codec=codec, quality=quality)
    assert (found.container, found.codec, found.quality) == wanted
    assert not found.lossy or 0 <= found.factor <= 63


@pytest.mark.parametrize(
    ("name", "codec", "quality", "said"),
    [
        ("z.avi", None, None, r"z\.avi: no film that can be written; use \.mp4"),
        ("z.mp3", None, None, r"use \.mp4, \.mov"),
        ("z", None, None, "no film that can be written"),
        ("z.png", None, None, r"one picture; give a folder \(frames/\)"),
        ("%04d.png", None, None, "a folder of its own"),
        ("a/%d-%d.png", None, None, "one picture"),
        ("z.mp4", "h256", None, r'codec "h256" is not known; did you mean'),
        ("z.mp4", "vp9", None, r"\.mp4 holds h264 or h265 or av1, not vp9"),
        ("z.gif", "h264", None, r"\.gif holds gif, not h264"),
        ("z.gif", None, 50, "quality: gif has none"),
        ("z.mp4", None, 0, "quality: 1 to 100, got 0"),
        ("z.mp4", None, 101, "quality: 1 to 100, got 101"),
    ],
)
def test_what_cannot_be_written_is_said(name, codec, quality, said):
    with pytest.raises(UsageError, match=said):
        encoding_for(name, codec=codec, quality=quality)


@given(st.fractions(min_value=Fraction(1, 10), max_value=240, max_denominator=1001))
def test_a_clock_holds_its_rate(rate):
    reel = Reel(encoding_for("z.mp4"), (64, 64), rate)
    assert reel.clock >= 90_000
    assert reel.clock < 2**31
    assert reel.frame == reel.clock / rate
