"""Who listens to a chat: a connection that comes back by itself for as long as the show lasts."""

from __future__ import annotations

import asyncio
import random
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from reverie.live.chat.lines import IrcLine, LineCutter, read_line
from reverie.live.crowd.ballot import Person
from reverie.plain_words import shown

#: Bytes that are read at once, and that may wait to be sent before the server is given up.
PIECE, MOST_WAITING = 65_536, 65_536
#: Characters of a name.
LONGEST_NAME: Final = 25
#: The ports of IRC with TLS and without.
PORTS: Final = {"ircs": 6697, "irc": 6667}
Heard = Callable[[str, Person], None]


@dataclass(frozen=True)
class Patience:
    """How long is waited, in seconds.

    Attributes:
        connect: For the server to answer.
        quiet: Until the server is asked whether it is still there.
        answer: For it to say so.
        again: Before the first further try; twice as long before each after that.
        most: Before any try.
        settled: After which a connection counts as a good one.
    """

    connect: float = 15.0
    quiet: float = 90.0
    answer: float = 20.0
    again: float = 0.5
    most: float = 60.0
    settled: float = 30.0


class _LostError(Exception):
    """The connection is over; a sentence says why."""


@dataclass
class Chat:
    """The chat of one channel.

    Attributes:
        channel: Its name, without the ``#``.
        heard: Is given each line that somebody wrote there, and who that is.
        server: Where it is: ``ircs://HOST[:PORT]``, or ``irc://`` without TLS.
        note: Is told when a connection is lost, and when there is one.
        patience: How long is waited for what.
        connected: Whether it is listened to now.
        reconnects: How often a connection was lost or could not be made.
        lines: Lines that were written there.
        dropped: Lines that were too long to be read.
    """

    channel: str
    heard: Heard
    server: str = "ircs://irc.chat.twitch.tv"
    note: Callable[[str], None] = lambda words: None
    patience: Patience = field(default_factory=Patience)
    connected: bool = False
    reconnects: int = 0
    lines: int = 0
    dropped: int = 0
    _nick: str = ""

    async def run(self) -> None:
        """Listen for ever; ends only by being cancelled."""
        wait = self.patience.again
        while True:
            began = time.monotonic()
            try:
                await self._listen()
            except (OSError, _LostError, TimeoutError) as error:
                words = str(error) or "it did not answer in time"
            finally:
                self.connected = False
            self.reconnects += 1
            if time.monotonic() - began >= self.patience.settled:
                wait = self.patience.again
            self.note(f"chat: {shown(words, 200)}; again in {wait:.1f} s")
            await asyncio.sleep(wait * random.uniform(0.7, 1.3))
            wait = min(self.patience.most, 2 * wait)

    async def _listen(self) -> None:
        """One connection, until it is lost: raises _LostError, OSError or TimeoutError."""
        reader, writer = await self._connect()
        try:
            self._nick = f"justinfan{random.randrange(1000, 99_999)}"
            asked = "CAP REQ :twitch.tv/tags twitch.tv/commands", f"NICK {self._nick}"
            self._send(writer, *asked, f"USER {self._nick} 0 * :{self._nick}", "CAP END")
            cutter = LineCutter()
            while True:
                data = await self._read(reader, writer)
                if not data:
                    raise _LostError("the server closed the connection")
                before = cutter.dropped
                self._take(cutter.feed(data), writer)
                self.dropped += cutter.dropped - before
                await asyncio.sleep(0)  # where there is always more, others have a turn
        finally:
            writer.close()
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(2.0):
                    await writer.wait_closed()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        where = urlsplit(self.server)
        safe = ssl.create_default_context() if where.scheme == "ircs" else None
        connecting = asyncio.open_connection(
            where.hostname, where.port or PORTS[where.scheme], ssl=safe, limit=PIECE
        )
        async with asyncio.timeout(self.patience.connect):
            return await connecting

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        """What arrives next; a server that says nothing for long is asked whether it is there."""
        try:
            async with asyncio.timeout(self.patience.quiet):
                return await reader.read(PIECE)
        except TimeoutError:
            self._send(writer, "PING :reverie")
        async with asyncio.timeout(self.patience.answer):
            return await reader.read(PIECE)

    def _take(self, lines: list[bytes], writer: asyncio.StreamWriter) -> None:
        """Read lines: pings are answered before anything else is looked at."""
        found = [line for raw in lines if (line := read_line(raw)) is not None]
        for line in found:
            if line.command == "PING":
                self._send(writer, f"PONG :{line.parameters[-1] if line.parameters else ''}")
        over = False
        for line in found:
            if line.command == "PRIVMSG":
                self._hear(line)
            elif line.command == "001":
                self._send(writer, f"JOIN #{self.channel}")
            elif line.command in ("432", "433"):  # the name is taken, or too long
                self._nick = f"fan{random.randrange(10_000, 999_999)}"
                self._send(writer, f"NICK {self._nick}")
            elif line.command in ("366", "JOIN") and not self.connected:
                self.connected = True
                self.note(f"chat: listening to #{self.channel}")
            over = over or line.command == "RECONNECT"
        if over:  # after all that came with it
            raise _LostError("the server asked for a new connection")

    def _hear(self, line: IrcLine) -> None:
        if len(line.parameters) < 2 or line.parameters[0].lower() != f"#{self.channel.lower()}":
            return
        self.lines += 1
        who = line.tag("user-id") or line.nick.lower()
        name = shown(line.tag("display-name") or line.nick, LONGEST_NAME)
        if who:
            self.heard(line.parameters[1], Person(f"chat {who[:64]}", name=name))

    def _send(self, writer: asyncio.StreamWriter, *lines: str) -> None:
        """Say something; without waiting, so that no answer ever waits for another."""
        plain = (line.replace("\r", " ").replace("\n", " ") for line in lines)
        writer.write("".join(f"{line[:500]}\r\n" for line in plain).encode("utf-8"))
        if writer.transport.get_write_buffer_size() > MOST_WAITING:
            raise _LostError("the server takes nothing any more")
