"""Children of the server: started warm, spoken to in messages, and noticed when they are gone."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from reverie.engine.environment import ENVIRONMENT
from reverie.studio.worker import messages

_log = logging.getLogger("reverie.studio")
#: Seconds that a child may take to end once it has closed its mouth.
DYING: Final = 2.0
Heard = Callable[[dict[str, Any], bytes], None]


class Process:
    """A child that says messages; it ends when the server does.

    Args:
        module: What it runs, with its arguments.
        heard: Takes what it says.
        gone: Is told when it ended, however that was.
        environment: Further variables.
    """

    def __init__(
        self,
        module: Sequence[str],
        *,
        heard: Heard,
        gone: Callable[[], None],
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._module, self._heard, self._gone = module, heard, gone
        self._environment = {**ENVIRONMENT, **os.environ, **(environment or {})}
        self._child: asyncio.subprocess.Process | None = None
        self._ear: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """Its number while it runs."""
        return self._child.pid if self._child is not None and self._child.returncode is None else None

    async def start(self) -> None:
        """Begin it; not in the server's group, so that Ctrl-C reaches the server alone."""
        self._child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", *self._module),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=self._environment,
            start_new_session=True,
        )
        self._ear = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        child = self._child
        assert child is not None
        assert child.stdout is not None
        while (said := await messages.receive(child.stdout)) is not None:
            try:
                self._heard(*said)
            except Exception:  # nothing that one message does ends the talk with a child
                _log.exception("a message of a child could not be dealt with")
        try:
            async with asyncio.timeout(DYING):
                await child.wait()
        except TimeoutError:  # it says nothing any more and still lives
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()
        self._gone()

    def say(self, message: dict[str, Any], more: bytes = b"") -> None:
        """Send a message; nothing happens where it is gone already."""
        child = self._child
        if child is None or child.stdin is None or child.stdin.is_closing():
            return
        with contextlib.suppress(ConnectionError, RuntimeError):
            child.stdin.write(messages.packed(message, more))

    async def end(self) -> None:
        """End it at once, without telling anybody."""
        if self._ear is not None:
            self._ear.cancel()
        if self._child is not None and self._child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._child.kill()
            await self._child.wait()
