"""The process that streams to a service by RTMP: what was encoded once is packed again, as FLV.

A child of the server: an address comes first, as JSON on standard input, so that no list of processes shows
its key; parcels of the encoder follow. A connection may hang for as long as its peer likes, so this process
says on standard output how far it is, and whoever began it ends it where it says nothing more.
"""

from __future__ import annotations

import json
import os
import queue
import socket
import ssl
import sys
import threading
import time
from contextlib import suppress
from fractions import Fraction
from typing import Any, Final
from urllib.parse import urlsplit

import numpy as np

from reverie.live.air import messages
from reverie.live.air.aac import PACKET, SoundEncoder
from reverie.live.air.fragments import Sample, taken_apart
from reverie.live.air.h264 import TICKS, template
from reverie.live.air.messages import Parcel, ParcelKind
from reverie.live.air.music import RATE

#: Seconds between two attempts: at first, and at most.
WAIT: Final = 0.5
MOST_WAIT: Final = 4.0
#: Seconds that the library waits for the peer, where it does.
PATIENCE: Final = 4.0
#: The port of an ``rtmps`` address that names none.
RTMPS: Final = 443
#: Parcels that wait to be sent, some four seconds; what is older gives way up to the next key frame.
WAITING: Final = 140
#: Seconds between two words of how far it is.
REPORT: Final = 1.0


class Inbox:
    """Parcels from the server, the newest of them."""

    def __init__(self) -> None:
        self._line: queue.Queue[Parcel | None] = queue.Queue(WAITING)
        self._skipping = False
        self.heads: dict[ParcelKind, bytes] = {}
        self.dropped = 0

    def read(self, stream: Any) -> None:
        """Take all in, to the end."""
        while (parcel := messages.read(stream)) is not None:
            self._take(parcel)
        os._exit(0)  # the server is gone

    def _take(self, parcel: Parcel) -> None:
        if parcel.kind in (ParcelKind.PICTURE_HEAD, ParcelKind.SOUND_HEAD):
            if self.heads.get(parcel.kind) not in (None, parcel.data):
                os._exit(0)  # another picture: begin anew with it
            self.heads[parcel.kind] = parcel.data
            return
        if self._skipping:
            begins = parcel.kind is ParcelKind.PICTURE and parcel.key and self._line.qsize() < WAITING // 2
            if not begins:
                self.dropped += 1
                return
            self._skipping = False
        try:
            self._line.put_nowait(parcel)
        except queue.Full:
            self._skipping = True
            self.dropped += 1

    def next(self, seconds: float) -> Parcel | None:
        """The next parcel, if one comes in this time."""
        try:
            return self._line.get(timeout=seconds)
        except queue.Empty:
            return None

    def clear(self) -> None:
        """Forget what waits."""
        with suppress(queue.Empty):
            while True:
                self._line.get_nowait()


def check_certificate(url: str) -> None:
    """See that the service at an ``rtmps`` address is whom it says: the library that streams does not.

    Raises:
        OSError: It is not, or nobody answers.
    """
    parts = urlsplit(url)
    if parts.scheme != "rtmps" or parts.hostname is None:
        return
    safe = ssl.create_default_context()
    with (
        socket.create_connection((parts.hostname, parts.port or RTMPS), PATIENCE) as plain,
        safe.wrap_socket(plain, server_hostname=parts.hostname),
    ):
        pass


