"""The show on the air: its encoder and its stream as children of the server, and all who watch."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from reverie.live.air import messages
from reverie.live.air.broadcast import Broadcast
from reverie.live.air.child import ChildPatience, KeptChild
from reverie.live.air.messages import Parcel, ParcelKind

_log = logging.getLogger("reverie.live")
#: How long the encoder, and the stream's process, are waited for.
ENCODER: Final = ChildPatience(8.0, first=30.0)
STREAM: Final = ChildPatience(6.0, first=12.0, latest=1.5)
#: Bytes that may wait for the stream's process, and at which it is sent key frames again.
LATE: Final = 1_000_000
AGAIN: Final = 100_000


@dataclass(frozen=True)
class AirPlan:
    """What is put on the air.

    Attributes:
        size: (width, height) in pixels.
        fps: Frames a second.
        music: A folder of music, if there is sound.
        record: Where films are put, if they are.
        record_bytes: What they may take together.
        rtmp: The address of a service, with its key, if there is a stream.
        bits: Bits a second of the picture; as the size has it if missing.
    """

    size: tuple[int, int]
    fps: int
    music: Path | None = None
    record: Path | None = None
    record_bytes: int = 20_000_000_000
    rtmp: str | None = None
    bits: int | None = None


@dataclass
class StreamState:
    """How the stream to a service does.

    Attributes:
        where: The service's host.
        state: "connecting", "on" or "waiting".
        connects: How often there was a connection.
        why: Why there is none.
        sent: Frames that were sent in this connection.
    """

    where: str
    state: str = "connecting"
    connects: int = 0
    why: str = ""
    sent: int = 0

    @property
    def reconnects(self) -> int:
        """Connections after the first one."""
        return max(0, self.connects - 1)


class Air:
    """What keeps a picture on the air.

    Args:
        plan: What is put there.
        film: Is told of each film that begins, by its name and when it begins in seconds since 1970.
    """

    def __init__(self, plan: AirPlan, film: Callable[[str, float], None] = lambda name, began: None) -> None:
        self.plan, self._film = plan, film
        self.picture, self.sound = Broadcast(), Broadcast()
        self.encoder = KeptChild(
            "encoder",
            "reverie.live.air.encoder",
            self._words,
            self._hear_encoder,
            begun=self._encoder_begun,
            patience=ENCODER,
            environment={"OMP_NUM_THREADS": "1"},
        )
        self.stream: KeptChild | None = None
        self.stream_state: StreamState | None = None
        if plan.rtmp:
            self.stream_state = StreamState(urlsplit(plan.rtmp).hostname or "")
            self.stream = KeptChild(
                "stream",
                "reverie.live.air.rtmp",
                list,
                self._hear_stream,
                begun=self._stream_begun,
                patience=STREAM,
                environment={"OMP_NUM_THREADS": "1"},
            )
        self._ring: str | None = None
        self._heads: dict[ParcelKind, Parcel] = {}
        self._skipping = True
        self._tasks: set[asyncio.Task[None]] = set()
        #: What the encoder said last: frames ``encoded``; ``repeats``, ``damped`` of them; core-``ms`` each.
        self.beat: dict[str, Any] = {}

    def start(self) -> None:
        """Begin the children; they are kept there until ``stop``."""
        for child in (self.encoder, self.stream):
            if child is not None:
                self._tasks.add(asyncio.create_task(child.run()))

    async def stop(self) -> None:
        """End them in good order."""
        children = [child for child in (self.encoder, self.stream) if child is not None]
        await asyncio.gather(*(child.end() for child in children))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def take(self, ring: str) -> None:
        """Show the frames of this ring."""
        self._ring = ring
        self.encoder.say(json.dumps({"do": "ring", "name": ring}).encode() + b"\n")

    @property
    def playing(self) -> str:
        """The name of the music that is heard."""
        return str(self.beat.get("playing", ""))

    # -- the encoder -----------------------------------------------------------------------------------------

    def _words(self) -> list[str]:
        plan = self.plan
        width, height = plan.size
        words = ["--size", f"{width}x{height}", "--fps", str(plan.fps), "--first", str(self.picture.count)]
        words += ["--bits", str(plan.bits)] if plan.bits else []
        words += ["--filled"] if plan.rtmp else []
        words += ["--music", str(plan.music)] if plan.music else []
        if plan.record:
            words += ["--record", str(plan.record), "--record-bytes", str(plan.record_bytes)]
        return words

    def _encoder_begun(self) -> None:
        if self._ring is not None:
            self.take(self._ring)

    async def _hear_encoder(self, stream: asyncio.StreamReader) -> None:
        while (parcel := await messages.receive(stream)) is not None:
            self._hear(parcel)

    def _hear(self, parcel: Parcel) -> None:
        match parcel.kind:
            case ParcelKind.PICTURE:
                self.picture.publish(parcel.data, parcel.key)
                self._to_stream(parcel)
            case ParcelKind.SOUND:
                self.sound.publish(parcel.data, parcel.key)
                self._to_stream(parcel)
            case ParcelKind.PICTURE_HEAD | ParcelKind.SOUND_HEAD:
                channel = self.picture if parcel.kind is ParcelKind.PICTURE_HEAD else self.sound
                self._heads[parcel.kind] = parcel
                channel.begin(parcel.data)
                if self.stream is not None:
                    self.stream.say(parcel.packed())
            case ParcelKind.WORDS:
                self._said(parcel.words())

    def _said(self, said: dict[str, Any]) -> None:
        if said.get("is") == "beat":
            self.beat = said
            self.encoder.alive()
        elif said.get("is") == "film":
            self._film(str(said["file"]), float(said["began"]))
        elif said.get("is") == "note":
            _log.warning("%s", said["words"])

    # -- the stream ------------------------------------------------------------------------------------------

    def _to_stream(self, parcel: Parcel) -> None:
        """A fragment to the service; where it is not taken in, nothing more up to a key frame."""
        if self.stream is None:
            return
        begins = parcel.kind is ParcelKind.PICTURE and parcel.key
        if self._skipping and not (begins and self.stream.unheard < AGAIN):
            return
        self._skipping = self.stream.unheard > LATE
        if not self._skipping:
            self.stream.say(parcel.packed())

    def _stream_begun(self) -> None:
        assert self.stream is not None
        self.stream.say(messages.words(url=self.plan.rtmp).packed())
        for head in self._heads.values():
            self.stream.say(head.packed())
        self._skipping = True

    async def _hear_stream(self, stream: asyncio.StreamReader) -> None:
        assert self.stream is not None
        assert self.stream_state is not None
        state = self.stream_state
        state.state = "connecting"
        while line := await stream.readline():
            said = json.loads(line)
            self.stream.alive()
            if said["is"] == "connected":
                state.state, state.why, state.sent = "on", "", 0
                state.connects += 1
                _log.info("the stream to %s is on", state.where)
            elif said["is"] == "sent":
                state.sent = int(said["frames"])
            elif said["is"] == "lost":
                if state.state == "on" or state.why != said["why"]:
                    _log.warning("the stream to %s: %s; it is tried again", state.where, said["why"])
                state.state, state.why = "waiting", str(said["why"])
        state.state = "waiting"
