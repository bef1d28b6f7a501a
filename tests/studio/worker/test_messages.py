"""Messages between the server and its children."""

from __future__ import annotations

import asyncio
import io
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reverie.errors import BadInput
from reverie.studio.worker.messages import LONGEST, Voice, packed, read, receive

OBJECTS = st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5) | st.none(), max_size=4)


@pytest.mark.slow
@given(st.lists(st.tuples(OBJECTS, st.binary(max_size=50)), max_size=5))
def test_what_is_said_is_heard_either_way(said: list[tuple[dict[str, Any], bytes]]) -> None:
    out = io.BytesIO()
    voice = Voice(out)
    for message, more in said:
        voice.say(message, more)
    assert out.getvalue() == b"".join(packed(message, more) for message, more in said)
    out.seek(0)
    assert [read(out) for _ in said] == said
    assert read(out) is None

    async def heard() -> list[Any]:
        stream = asyncio.StreamReader()
        stream.feed_data(out.getvalue())
        stream.feed_eof()
        found = []
        while (one := await receive(stream)) is not None:
            found.append(one)
        return found

    assert asyncio.run(heard()) == said


def test_what_is_cut_short_is_the_end() -> None:
    assert read(io.BytesIO(b"\0\0")) is None


def test_a_length_that_cannot_be_is_not_waited_for() -> None:
    with pytest.raises(BadInput, match="too long"):
        read(io.BytesIO(struct.pack(">II", LONGEST + 1, 0)))
