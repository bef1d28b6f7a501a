"""A show that runs in a process of its own, with recorded frames in the place of a dream."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2 as httpx
import psutil

from support.commands import environment, interrupted
from support.endings import first_line

#: Seconds until a show answers on a machine that does much else, and until anything has come about.
START, PATIENCE = 90.0, 60.0
#: The command but for its options, so that other frames than a dream's can be shown.
SERVER = """
import json, sys
from pathlib import Path
from reverie.live.serve import serve
from reverie.live.settings import LiveSettings
from reverie.live.show import Show

given = json.loads(sys.argv[1])
settings = LiveSettings(
    Show(**given["show"]),
    Path(given["data"]),
    port=given["port"],
    rtmp=sys.stdin.readline().strip() or None,
    dreamer=given["dreamer"],
    words=tuple(given["words"]),
)
try:
    serve(
        settings,
        opens=False,
        ready=lambda url: print(url, flush=True),
        note=lambda text: print(text, file=sys.stderr),
    )
except KeyboardInterrupt:
    pass
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
        port: int = 0,
        dreamer: str = RECORDED,
        **show: Any,
    ) -> None:
        data.mkdir(parents=True, exist_ok=True)
        self.data = data
        given = {
            "show": {"size": size, **{k: str(v) if isinstance(v, Path) else v for k, v in show.items()}},
            "data": str(data),
            "port": port,
            "dreamer": dreamer,
            "words": ["--film", str(film)] if film else [],
        }
        self.log = data.parent / f"{data.name}.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", SERVER, json.dumps(given)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment(),
                text=True,
            )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{rtmp or ''}\n")
        self.process.stdin.close()
        self.link = first_line(self.process).strip()
        if not self.link:
            raise AssertionError(f"no show: {self.log.read_text()[-3000:]}")
        self.address = self.link.split("?")[0].rstrip("/")
        self.port = int(self.address.rpartition(":")[2])
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
        return interrupted(self.process)


@contextmanager
def live_show(data: Path, **more: Any) -> Iterator[RunningShow]:
    running = RunningShow(data, **more)
    try:
        yield running
    finally:
        running.stop()
