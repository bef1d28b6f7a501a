"""nginx with RTMP on this machine: a service to stream to, which can be absent, stopped and killed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from support.endings import GONE

NGINX = Path("/usr/sbin/nginx")
MODULE = Path("/usr/lib/nginx/modules/ngx_rtmp_module.so")
CONFIGURATION = """
load_module {module};
user {user};
worker_processes 1; daemon off; pid nginx.pid; error_log error.log info;
events {{ worker_connections 64; }}
rtmp {{ server {{
    listen 127.0.0.1:{port}; chunk_size 4096;
    application live {{
        live on; drop_idle_publisher 20s;
        record all; record_path {folder}/recorded; record_unique on;
    }}
}} }}
"""


def missing() -> str:
    """Why there is no such server; empty if there is one."""
    if NGINX.exists() and MODULE.exists() and shutil.which("ffprobe"):
        return ""
    return "no nginx with RTMP, or no ffprobe, here; tools/live_servers.sh and tools/ffmpeg.sh install them"


#: What stands before it for TLS, in a process of its own: who streams may hold Python meanwhile.
FRONT = """
import asyncio, ssl, sys

async def passed_on(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    writer.close()

async def meet(reader, writer):
    inner, outer = await asyncio.open_connection("127.0.0.1", int(sys.argv[1]))
    await asyncio.gather(passed_on(reader, outer), passed_on(inner, writer))

async def main():
    safe = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    safe.load_cert_chain(sys.argv[2])
    server = await asyncio.start_server(meet, "127.0.0.1", 0, ssl=safe)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(main())
"""


class RtmpServer:
    """One, with a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "recorded").mkdir(parents=True)
        (folder / "recorded").chmod(0o777)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        user = "root" if os.getuid() == 0 else psutil.Process().username()
        text = CONFIGURATION.format(module=MODULE, user=user, port=self.port, folder=folder)
        (folder / "nginx.conf").write_text(text)
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"rtmp://127.0.0.1:{self.port}/live"

    def start(self) -> None:
        """Begin, and wait until it can be connected to."""
        self.process = subprocess.Popen(
            [str(NGINX), "-p", str(self.folder), "-c", str(self.folder / "nginx.conf")],
            stderr=subprocess.DEVNULL,
        )
        end = time.monotonic() + 20
        while time.monotonic() < end:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.05)
        raise AssertionError((self.folder / "error.log").read_text())

    @contextmanager
    def behind_tls(self, certificate: Path) -> Iterator[str]:
        """Its address by TLS, with a certificate and its key."""
        words = [sys.executable, "-c", FRONT, str(self.port), str(certificate)]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as front:
            assert front.stdout is not None
            try:
                yield f"rtmps://127.0.0.1:{int(front.stdout.readline())}/live"
            finally:
                front.kill()

    def signal(self, number: int) -> None:
        """To the server and its worker."""
        assert self.process is not None
        top = psutil.Process(self.process.pid)
        for one in [top, *top.children()]:
            one.send_signal(number)

    def kill(self) -> None:
        """As kill -9 does, all of it."""
        if self.process is not None and self.process.poll() is None:
            self.signal(signal.SIGKILL)
            self.process.wait(GONE)

    def end(self) -> None:
        """In good order, so that what it recorded is whole."""
        if self.process is not None and self.process.poll() is None:
            self.signal(signal.SIGCONT)
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.kill()

    def recorded(self) -> list[Path]:
        """What was streamed to it, a file a connection, in order."""
        return sorted((self.folder / "recorded").glob("*.flv"), key=lambda one: one.stat().st_mtime)


def probed(path: Path, *words: str) -> dict[str, Any]:
    """What ffprobe says of a file."""
    command = ["ffprobe", "-v", "error", "-of", "json", *words, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    return dict(json.loads(done.stdout))
