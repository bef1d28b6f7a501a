"""Children of tests are heard and ended within bounds: no test waits for one for ever."""

from __future__ import annotations

import asyncio
import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from typing import Any, TypeVar

import psutil

T = TypeVar("T")
#: Seconds that a child has to end in good order, and that a killed one has to be gone.
POLITE, GONE = 5.0, 5.0
#: Seconds until a child has said a line, on a machine that does much else.
SAID = 240.0


def run_within(seconds: float, work: Coroutine[Any, Any, T]) -> T:
    """What a coroutine comes to, in a loop of its own; TimeoutError where it takes longer."""

    async def bounded() -> T:
        async with asyncio.timeout(seconds):
            return await work

    return asyncio.run(bounded())


def within(work: Callable[[], T], seconds: float, what: str) -> T:
    """What some work comes to; AssertionError where it takes longer, and then it is left alone."""
    found: queue.Queue[tuple[T | None, BaseException | None]] = queue.Queue()

    def do() -> None:
        try:
            found.put((work(), None))
        except BaseException as error:
            found.put((None, error))

    threading.Thread(target=do, daemon=True).start()
    try:
        value, error = found.get(timeout=seconds)
    except queue.Empty:
        raise AssertionError(f"not within {seconds:g} s: {what}") from None
    if error is not None:
        raise error
    return value  # type: ignore[return-value]


def line_of(stream: Any, seconds: float = SAID) -> Any:
    """The next line of a child's stream; empty where it ended."""
    return within(stream.readline, seconds, "a line of a child")


def first_line(process: subprocess.Popen[Any], seconds: float = SAID) -> Any:
    """The next line that a child says; where none comes in time the child is ended."""
    try:
        return line_of(process.stdout, seconds)
    except AssertionError:
        kill(process)
        raise


def lines_of(stream: Any, seconds: float = SAID) -> Iterator[Any]:
    """The lines of a child's stream, one after the other; an error where all of them take longer."""
    until = time.monotonic() + seconds
    while line := line_of(stream, max(0.01, until - time.monotonic())):
        yield line


def kill(process: subprocess.Popen[Any]) -> None:
    """End a child at once, and those of its session; what hangs in the kernel is left to it."""
    process.kill()
    _kill_session(process.pid)
    with suppress(subprocess.TimeoutExpired):
        process.wait(GONE)
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None and process.poll() is not None:
            with suppress(OSError):
                stream.close()


def end(process: subprocess.Popen[Any], number: int = signal.SIGTERM, seconds: float = POLITE) -> int | None:
    """End a child in good order, or at once where it takes too long; its exit code if it has one."""
    if process.poll() is None:
        process.send_signal(number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
    kill(process)
    return process.returncode


def join(thread: threading.Thread, seconds: float = 30.0) -> None:
    """Wait for a thread, and say so where it goes on."""
    thread.join(seconds)
    assert not thread.is_alive(), f"a thread goes on after {seconds:g} s: {thread.name}"


def session_of(leader: int) -> list[psutil.Process]:
    """Processes of the session that a child began for itself; none where it began none."""
    found = []
    for one in psutil.process_iter():
        with suppress(OSError, psutil.Error):
            if os.getsid(one.pid) == leader and one.status() != psutil.STATUS_ZOMBIE:
                found.append(one)
    return found


def _kill_session(leader: int) -> None:
    """Kill whoever is left of a child's session, also those who were begun meanwhile."""
    if not hasattr(os, "getsid"):
        return
    until = time.monotonic() + GONE
    while (left := session_of(leader)) and time.monotonic() < until:
        for one in left:
            with suppress(psutil.Error):
                one.kill()
        time.sleep(0.05)
