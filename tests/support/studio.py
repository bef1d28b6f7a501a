"""A studio that runs, and somebody who uses it: everything by HTTP, as a page or a script does."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2 as httpx
import psutil
import pytest
from websockets.sync.client import ClientConnection, connect

from support.commands import environment, interrupted
from support.endings import GONE, first_line

#: Seconds until a studio answers, and until a job is over, on a machine that does much else.
START, JOB = 90.0, 240.0
OVER = ("done", "stopped", "failed", "cancelled")


class User:
    """Uses a studio."""

    def __init__(self, address: str, **more: Any) -> None:
        self.address = address
        self.http = httpx.Client(base_url=address, timeout=60.0, **more)

    def close(self) -> None:
        self.http.close()

    def give(self, data: bytes, name: str = "photo.png") -> dict[str, Any]:
        answer = self.http.put("/api/photos", content=data, headers={"X-File-Name": quote(name)})
        assert answer.status_code == 201, answer.text
        return answer.json()

    def ask(self, **wish: Any) -> str:
        answer = self.http.post("/api/jobs", json=wish)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def get(self, path: str, **query: Any) -> Any:
        answer = self.http.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, **body: Any) -> Any:
        answer = self.http.post(path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def job(self, id: str) -> dict[str, Any]:
        return dict(self.get(f"/api/jobs/{id}"))

    def wait(
        self, id: str, until: Callable[[dict[str, Any]], bool] | None = None, seconds: float = JOB
    ) -> dict[str, Any]:
        """A job as soon as it is over, or as it is wanted."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            job = self.job(id)
            if job["state"] in OVER or (until is not None and until(job)):
                return job
            time.sleep(0.05)
        raise AssertionError(f"job {id} is not over in {seconds} s: {self.job(id)}")

    def made(self, id: str) -> bytes:
        """The bytes of what a job made."""
        answer = self.http.get(f"/api/jobs/{id}/result")
        assert answer.status_code == 200, answer.text
        return answer.content

    @contextmanager
    def events(self) -> Iterator[Events]:
        address = self.address.replace("http", "ws", 1) + "/api/events"
        with connect(address, max_size=None) as socket:
            yield Events(socket)


class Events:
    """What a page hears."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    def next(self, seconds: float = JOB) -> tuple[dict[str, Any], bytes]:
        """An event, or a preview with its bytes."""
        message = self.socket.recv(timeout=seconds)
        if isinstance(message, str):
            return json.loads(message), b""
        (length,) = struct.unpack(">I", message[:4])
        return json.loads(message[4 : 4 + length]), message[4 + length :]

    def until(self, *types: str, **fields: Any) -> dict[str, Any]:
        """The next event of one of these types, with these fields."""
        end = time.monotonic() + JOB
        while True:
            event, _ = self.next(max(0.01, end - time.monotonic()))
            if event["type"] in types and all(event.get(n) == v for n, v in fields.items()):
                return event


class RunningStudio:
    """A studio in a process of its own."""

    def __init__(self, data: Path, *options: str, log: Path | None = None) -> None:
        self.data = data
        command = [sys.executable, "-m", "reverie", "studio", "--no-open", "--offline", "--data", str(data)]
        command += [] if "--port" in options else ["--port", "0"]
        self._log = (log or data.parent / f"{data.name}.log").open("ab")
        self.process = subprocess.Popen(
            [*command, *options],
            stdout=subprocess.PIPE,
            stderr=self._log,
            env={**environment(), "OMP_NUM_THREADS": "1"},
        )
        assert self.process.stdout is not None
        line = first_line(self.process).decode().strip()
        if not line:
            raise AssertionError(f"no studio: {Path(self._log.name).read_text()[-2000:]}")
        self.link = line
        self.address = line.split("?")[0].rstrip("/")

    def user(self, **more: Any) -> User:
        return User(self.address, **more)

    def ready(self) -> None:
        """Wait until a worker has loaded the network, and could begin a job."""
        end, user = time.monotonic() + JOB, self.user()
        with closing(user):
            while user.http.get("/api/layers", timeout=90).status_code != 200:
                assert time.monotonic() < end, f"no worker in {JOB:g} s"

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children()

    def workers(self) -> list[psutil.Process]:
        found = []
        for child in self.children():
            with suppress(psutil.NoSuchProcess):  # it ends just now
                if any("worker.child" in word for word in child.cmdline()):
                    found.append(child)
        return found

    def kill(self) -> None:
        """As a power cut does."""
        self.process.kill()
        self.process.wait(GONE)
        self._log.close()

    def stop(self) -> int:
        """As Ctrl-C does; the exit code."""
        code = interrupted(self.process)
        self._log.close()
        return code


@contextmanager
def studio(data: Path, *options: str) -> Iterator[RunningStudio]:
    running = RunningStudio(data, *options)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.stop()


def studio_fixture() -> Any:
    """A fixture: a studio that runs while a file of tests does."""

    @pytest.fixture(scope="module")
    def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStudio]:
        with studio(tmp_path_factory.mktemp("studio") / "data") as one:
            yield one

    return running


def given(running: RunningStudio, photo: Path) -> dict[str, Any]:
    """A photograph that is there, as the studio tells of it."""
    user = running.user()
    try:
        return user.give(photo.read_bytes(), photo.name)
    finally:
        user.close()
