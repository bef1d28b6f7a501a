"""Chats for tests: a server that says what a test wants, ngircd, and people who write there."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import pytest

from support.endings import kill

NGIRCD = shutil.which("ngircd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
needs_ngircd = pytest.mark.skipif(NGIRCD is None, reason="no ngircd here: tools/live_servers.sh installs it")
OPENSSL = shutil.which("openssl")
needs_openssl = pytest.mark.skipif(OPENSSL is None, reason="no openssl here, which makes certificates")
#: Seconds until anything has come about.
PATIENCE = 30.0
CONFIGURATION = """
[Global]
Name = irc.test.local
Info = test
Listen = 127.0.0.1
Ports = {port}
[Limits]
PingTimeout = {ping}
PongTimeout = 20
MaxConnections = 0
MaxConnectionsIP = 0
MaxNickLength = 24
MaxPenaltyTime = 0
[Options]
PAM = no
Ident = no
DNS = no
[Channel]
Name = #dream
"""


class FakeIrc:
    """A server that greets whoever comes, and then says what it is told.

    Attributes:
        heard: Every line that it got.
        visits: How many connections there were.
    """

    def __init__(
        self, then: Callable[[FakeIrc, asyncio.StreamWriter], Awaitable[None]] | None = None
    ) -> None:
        self.heard: list[str] = []
        self.visits = 0
        self._then = then

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.visits += 1
        with suppress(OSError):
            while line := await reader.readline():
                text = line.decode().rstrip("\r\n")
                self.heard.append(text)
                if text == "CAP END":
                    writer.write(b":irc 001 you :welcome\r\n")
                if text.startswith("JOIN"):
                    writer.write(b":irc 366 you #dream :end of names\r\n")
                    if self._then is not None:
                        await self._then(self, writer)
        writer.close()

    @asynccontextmanager
    async def serving(self, certificate: Path | None = None) -> AsyncIterator[str]:
        """Its address, while it listens; with TLS, if there is a certificate."""
        safe = None
        if certificate is not None:
            safe = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            safe.load_cert_chain(certificate)
        server = await asyncio.start_server(self.meet, "127.0.0.1", 0, ssl=safe)
        try:
            yield f"irc{'s' if safe else ''}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            server.close()

    async def says(self, text: str) -> None:
        """Wait until it has heard a line."""
        await until(lambda: text in self.heard)


async def until(condition: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


def self_signed(folder: Path, where: str) -> Path:
    """A certificate with its key for ``IP:...`` or ``DNS:...``, signed by nobody else."""
    assert OPENSSL is not None
    key, made = folder / "key.pem", folder / f"{where.replace(':', '-')}.pem"
    words = [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-noenc",
        "-days",
        "2",
    ]
    words += [
        "-keyout",
        str(key),
        "-out",
        str(made),
        "-subj",
        "/CN=test",
        "-addext",
        f"subjectAltName={where}",
    ]
    subprocess.run([OPENSSL, *words], check=True, capture_output=True)
    made.write_text(made.read_text() + key.read_text())
    return made


class Ngircd:
    """The real server: begun, killed, begun again at the same port."""

    def __init__(self, folder: Path, ping: int) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._file = folder / "ngircd.conf"
        self._file.write_text(CONFIGURATION.format(port=self.port, ping=ping))
        self._process: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        assert NGIRCD is not None
        self._process = subprocess.Popen(
            [NGIRCD, "-n", "-f", str(self._file)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def kill(self) -> None:
        """As power does."""
        assert self._process is not None
        kill(self._process)


@contextmanager
def ngircd(folder: Path, *, ping: int = 120) -> Iterator[Ngircd]:
    server = Ngircd(folder, ping)
    server.begin()
    try:
        yield server
    finally:
        server.kill()


class Writer:
    """Somebody who writes into the channel from outside, so that not everybody is told everything."""

    def __init__(self, nick: str) -> None:
        self.nick = nick

    async def come(self, port: int) -> None:
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    self._reader, self._writer = await asyncio.open_connection("127.0.0.1", port)
                    break
                except OSError:
                    await asyncio.sleep(0.05)
            self._writer.write(f"NICK {self.nick}\r\nUSER {self.nick} 0 * :x\r\n".encode())
            while b" 001 " not in (line := await self._reader.readline()):
                assert line, "the server closed the connection"
        self._reads = asyncio.create_task(self._read())

    async def _read(self) -> None:
        """What is read is dropped; pings are answered."""
        with suppress(OSError, ValueError):
            while line := await self._reader.readline():
                if line.startswith(b"PING"):
                    self._writer.write(line.replace(b"PING", b"PONG", 1))

    def say(self, text: bytes) -> None:
        self._writer.write(b"PRIVMSG #dream :" + text + b"\r\n")

    def leave(self) -> None:
        self._reads.cancel()
        self._writer.close()