class Upstream:
    """One connection.

    Raises:
        OSError: There is no server, or it refuses, or is another than its address says.
    """

    def __init__(self, url: str, heads: dict[ParcelKind, bytes]) -> None:
        import av

        check_certificate(url)
        options = {"flvflags": "no_duration_filesize"}
        self._out = av.open(url, "w", format="flv", options=options, timeout=PATIENCE)
        self._picture = self._out.add_stream_from_template(template(heads[ParcelKind.PICTURE_HEAD]))
        own = ParcelKind.SOUND_HEAD not in heads
        self._silence = SoundEncoder() if own else None
        sound = self._silence.head if self._silence else heads[ParcelKind.SOUND_HEAD]
        self._sound = self._out.add_stream_from_template(template(sound, "audio"))
        self._out.start_encoding()
        self._zero: Fraction | None = None
        self._still = 0
        self._last: dict[int, int] = {}
        self.sent = 0

    def send(self, parcel: Parcel) -> None:
        """A fragment, once a key frame has come. Raises OSError where the connection is gone."""
        picture = parcel.kind is ParcelKind.PICTURE
        time, samples = taken_apart(parcel.data)
        rate = TICKS if picture else RATE
        if self._zero is None:
            if not (picture and parcel.key):
                return
            self._zero = Fraction(time, TICKS)
        time -= round(self._zero * rate)
        for sample in samples:
            if time >= 0:
                self._mux(self._picture if picture else self._sound, sample, time, rate)
            time += sample.ticks
        if picture:
            self.sent += 1
            self._keep_silent(time)

    def _keep_silent(self, until: int) -> None:
        """Silence as long as the picture, for services want sound."""
        if self._silence is None:
            return
        while self._still * TICKS < until * RATE:
            samples = self._silence.add(np.zeros((2, PACKET), np.float32))
            if not samples:
                return  # the encoder holds the first packet back
            for sample in samples:
                self._mux(self._sound, sample, self._still, RATE)
                self._still += PACKET

    def _mux(self, stream: Any, sample: Sample, time: int, rate: int) -> None:
        from av import Packet

        if time <= self._last.get(stream.index, -1):
            return  # of an encoder that was begun again a moment earlier than the one before it got to
        self._last[stream.index] = time
        packet = Packet(sample.data)
        packet.stream, packet.time_base = stream, Fraction(1, rate)
        packet.pts = packet.dts = time
        packet.duration, packet.is_keyframe = sample.ticks, sample.key
        self._out.mux(packet)

    def close(self) -> None:
        """End it, if the peer lets us."""
        with suppress(OSError, ValueError):
            self._out.close()


def _say(**said: Any) -> None:
    _mouth.write(json.dumps(said).encode() + b"\n")
    _mouth.flush()


def _reason(error: Exception) -> str:
    """Why it did not work: never the error's own text, which holds the address and its key."""
    if isinstance(error, ConnectionRefusedError):
        return "nobody answers there"
    if isinstance(error, TimeoutError):
        return "it took too long"
    if isinstance(error, ssl.SSLCertVerificationError):
        return "its certificate is not one for that name that this machine trusts"
    if isinstance(error, ssl.SSLError):
        return "it does not speak TLS; give rtmp:// and not rtmps://"
    if isinstance(error, OSError) and error.errno:
        with suppress(ValueError):
            return os.strerror(error.errno) if 0 < error.errno < 200 else "the other side ended it"
    return type(error).__name__


def stream(url: str, inbox: Inbox) -> None:
    """Connect again and again, and send."""
    wait = WAIT
    while True:
        while ParcelKind.PICTURE_HEAD not in inbox.heads:
            inbox.next(0.2)
        upstream = None
        try:
            _say(**{"is": "connecting"})
            upstream = Upstream(url, inbox.heads)
            inbox.clear()
            _say(**{"is": "connected"})
            _send(upstream, inbox)
        except Exception as error:  # whatever the library makes of a bad peer
            if upstream is not None and upstream.sent > 50:
                wait = WAIT
            _say(**{"is": "lost", "why": _reason(error)})
            if upstream is not None:
                upstream.close()
        _pass(wait, inbox)
        wait = min(MOST_WAIT, 2 * wait)


def _pass(seconds: float, inbox: Inbox) -> None:
    """Wait; what comes meanwhile is of no use."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        inbox.next(0.1)


def _send(upstream: Upstream, inbox: Inbox) -> None:
    said = time.monotonic()
    while True:
        parcel = inbox.next(0.5)
        if parcel is not None:
            upstream.send(parcel)
        if time.monotonic() - said >= REPORT:
            said = time.monotonic()
            _say(**{"is": "sent", "frames": upstream.sent, "dropped": inbox.dropped})


_mouth: Any = None


def main() -> None:
    """Begin."""
    global _mouth
    _mouth = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_WRONLY)
    for handle in (1, 2):  # the library may say addresses
        os.dup2(nothing, handle)
    first = messages.read(sys.stdin.buffer)
    if first is None:
        return
    inbox = Inbox()
    threading.Thread(target=inbox.read, args=(sys.stdin.buffer,), daemon=True).start()
    try:
        stream(str(first.words()["url"]), inbox)
    except BrokenPipeError:
        os._exit(0)


if __name__ == "__main__":
    main()
