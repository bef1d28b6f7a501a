"""One stream of fragments to many browsers: one copy of its bytes, and nobody who waits for another.

Fragments go straight to the sockets, as messages of a WebSocket (RFC 6455, 5.2) that were put together once.
What a slow viewer cannot take is left out for it, up to the next key frame.
"""

from __future__ import annotations

import asyncio
import struct
import time
from collections.abc import Callable
from typing import Final

#: Bytes that may wait for a viewer before it is sent nothing more, and at which it is sent a key frame again.
LATE: Final = 320_000
AGAIN: Final = 32_000
#: Seconds without room for a key frame after which a viewer is let go.
GONE: Final = 30.0
#: Fragments since the latest key frame that are kept for whoever comes.
MOST: Final = 1000


def as_message(data: bytes) -> bytes:
    """Bytes as one binary message of a server."""
    if len(data) < 126:
        head = struct.pack(">BB", 0x82, len(data))
    elif len(data) < 1 << 16:
        head = struct.pack(">BBH", 0x82, 126, len(data))
    else:
        head = struct.pack(">BBQ", 0x82, 127, len(data))
    return head + data


class StreamViewer:
    """One socket that is sent fragments."""

    def __init__(self, transport: asyncio.Transport, clock: Callable[[], float] = time.monotonic) -> None:
        self._transport, self._clock = transport, clock
        self._skipping = False
        self._since = clock()
        #: Fragments that were sent to it, and that were left out.
        self.sent = self.skipped = 0

    def offer(self, message: bytes, key: bool) -> None:
        """A fragment as a message, if there is room for it."""
        transport = self._transport
        if transport.is_closing():
            return
        waiting = transport.get_write_buffer_size()
        if waiting > (AGAIN if self._skipping else LATE) or (self._skipping and not key):
            if not self._skipping:
                self._skipping, self._since = True, self._clock()
            elif self._clock() - self._since > GONE:
                transport.abort()
            self.skipped += 1
            return
        self._skipping = False
        transport.write(message)
        self.sent += 1

    def begin(self, messages: list[bytes]) -> None:
        """All that it needs to begin, whatever waits for it."""
        if not self._transport.is_closing():
            self._transport.write(b"".join(messages))
            self.sent += max(0, len(messages) - 1)


class Broadcast:
    """All who watch one stream."""

    def __init__(self) -> None:
        self._head: bytes | None = None
        self._group: list[bytes] = []
        self._viewers: set[StreamViewer] = set()
        self._gone = 0
        #: Fragments that came, and bytes of them.
        self.count = self.bytes = 0

    def __len__(self) -> int:
        return len(self._viewers)

    @property
    def skipped(self) -> int:
        """Fragments that were left out for slow viewers."""
        return self._gone + sum(viewer.skipped for viewer in self._viewers)

    def begin(self, head: bytes) -> None:
        """A stream begins, or another one takes its place: this is the head of its MP4."""
        self._head, self._group = as_message(head), []
        for viewer in self._viewers:
            viewer.begin([self._head])

    def publish(self, data: bytes, key: bool) -> None:
        """One more fragment, to everybody."""
        message = as_message(data)
        if key:
            self._group = []
        if self._group or key:
            self._group.append(message)
            del self._group[MOST:]
        self.count += 1
        self.bytes += len(data)
        for viewer in self._viewers:
            viewer.offer(message, key)

    def enter(self, transport: asyncio.Transport) -> StreamViewer:
        """One more, who is sent what is needed to begin at the latest key frame."""
        viewer = StreamViewer(transport)
        if self._head is not None:
            viewer.begin([self._head, *self._group])
        self._viewers.add(viewer)
        return viewer

    def leave(self, viewer: StreamViewer) -> None:
        """One fewer."""
        if viewer in self._viewers:
            self._viewers.remove(viewer)
            self._gone += viewer.skipped
