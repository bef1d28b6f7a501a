"""A show that runs in a process of its own, with recorded frames in the place of a dream."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2 as httpx
import psutil

from support.commands import environment

#: Seconds until a show answers on a machine that does much else, and until anything has come about.
START, PATIENCE = 90.0, 60.0
#: A show without pages: the server's own part, its children, and nothing of the crowd's. Its port is printed.
SERVER = """
import asyncio, json, sys
from pathlib import Path
from reverie.live.app import make_app
from reverie.live.room import RoomPlan, ShowRoom
from reverie.live.show import Show
from reverie.web.addresses import addresses
from reverie.web.door import Open
from reverie.web.serving import bound, make_server

given = json.loads(sys.argv[1])
show = Show(**given["show"])
data = Path(given["data"])
plan = RoomPlan(show, data, given["ring"], rtmp=given.get("rtmp"), dreamer=given["dreamer"], words=tuple(given["words"]))
room = ShowRoom(plan)
listener = bound("127.0.0.1", 0)
port = listener.getsockname()[1]
ours = addresses("127.0.0.1", port)
server = make_server(make_app(room, ours, Open()), ours)
print(port, flush=True)
asyncio.run(server.serve(sockets=[listener]))
"""
RECORDED = "reverie.live.dreamer.recorded"


class RunningShow:
    """The process, and what can be asked of it."""

    def __init__(
        self,
        data: Path,
        *,
        size: tuple[int, int] = (128, 72),
        rtmp: str | None = None,
        film: Path | None = None,
        **show: Any,
    ) -> None:
        data.mkdir(parents=True, exist_ok=True)
        self.data = data
        words = ["--film", str(film)] if film else []
        given = {
            "show": {"size": size, **{k: str(v) if isinstance(v, Path) else v for k, v in show.items()}},
            "data": str(data),
            "ring": f"test-{os.getpid()}-{abs(hash(str(data))) % 10**8}",
            "rtmp": rtmp,
            "dreamer": RECORDED,
            "words": words,
        }
        self.log = data / "log.txt"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", SERVER, json.dumps(given)],
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment(),
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(f"no show: {self.log.read_text()[-2000:]}")
        self.port = int(line)
        self.address = f"http://127.0.0.1:{self.port}"
        self.http = httpx.Client(base_url=self.address, timeout=30)
        self.until(lambda found: True, seconds=START)

    def health(self) -> dict[str, Any]:
        """What ``/health`` says; nothing while the server does not answer."""
        try:
            return dict(self.http.get("/health").json())
        except httpx.HTTPError:
            return {}

    def until(self, condition: Any, *, seconds: float = PATIENCE) -> dict[str, Any]:
        """What ``/health`` says as soon as a condition holds of it."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = self.health()
            if found and condition(found):
                return found
            time.sleep(0.05)
        raise AssertionError(f"not in {seconds} s: {found}; {self.log.read_text()[-3000:]}")

    def on_air(self) -> dict[str, Any]:
        """As soon as frames are encoded."""
        return self.until(lambda found: found["status"] == "ok" and found["frames_encoded"] > 5)

    def child(self, name: str) -> psutil.Process:
        """The child that runs a module whose name ends so."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            for one in psutil.Process(self.process.pid).children():
                try:
                    if any(word.endswith(name) for word in one.cmdline()):
                        return one
                except psutil.Error:
                    continue
            time.sleep(0.05)
        raise AssertionError(f"no {name}")

    def stop(self) -> int:
        """As Ctrl-C does; the exit code."""
        self.http.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            code = self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


@contextmanager
def live_show(data: Path, **more: Any) -> Iterator[RunningShow]:
    running = RunningShow(data, **more)
    try:
        yield running
    finally:
        running.stop()
