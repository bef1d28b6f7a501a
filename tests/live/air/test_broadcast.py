"""One copy for all who watch: a slow one skips to the next key frame, and costs nobody anything."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import wsproto
from hypothesis import given
from hypothesis import strategies as st
from wsproto.events import AcceptConnection, BytesMessage, Request

from reverie.live.air import broadcast as broadcasting
from reverie.live.air.broadcast import AGAIN, LATE, Broadcast, StreamViewer, as_message


class Socket(asyncio.Transport):
    """A connection whose other end reads as it likes."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.waiting = 0
        self.reads = True
        self.gone = False

    def write(self, data: Any) -> None:
        self.written.append(bytes(data))
        if not self.reads:
            self.waiting += len(data)

    def get_write_buffer_size(self) -> int:
        return self.waiting

    def is_closing(self) -> bool:
        return self.gone

    def abort(self) -> None:
        self.gone = True


@given(st.sampled_from([0, 1, 125, 126, 65_535, 65_536, 70_000]))
def test_messages_are_those_of_the_protocol(length: int) -> None:
    """As a library reads them."""
    client = wsproto.WSConnection(wsproto.ConnectionType.CLIENT)
    server = wsproto.WSConnection(wsproto.ConnectionType.SERVER)
    server.receive_data(client.send(Request(host="x", target="/")))
    list(server.events())
    client.receive_data(server.send(AcceptConnection()))
    list(client.events())
    data = bytes(range(256)) * (length // 256 + 1)
    client.receive_data(as_message(data[:length]))
    found = [event for event in client.events() if isinstance(event, BytesMessage)]
    assert b"".join(bytes(event.data) for event in found) == data[:length]
    assert found[-1].message_finished


def test_who_comes_late_begins_at_the_latest_key_frame() -> None:
    channel = Broadcast()
    early = Socket()
    channel.enter(early)
    channel.begin(b"head")
    for number in range(6):
        channel.publish(b"%d" % number, number % 3 == 0)
    late = Socket()
    channel.enter(late)
    channel.publish(b"6", True)
    assert b"".join(late.written) == b"".join(as_message(one) for one in (b"head", b"3", b"4", b"5", b"6"))
    assert early.written == [as_message(one) for one in (b"head", *(b"%d" % n for n in range(7)))]


def test_bytes_are_copied_once() -> None:
    """All sockets are given the very same bytes."""
    channel = Broadcast()
    given: list[Any] = []

    class Keeps(Socket):
        def write(self, data: Any) -> None:
            given.append(data)

    for _ in range(5):
        channel.enter(Keeps())
    channel.publish(b"x" * 1000, True)
    assert len(given) == 5
    assert len({id(one) for one in given}) == 1


def test_a_slow_one_skips_to_a_key_frame_and_nobody_else_does() -> None:
    channel = Broadcast()
    channel.begin(b"head")
    slow, quick = Socket(), Socket()
    viewer = channel.enter(slow)
    channel.enter(quick)
    slow.reads = False
    for number in range(100):
        channel.publish(b"%03d" % number + b"." * 20_000, number % 50 == 0)
    assert len(quick.written) == 101
    held = len(slow.written)
    assert held < 25
    assert slow.waiting <= LATE + 21_000  # it holds so much and no more
    assert viewer.skipped == channel.skipped == 101 - held
    slow.waiting = AGAIN  # it has read again, in the middle of a group
    channel.publish(b"100", False)
    assert len(slow.written) == held
    channel.publish(b"101", True)
    channel.publish(b"102", False)
    assert slow.written[held:] == [as_message(b"101"), as_message(b"102")]


def test_one_that_never_reads_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    socket = Socket()
    viewer = StreamViewer(socket, lambda: now[0])
    socket.waiting = LATE + 1
    for _ in range(100):
        viewer.offer(b"x", True)
        now[0] += broadcasting.GONE / 50
        if socket.gone:
            break
    assert socket.gone
    assert now[0] == pytest.approx(broadcasting.GONE, rel=0.1)
    viewer.offer(b"x", True)  # and is written to no more
    assert not socket.written


def test_another_stream_begins_for_all() -> None:
    channel = Broadcast()
    socket = Socket()
    channel.enter(socket)
    channel.begin(b"one")
    channel.publish(b"a", True)
    channel.begin(b"two")
    channel.publish(b"lost", False)
    late = Socket()
    channel.enter(late)
    assert b"".join(late.written) == as_message(b"two")  # nothing that needs what is gone
    channel.publish(b"b", True)
    assert socket.written[-3:] == [as_message(b"two"), as_message(b"lost"), as_message(b"b")]


def test_who_left_is_remembered_in_the_count_alone() -> None:
    channel = Broadcast()
    socket = Socket()
    viewer = channel.enter(socket)
    socket.waiting = LATE + 1
    channel.publish(b"a", False)
    channel.leave(viewer)
    channel.leave(viewer)
    assert (len(channel), channel.skipped) == (0, 1)
    channel.publish(b"b", True)
    assert socket.written == []
