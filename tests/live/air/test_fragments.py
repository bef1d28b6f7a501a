"""Fragments of MP4 of our own, against FFmpeg's reader; H.264 with lengths, against its filter."""

from __future__ import annotations

import io
import struct

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reverie.live.air.aac import SoundEncoder
from reverie.live.air.fragments import (
    Sample,
    before_fragments,
    boxes,
    fragment,
    lengths_for_starts,
    taken_apart,
)
from reverie.live.air.music import RATE

SAMPLES = st.lists(
    st.builds(Sample, st.binary(min_size=1, max_size=300), st.integers(1, 100_000), st.booleans()),
    min_size=1,
    max_size=6,
)


@given(SAMPLES, st.integers(1, 2**40), st.integers(0, 2**50))
def test_what_is_put_in_is_taken_out(samples: list[Sample], number: int, time: int) -> None:
    data = fragment(number, time, samples)
    assert taken_apart(data) == (time, samples)
    assert [name for name, _, _ in boxes(data)] == [b"moof", b"mdat"]


@pytest.mark.slow
@given(SAMPLES, st.integers(0, 2**40))
def test_another_reader_finds_the_same(samples: list[Sample], time: int) -> None:
    """FFmpeg's own, of packets that need not be sound to be found."""
    head = SoundEncoder().head
    with av.open(io.BytesIO(head + fragment(1, time, samples)), format="mp4") as file:
        found = [packet for packet in file.demux(audio=0) if packet.size]
        assert file.streams.audio[0].time_base.denominator == RATE
    assert [bytes(packet) for packet in found] == [one.data for one in samples]
    assert [packet.duration for packet in found] == [one.ticks for one in samples]
    began = time
    for packet, one in zip(found, samples, strict=True):
        assert packet.dts == began
        assert packet.is_keyframe == one.key
        began += one.ticks


def test_the_head_ends_where_fragments_begin() -> None:
    head = SoundEncoder().head
    assert before_fragments(head) == head
    assert before_fragments(head + fragment(1, 0, [Sample(b"x", 1)])) == head
    assert [name for name, _, _ in boxes(head)] == [b"ftyp", b"moov"]
    assert before_fragments(head + b"\0\0\0\1") == head  # what is no box is none


@pytest.mark.parametrize("data", [b"", b"\0" * 40, b"\0\0\0\x08mdat", struct.pack(">I4s", 2**31, b"moof")])
def test_what_is_no_fragment_is_said(data: bytes) -> None:
    with pytest.raises(ValueError, match="no fragment"):
        taken_apart(data)


#: Units hold no start code, and end in a byte that is not zero.
UNITS = st.lists(
    st.binary(min_size=1, max_size=60)
    .map(lambda data: data.replace(b"\0\0", b"\0\1") + b"\x80")
    .filter(lambda data: b"\0\0\1" not in data),
    min_size=1,
    max_size=5,
)


@pytest.mark.slow
@given(UNITS, st.lists(st.booleans(), min_size=5, max_size=5))
def test_units_are_found_behind_short_and_long_start_codes(units: list[bytes], long: list[bool]) -> None:
    data = b"".join(b"\0" * flag + b"\0\0\1" + unit for unit, flag in zip(units, long, strict=False))
    expected = b"".join(struct.pack(">I", len(unit)) + unit for unit in units)
    assert lengths_for_starts(data) == expected
