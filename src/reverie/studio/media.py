"""Pictures and films for the server, which never decodes one itself: children do."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any, Final

from reverie.errors import BadInput
from reverie.studio.worker.process import Process

#: Children at once; files after which one is replaced; seconds that one file may take.
CHILDREN, TURNS, SECONDS = 2, 200, 40.0
_MODULE: Final = ("reverie.studio.media_child",)


class Unreadable(BadInput):
    """A file that cannot be used; ``status`` is what HTTP says of it."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class _Child:
    """One child, which does one thing at a time."""

    def __init__(self) -> None:
        self.turns = 0
        self._answers: asyncio.Queue[tuple[dict[str, Any], bytes] | None] = asyncio.Queue()
        self.process = Process(
            _MODULE,
            heard=lambda message, more: self._answers.put_nowait((message, more)),
            gone=lambda: self._answers.put_nowait(None),
            environment={"OMP_NUM_THREADS": "1", "OPENCV_FFMPEG_LOGLEVEL": "-8"},
        )

    async def start(self) -> None:
        await self.process.start()
        await self._answers.get()

    async def ask(self, message: dict[str, Any]) -> tuple[dict[str, Any], bytes] | None:
        self.turns += 1
        self.process.say(message)
        return await self._answers.get()


class Media:
    """Asks children to decode and encode, so many at once; a child that breaks is replaced."""

    def __init__(self) -> None:
        self._idle: asyncio.Queue[_Child | None] = asyncio.Queue()
        self._all: set[_Child] = set()

    async def start(self) -> None:
        """Have the children ready."""
        for _ in range(CHILDREN):
            self._idle.put_nowait(await self._new())

    async def stop(self) -> None:
        """End them."""
        for child in list(self._all):
            await child.process.end()

    async def ask(
        self, do: str, path: Path, *, name: str, seconds: float = SECONDS, **more: Any
    ) -> tuple[dict[str, Any], bytes]:
        """Have something done with a file, as a function of ``media_child`` does it.

        Raises:
            Unreadable: It cannot be read, takes too long, or breaks what reads it.
        """
        question = {"do": do, "path": os.fspath(path), "name": name, **more}
        # A child may have died of something else before: only what ends two of them is at fault.
        answer = await self._asked(question, seconds) or await self._asked(question, seconds)
        if answer is None:
            raise Unreadable(f"{name}: cannot be read; it breaks what reads it", 422)
        found, data = answer
        if "error" in found:
            raise Unreadable(found["error"], found["status"])
        return found, data

    async def _asked(self, question: dict[str, Any], seconds: float) -> tuple[dict[str, Any], bytes] | None:
        """What a child answers; None where it died."""
        child = await self._idle.get() or await self._new()
        keep = False
        try:
            async with asyncio.timeout(seconds):
                answer = await child.ask(question)
            keep = answer is not None and child.turns < TURNS
            return answer
        except TimeoutError:
            words = f"{question['name']}: takes too long to read; give a smaller one"
            raise Unreadable(words, 413) from None
        finally:
            if not keep:
                self._all.discard(child)
                await child.process.end()
            self._idle.put_nowait(child if keep else None)

    async def _new(self) -> _Child:
        child = _Child()
        await child.start()
        self._all.add(child)
        return child
