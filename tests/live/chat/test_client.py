"""A chat that is listened to, against a server that does what servers do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from reverie.live.chat.client import Chat, Patience
from reverie.live.crowd.ballot import Person
from support.irc import FakeIrc, needs_openssl, self_signed, until

QUICK = Patience(connect=5, quiet=5, answer=5, again=0.01, most=0.05, settled=1)
Then = Callable[[FakeIrc, asyncio.StreamWriter], Awaitable[None]]


def listening(
    then: Then | None, check: Callable[[FakeIrc, Chat, list], Awaitable[None]], patience: Patience = QUICK
) -> list[tuple[str, Person]]:
    """What a chat heard, from a server that does ``then`` once it is joined, until ``check`` is through."""
    heard: list[tuple[str, Person]] = []

    async def run() -> None:
        server = FakeIrc(then)
        async with server.serving() as address:
            chat = Chat(
                "dream", lambda text, person: heard.append((text, person)), address, patience=patience
            )
            task = asyncio.create_task(chat.run())
            try:
                await check(server, chat, heard)
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    asyncio.run(run())
    return heard


def test_it_comes_in_without_an_account_and_hears() -> None:
    async def then(server: FakeIrc, writer: asyncio.StreamWriter) -> None:
        writer.write(b"@display-name=Ada;user-id=7 :ada!ada@x PRIVMSG #dream :volcano\r\n:ben!b@x PRI")
        await asyncio.sleep(0.05)
        writer.write(
            b"VMSG #Dream :gold fish \xf0\x9f\x8c\x8b\r\n:ben!b@x PRIVMSG #other :no\r\n:x PRIVMSG #dream\r\n"
        )

    async def check(server: FakeIrc, chat: Chat, heard: list) -> None:
        await until(lambda: len(heard) == 2)
        assert chat.connected
        assert chat.lines == 2
        assert server.heard[1].startswith("NICK justinfan")
        assert not any(line.startswith(("PASS", "PRIVMSG")) for line in server.heard)
        assert "JOIN #dream" in server.heard

    heard = listening(then, check)
    assert heard == [
        ("volcano", Person("chat 7", name="Ada")),
        ("gold fish \U0001f30b", Person("chat ben", name="ben")),
    ]


def test_pings_are_answered_before_what_came_with_them() -> None:
    """The answer is on its way before the first of ten thousand lines is looked at."""
    order: list[str] = []

    async def then(server: FakeIrc, writer: asyncio.StreamWriter) -> None:
        writer.write(
            b":a!a PRIVMSG #dream :x\r\n" * 500 + b"PING :now\r\n" + b":a!a PRIVMSG #dream :x\r\n" * 500
        )

    async def run() -> None:
        server = FakeIrc(then)
        async with server.serving() as address:
            chat = Chat("dream", lambda text, person: order.append("line"), address, patience=QUICK)
            send = chat._send

            def noted(writer: asyncio.StreamWriter, *lines: str) -> None:
                order.extend(line for line in lines if line.startswith("PONG"))
                send(writer, *lines)

            chat._send = noted  # type: ignore[method-assign]
            task = asyncio.create_task(chat.run())
            await until(lambda: len(order) == 1001)
            await server.says("PONG :now")
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    asyncio.run(run())
    assert order[0] == "PONG :now"


@pytest.mark.parametrize("ending", [b"RECONNECT\r\n", b":tmi RECONNECT\r\n", b""])
def test_it_comes_back_with_all_that_was_said_before(ending: bytes) -> None:
    async def then(server: FakeIrc, writer: asyncio.StreamWriter) -> None:
        writer.write(b":a!a PRIVMSG #dream :volcano\r\n" + ending + b":a!a PRIVMSG #dream :goldfish\r\n")
        if not ending:
            await writer.drain()
            writer.close()

    async def check(server: FakeIrc, chat: Chat, heard: list) -> None:
        await until(lambda: server.visits >= 3)
        await until(lambda: len(heard) >= 4)
        assert chat.reconnects >= 2
        assert [text for text, _ in heard[:4]] == ["volcano", "goldfish"] * 2

    listening(then, check)


@pytest.mark.parametrize("turns", range(6))
def test_it_ends_when_it_is_told_to_while_something_arrives(turns: int) -> None:
    """Whichever turn of the loop the end comes in, after a piece has come."""

    async def run() -> None:
        async with FakeIrc().serving() as address:
            chat = Chat("dream", lambda text, person: None, address, patience=QUICK)
            connect = chat._connect

            async def noted() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
                found = await connect()
                arriving.append(found[0])
                return found

            chat._connect = noted  # type: ignore[method-assign]
            task = asyncio.create_task(chat.run())
            await until(lambda: chat.connected)
            arriving[0].feed_data(b":a!a PRIVMSG #dream :volcano\r\n")
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            ended, _ = await asyncio.wait([task], timeout=3)
            assert ended

    arriving: list[asyncio.StreamReader] = []
    asyncio.run(run())


def test_a_server_that_falls_silent_is_asked_and_left() -> None:
    """As after a netsplit, or where the connection is gone and nobody said so."""

    async def check(server: FakeIrc, chat: Chat, heard: list) -> None:
        await server.says("PING :reverie")
        await until(lambda: server.visits >= 2)

    listening(None, check, Patience(quiet=0.05, answer=0.05, again=0.01, most=0.05))


def test_long_lines_and_other_bytes_take_nothing_with_them() -> None:
    async def then(server: FakeIrc, writer: asyncio.StreamWriter) -> None:
        writer.write(b":a!a PRIVMSG #dream :" + b"x" * 65_536 + b"\r\n:a!a PRIVMSG #dream :volcano\r\n")
        writer.write(
            b"\x00\xff\r\n\r\n   \r\n:\r\n@\r\n:b!b PRIVMSG #dream :\xc3\x28 cat\r\n"
            b":c!c PRIVMSG #dream :cat\r\n"
        )

    async def check(server: FakeIrc, chat: Chat, heard: list) -> None:
        await until(lambda: len(heard) == 3)
        assert chat.dropped == 1
        assert chat.reconnects == 0

    heard = listening(then, check)
    assert [text for text, _ in heard] == ["volcano", "\ufffd( cat", "cat"]


def test_a_name_that_is_taken_is_changed() -> None:
    async def then(server: FakeIrc, writer: asyncio.StreamWriter) -> None:
        writer.write(b":irc 433 * x :in use\r\n")

    async def check(server: FakeIrc, chat: Chat, heard: list) -> None:
        await until(lambda: any(line.startswith("NICK fan") for line in server.heard))

    listening(then, check)


@pytest.mark.slow
def test_a_server_that_only_asks_and_never_reads_is_left() -> None:
    async def run() -> None:
        visits = 0

        async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal visits
            visits += 1
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            while not writer.is_closing():
                writer.write((b"PING :" + b"p" * 400 + b"\r\n") * 200)
                await asyncio.sleep(0)
                try:
                    async with asyncio.timeout(1):
                        await writer.drain()
                except (OSError, TimeoutError):
                    return

        server = await asyncio.start_server(meet, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        chat = Chat("dream", lambda text, person: None, f"irc://127.0.0.1:{port}", patience=QUICK)
        task = asyncio.create_task(chat.run())
        await until(lambda: chat.reconnects >= 1)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        server.close()

    asyncio.run(run())


def test_no_server_is_waited_for_longer_and_longer() -> None:
    said: list[str] = []

    async def run() -> None:
        patience = Patience(again=0.02, most=0.08)
        chat = Chat("dream", lambda text, person: None, "irc://127.0.0.1:1", said.append, patience)
        task = asyncio.create_task(chat.run())
        await until(lambda: chat.reconnects >= 5)
        assert not chat.connected
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(run())
    waits = [float(line.rsplit(" ", 2)[1]) for line in said[:5]]
    assert waits == sorted(waits)
    assert waits[-1] == 0.1  # of 0.08, as it is said


def test_a_server_without_tls_is_no_server_with_it() -> None:
    said: list[str] = []

    async def run() -> None:
        server = FakeIrc()
        async with server.serving() as address:
            chat = Chat(
                "dream", lambda text, person: None, address.replace("irc:", "ircs:"), said.append, QUICK
            )
            task = asyncio.create_task(chat.run())
            await until(lambda: chat.reconnects >= 1)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        assert not any("NICK" in line for line in server.heard)

    asyncio.run(run())
    assert said[0].startswith("chat: ")


async def _over_tls(certificate: Path) -> tuple[list[str], FakeIrc, list[str]]:
    """What was heard of a server with a certificate, the server, and what was said of the connection."""
    heard: list[str] = []
    said: list[str] = []

    async def then(server: FakeIrc, writer: asyncio.StreamWriter) -> None:
        writer.write(b"@display-name=Ada;user-id=7 :ada!ada@x PRIVMSG #dream :volcano\r\n")

    server = FakeIrc(then)
    async with server.serving(certificate) as address:
        chat = Chat("dream", lambda text, person: heard.append(text), address, said.append, QUICK)
        task = asyncio.create_task(chat.run())
        try:
            await until(lambda: heard or chat.reconnects)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    return heard, server, said


@needs_openssl
def test_a_chat_over_tls_is_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As Twitch's is, by a certificate that this machine trusts."""
    certificate = self_signed(tmp_path, "IP:127.0.0.1")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    heard, server, said = asyncio.run(_over_tls(certificate))
    assert heard == ["volcano"]
    assert said == ["chat: listening to #dream"]
    assert not any(line.startswith("PASS") for line in server.heard)


@needs_openssl
@pytest.mark.parametrize("trusted", [True, False])
def test_a_server_that_is_not_who_it_says_is_told_nothing(
    trusted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its certificate is for another name, or nobody whom this machine trusts has signed it."""
    certificate = self_signed(tmp_path, "DNS:elsewhere.example" if trusted else "IP:127.0.0.1")
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    else:
        monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    heard, server, said = asyncio.run(_over_tls(certificate))
    assert heard == server.heard == []
    assert "certificate verify failed" in said[0]
