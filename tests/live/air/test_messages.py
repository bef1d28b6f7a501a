"""What processes of a show say to each other: whole, of a known kind, and no longer than it may be."""

from __future__ import annotations

import asyncio
import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reverie.errors import BadInput
from reverie.live.air.messages import LONGEST, Parcel, ParcelKind, read, receive, words

PARCELS = st.lists(
    st.builds(Parcel, st.sampled_from(ParcelKind), st.binary(max_size=200), st.booleans()), max_size=6
)


async def received(data: bytes) -> list[Parcel]:
    stream = asyncio.StreamReader()
    stream.feed_data(data)
    stream.feed_eof()
    found = []
    while (parcel := await receive(stream)) is not None:
        found.append(parcel)
    return found


@pytest.mark.slow
@given(PARCELS, st.integers(0, 5))
def test_what_is_sent_arrives(parcels: list[Parcel], lost: int) -> None:
    """Also where the end of the last message is missing: then without it."""
    data = b"".join(parcel.packed() for parcel in parcels)
    cut = data[: len(data) - lost]
    stream, found = io.BytesIO(cut), []
    while (parcel := read(stream)) is not None:
        found.append(parcel)
    assert found == parcels[: len(found)]
    assert asyncio.run(received(cut)) == found
    if not lost or not parcels:
        assert found == parcels


def test_words_are_an_object() -> None:
    assert words(url="x", count=3).words() == {"url": "x", "count": 3}
    for data in (b"", b"{", b"[1]", b"\xff"):
        with pytest.raises(BadInput, match="a message of a child process is no"):
            Parcel(ParcelKind.WORDS, data).words()


@pytest.mark.parametrize("head", [struct.pack(">cBI", b"?", 0, 1), struct.pack(">cBI", b"F", 0, LONGEST + 1)])
def test_what_is_no_message_is_said(head: bytes) -> None:
    with pytest.raises(BadInput, match="a message of a child process is"):
        read(io.BytesIO(head + b"x"))
    with pytest.raises(BadInput, match="a message of a child process is"):
        asyncio.run(received(head + b"x"))
