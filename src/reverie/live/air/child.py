"""A child of the server that is always there: begun again when it dies, ended when it falls silent."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

_log = logging.getLogger("reverie.live")
#: Seconds before a child is begun again: after the first death, each time twice as many, and at most.
SOON: Final = 0.2
LATEST: Final = 5.0
#: Seconds after which a child that lives has forgotten earlier deaths.
WELL: Final = 20.0
#: Seconds that a child has to end in good order, and to die.
ENDING: Final = 4.0
#: Variables that no child is given: what they hold is for the server alone.
SECRET: Final = ("REVERIE_RTMP_KEY", "REVERIE_LIVE_TOKEN")
#: Bytes that may wait for a child that does not listen; what is said beyond that is lost.
UNHEARD: Final = 4_000_000
Talk = Callable[[asyncio.StreamReader], Awaitable[None]]


@dataclass(frozen=True)
class ChildPatience:
    """How long a child is waited for, in seconds.

    Attributes:
        silent: It may not be ``alive()`` for so long before it is ended.
        first: The same at its start.
        latest: At most so long until it is begun again.
    """

    silent: float
    first: float
    latest: float = LATEST


class KeptChild:
    """One process, again and again.

    Args:
        name: What it is called in the log.
        module: What it runs.
        arguments: Gives the words behind it, anew each time.
        talk: Reads what it says until it says nothing more; an error of it is a death of the child.
        begun: Is told each time that it has begun, so that it can be said what it has to know.
        patience: How long it is waited for.
        environment: Further variables.
    """

    def __init__(
        self,
        name: str,
        module: str,
        arguments: Callable[[], Sequence[str]],
        talk: Talk,
        *,
        begun: Callable[[], None] = lambda: None,
        patience: ChildPatience,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name, self._module, self._arguments, self._talk = name, module, arguments, talk
        self._begun, self._patience = begun, patience
        self._environment = environment or {}
        self._process: asyncio.subprocess.Process | None = None
        self._until = 0.0
        self._ending = False
        #: How often it was begun again.
        self.restarts = 0

    @property
    def pid(self) -> int | None:
        """Its number while it runs."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    def alive(self) -> None:
        """It has shown that it works."""
        self._until = time.monotonic() + self._patience.silent

    async def run(self) -> None:
        """Keep it there until ``end``; cancelled, it ends the child at once."""
        wait = SOON
        try:
            while not self._ending:
                began = time.monotonic()
                why = await self._once()
                if self._ending:
                    return
                self.restarts += 1
                wait = SOON if time.monotonic() - began > WELL else min(self._patience.latest, 2 * wait)
                _log.warning("the %s %s; it is begun again", self.name, why)
                await asyncio.sleep(wait)
        finally:
            self._kill()
            if self._process is not None:
                await self._process.wait()

    async def _once(self) -> str:
        """One life; how it ended."""
        try:
            process = self._process = await self._start()
        except OSError as error:
            return f"cannot be begun ({error.strerror})"
        assert process.stdout is not None
        self._until = time.monotonic() + self._patience.first
        self._begun()
        talking = asyncio.ensure_future(self._talk(process.stdout))
        why = "ended"
        try:
            while not talking.done():
                left = self._until - time.monotonic()
                if left <= 0:
                    why = "said nothing any more and was ended"
                    break
                await asyncio.wait({talking}, timeout=min(left, 1.0))
            if talking.done() and talking.exception() is not None:
                why = f"said what is not understood ({talking.exception()!r})"
        finally:
            talking.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await talking
        return await self._buried(process, why)

    async def _buried(self, process: asyncio.subprocess.Process, why: str) -> str:
        if why == "ended":
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await process.wait()
        self._kill()
        code = await process.wait()
        return f"ended ({code})" if why == "ended" else why

    async def _start(self) -> asyncio.subprocess.Process:
        """Not in the server's group, so that Ctrl-C reaches the server alone."""
        environment = {name: value for name, value in os.environ.items() if name not in SECRET}
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", self._module, *self._arguments()),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**environment, **self._environment},
            limit=1 << 20,
            start_new_session=True,
        )

    @property
    def unheard(self) -> int:
        """Bytes that wait for it."""
        stdin = self._process.stdin if self._process is not None else None
        return stdin.transport.get_write_buffer_size() if stdin is not None else 0

    def say(self, data: bytes) -> None:
        """Send it something; nothing happens where it is gone, or has not listened for long."""
        stdin = self._process.stdin if self.pid is not None and self._process is not None else None
        if stdin is None or stdin.is_closing() or self.unheard > UNHEARD:
            return
        with contextlib.suppress(ConnectionError, RuntimeError):
            stdin.write(data)

    def close_ear(self) -> None:
        """Say nothing more to it, by which it knows that it is to end; it is not begun again."""
        self._ending = True
        process = self._process
        if process is not None and process.stdin is not None:
            with contextlib.suppress(ConnectionError, RuntimeError):
                process.stdin.close()

    async def end(self, seconds: float = ENDING) -> None:
        """Have it end in good order, or else at once."""
        self.close_ear()
        if self._process is None:
            return
        try:
            async with asyncio.timeout(seconds):
                await self._process.wait()
        except TimeoutError:
            self._kill()
            await self._process.wait()

    def _kill(self) -> None:
        if self.pid is not None and self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
