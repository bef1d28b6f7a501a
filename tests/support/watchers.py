"""Pages that only watch, in a process of their own: ``python -m support.watchers ADDRESS COUNT``.

It says ``ready`` once all are connected, and ends with standard input, saying what each got: steps, previews.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

from websockets.asyncio.client import connect

from support.commands import environment
from support.endings import first_line


class Watchers:
    """So many pages that watch a studio."""

    def __init__(self, address: str, count: int) -> None:
        command = [sys.executable, "-m", "support.watchers", f"ws{address[4:]}/api/events", str(count)]
        here = {**environment(), "PYTHONPATH": str(Path(__file__).parents[1])}
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=here)
        assert self.process.stdout is not None
        assert first_line(self.process) == "ready\n"

    def seen(self) -> list[tuple[int, int]]:
        """What each page got until now: steps and previews. They are closed."""
        out, _ = self.process.communicate(timeout=60)
        return [(steps, previews) for steps, previews in json.loads(out)]


async def watch(address: str, count: int) -> None:
    got = [[0, 0] for _ in range(count)]

    async def page(mine: list[int], ready: asyncio.Semaphore) -> None:
        async with connect(address, max_size=None) as socket:
            ready.release()
            async for message in socket:
                if isinstance(message, bytes):
                    mine[1] += 1
                elif '"step"' in message:
                    mine[0] += 1

    ready = asyncio.Semaphore(0)
    tasks = [asyncio.create_task(page(mine, ready)) for mine in got]
    for _ in tasks:
        await ready.acquire()
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    print(json.dumps(got), flush=True)
    for task in tasks:
        task.cancel()


if __name__ == "__main__":
    asyncio.run(watch(sys.argv[1], int(sys.argv[2])))
