"""A child that is always there: it dies, falls silent or talks nonsense, and is begun again."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from reverie.live.air import child as children
from reverie.live.air.child import ChildPatience, KeptChild

#: Seconds until something has come about, on a machine that does much else.
PATIENCE = 60.0
ECHO = """
import os, sys
given = os.environ.get
print("begun", *sys.argv[1:], given("REVERIE_RTMP_KEY", "no key"), given("MORE", ""), flush=True)
for line in sys.stdin:
    if line == "die\\n":
        os._exit(3)
    print("heard", line.strip(), flush=True)
print("over", flush=True)
"""
DEAF = "import time, sys\nprint('begun', flush=True)\ntime.sleep(600)\n"


class Told:
    """A child, and what it said."""

    def __init__(self, module: str, **more: Any) -> None:
        self.lines: list[str] = []
        self.begun = 0
        given = {"arguments": lambda: ["one"], "patience": ChildPatience(PATIENCE, first=PATIENCE), **more}
        self.child = KeptChild(
            "child", module, given.pop("arguments"), self._talk, begun=self._begun, **given
        )

    def _begun(self) -> None:
        self.begun += 1

    async def _talk(self, stream: asyncio.StreamReader) -> None:
        while line := await stream.readline():
            self.lines.append(line.decode().strip())
            if self.lines[-1] == "heard nonsense":
                raise ValueError("nonsense")

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not condition():
                await asyncio.sleep(0.01)


@pytest.fixture(autouse=True)
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "echo_child.py").write_text(ECHO)
    (tmp_path / "deaf_child.py").write_text(DEAF)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    monkeypatch.setattr(children, "SOON", 0.01)


def run(told: Told, work: Callable[[], Awaitable[None]]) -> None:
    """Something that happens while the child is kept there."""

    async def both() -> None:
        keeping = asyncio.create_task(told.child.run())
        try:
            await work()
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)

    asyncio.run(both())


@pytest.mark.slow
def test_one_that_dies_is_begun_again() -> None:
    told = Told("echo_child")

    async def work() -> None:
        for count in range(3):
            await told.until(lambda count=count: told.lines.count("begun one no key") == count + 1)
            told.child.say(b"hello\n")
            await told.until(lambda count=count: told.lines.count("heard hello") == count + 1)
            assert told.child.pid is not None
            os.kill(told.child.pid, signal.SIGKILL)
        await told.until(lambda: told.begun == 4)
        assert told.child.restarts == 3

    run(told, work)


@pytest.mark.parametrize("word", [b"die\n", b"nonsense\n"])
def test_one_that_ends_by_itself_or_talks_nonsense_is_begun_again_too(word: bytes) -> None:
    told = Told("echo_child")

    async def work() -> None:
        await told.until(lambda: bool(told.lines))
        told.child.say(word)
        await told.until(lambda: told.begun == 2)

    run(told, work)


@pytest.mark.slow
def test_one_that_falls_silent_is_ended_and_begun_again() -> None:
    """Also where it is stopped, and hears no signal but one."""
    told = Told("deaf_child", patience=ChildPatience(0.6, first=PATIENCE))

    async def work() -> None:
        await told.until(lambda: told.lines == ["begun"])
        first = told.child.pid
        assert first is not None
        os.kill(first, signal.SIGSTOP)
        told.child.alive()
        await told.until(lambda: told.begun == 2)
        assert not psutil.pid_exists(first)

    run(told, work)


def test_it_ends_in_good_order_and_stays_away() -> None:
    told = Told("echo_child")

    async def work() -> None:
        await told.until(lambda: bool(told.lines))
        await told.child.end(PATIENCE)
        await told.until(lambda: told.lines[-1] == "over")
        assert told.child.pid is None
        told.child.say(b"too late\n")
        await asyncio.sleep(0.1)
        assert told.begun == 1

    run(told, work)


def test_one_that_does_not_listen_is_ended_at_once() -> None:
    told = Told("deaf_child")

    async def work() -> None:
        await told.until(lambda: bool(told.lines))
        await told.child.end(0.1)
        assert told.child.pid is None

    run(told, work)


def test_what_waits_for_one_that_does_not_listen_is_limited() -> None:
    told = Told("deaf_child")

    async def work() -> None:
        await told.until(lambda: bool(told.lines))
        for _ in range(200):
            told.child.say(b"x" * 100_000)
        assert told.child.unheard <= children.UNHEARD + 100_000

    run(told, work)


def test_secrets_are_not_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REVERIE_RTMP_KEY", "live_secret")
    told = Told("echo_child", environment={"MORE": "more"})

    async def work() -> None:
        await told.until(lambda: told.lines == ["begun one no key more"])

    run(told, work)


def test_one_that_cannot_be_begun_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    told = Told("echo_child")
    python = children.sys.executable
    monkeypatch.setattr("reverie.live.air.child.sys.executable", "/no/such/python")

    async def work() -> None:
        await told.until(lambda: told.child.restarts >= 2)
        monkeypatch.setattr("reverie.live.air.child.sys.executable", python)
        await told.until(lambda: bool(told.lines))

    run(told, work)
