"""Measure a live show between the dream and those who watch: ``python -m benchmarks.live_air [PART...]``.

Parts: viewers, delay, stream (all of them if none is named). Frames are recorded ones, not dreamt. On a
machine that does other things too, core-ms mean what they say, frames a second and delays do not.

viewers  200 browsers on this machine over WebSocket, of which one stalls: what each gets, and what it costs.
delay    from the frame in memory to the page that shows it, in Chromium, by WebCodecs and by MSE.
stream   RTMP to nginx on this machine: what is recorded there, and what becomes of the show meanwhile.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

SIZE = [1024, 576]
SERVER = """
import sys
from pathlib import Path
from reverie.live.serve import serve
from reverie.live.settings import LiveSettings
from reverie.live.show import Show

width, height, data, rtmp = sys.argv[1:]
show = Show(size=(int(width), int(height)), hold=3600)
settings = LiveSettings(show, Path(data), port=0, rtmp=rtmp or None, dreamer="benchmarks.live_source")
serve(settings, opens=False, ready=lambda url: print(url, flush=True), note=lambda text: None)
"""


class Measured:
    """A show in a process of its own."""

    def __init__(self, data: Path, rtmp: str = "") -> None:
        import httpx2

        words = [*map(str, SIZE), str(data), rtmp]
        self.log = (data / "log.txt").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVER, *words], stdout=subprocess.PIPE, stderr=self.log, text=True
        )
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().split("?")[0].strip().rstrip("/")
        self.http = httpx2.Client(base_url=self.address, timeout=60)
        self.until(lambda found: found["frames_encoded"] > 50)

    def health(self) -> dict[str, Any]:
        return dict(self.http.get("/health").json())

    def until(self, condition: Any, seconds: float = 90) -> float:
        """Seconds until a condition holds of what ``/health`` says."""
        began = time.monotonic()
        while not condition(self.health()):
            if time.monotonic() - began > seconds:
                raise RuntimeError(f"not in {seconds} s: {self.health()}")
            time.sleep(0.05)
        return time.monotonic() - began

    def cpu(self) -> dict[str, float]:
        """Core-seconds of the server, and of each child by what it runs."""
        server = psutil.Process(self.process.pid)
        found = {"server": sum(server.cpu_times()[:2])}
        for child in server.children():
            name = next((w.rpartition(".")[2] for w in child.cmdline() if "." in w and "/" not in w), "?")
            found[name] = sum(child.cpu_times()[:2])
        return found

    def memory(self) -> float:
        """MB of the server."""
        return float(psutil.Process(self.process.pid).memory_info().rss / 1e6)


@contextmanager
def show(rtmp: str = "") -> Iterator[Measured]:
    with tempfile.TemporaryDirectory() as folder:
        running = Measured(Path(folder), rtmp)
        try:
            yield running
        finally:
            running.process.send_signal(signal.SIGINT)
            running.process.wait(30)
            running.log.close()


# -- viewers ----------------------------------------------------------------------------------------------


class Watching(asyncio.Protocol):
    """A browser as far as it costs little: it counts the messages of a WebSocket."""

    def __init__(self, host: str, stalls: bool) -> None:
        self._host, self._stalls = host, stalls
        self._skip, self._head, self._ready = 0, b"", False
        self.frames = self.bytes = 0

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        lines = [
            "GET /api/stream HTTP/1.1",
            f"Host: {self._host}",
            f"Origin: http://{self._host}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version: 13",
        ]
        transport.write(("\r\n".join(lines) + "\r\n\r\n").encode())

    def data_received(self, data: bytes) -> None:
        self.bytes += len(data)
        if not self._ready:
            self._head += data
            if b"\r\n\r\n" not in self._head:
                return
            self._ready = True
            data, self._head = self._head.partition(b"\r\n\r\n")[2], b""
            if self._stalls:
                self._transport.pause_reading()
        while data:
            if self._skip:
                passed = min(self._skip, len(data))
                self._skip -= passed
                data = data[passed:]
                if not self._skip:
                    self.frames += 1
                continue
            self._head += data
            short = self._head[1] & 127 if len(self._head) > 1 else 0
            size = 2 + {126: 2, 127: 8}.get(short, 0)
            if len(self._head) < size:
                return
            self._skip = int.from_bytes(self._head[2:size], "big") if size > 2 else short
            data, self._head = self._head[size:], b""


async def watch(address: str, count: int, stalling: int, seconds: float) -> None:
    """Print how many frames each of so many viewers got in a time."""
    host = address.removeprefix("http://")
    name, _, port = host.partition(":")
    loop, all_ = asyncio.get_running_loop(), []
    for number in range(count + stalling):
        made = Watching(host, number >= count)
        await loop.create_connection(lambda made=made: made, name, int(port))
        all_.append(made)
        await asyncio.sleep(0.005)
    await asyncio.sleep(3)
    print("ready", flush=True)
    sys.stdin.readline()
    before, began = [one.frames for one in all_], time.monotonic()
    await asyncio.sleep(seconds)
    took = time.monotonic() - began
    got = [(one.frames - b) / took for one, b in zip(all_, before, strict=True)]
    print(json.dumps(got[:count]))


def viewers(given: argparse.Namespace) -> None:
    """Must each get 24.5 frames a second, for 15 core-ms a frame for all of them."""
    with show() as running:
        print(f"{'viewers':>8} {'frames/s':>9} {'least':>6} {'core-ms a frame':>16} {'MB':>6}")
        for count in (0, 1, 50, given.count):
            words = ["watchers", "--address", running.address, "--seconds", str(given.seconds)]
            clients = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.live_air", *words, "--count", str(count)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            assert clients.stdout is not None
            assert clients.stdin is not None
            clients.stdout.readline()
            frames, cpu = running.health()["frames_encoded"], running.cpu()
            clients.stdin.write("go\n")
            clients.stdin.flush()
            got = json.loads(clients.stdout.readline())
            after, done = running.cpu(), running.health()["frames_encoded"] - frames
            clients.wait()
            ms = {name: 1000 * (after[name] - cpu[name]) / done for name in cpu if name in after}
            middle, least = (statistics.median(got), min(got)) if got else (0.0, 0.0)
            print(
                f"{count:8} {middle:9.2f} {least:6.2f} {ms['server']:16.2f} {running.memory():6.0f}"
                f"   encoded {done / given.seconds:.2f} a second, encoder {ms.get('encoder', 0):.1f} core-ms",
                flush=True,
            )


# -- delay ------------------------------------------------------------------------------------------------

PLAY = """
const how = arguments[0], bits = 24, side = 16;
document.body.replaceChildren(document.createElement("main"));
window.late = [];
const probe = new OffscreenCanvas(bits * side, side).getContext("2d", { willReadFrequently: true });
let last = -1;
function look() {
  const shown = document.querySelector(".picture");
  if (shown && (shown.videoWidth || shown.width > 300)) {
    probe.drawImage(shown, 0, 0, bits * side, side, 0, 0, bits * side, side);
    const found = probe.getImageData(0, 0, bits * side, side).data;
    let put = 0;
    for (let bit = 0; bit < bits; bit++)
      if (found[(8 * bits * side + bit * side + 8) * 4] > 128) put |= 1 << bit;
    if (put !== last) late.push((Date.now() - put) & 0xffffff);
    last = put;
  }
  requestAnimationFrame(look);
}
return import("/static/player.js").then((player) => {
  player.play(document.querySelector("main"), { how });
  requestAnimationFrame(look);
  return true;
});
"""


def delay(given: argparse.Namespace) -> None:
    """90 of 100 frames must be shown within 150 ms by WebCodecs, within 800 ms by MSE."""
    from tests.support.browser import Browser, missing

    if why := missing():
        sys.exit(f"delay: {why}")
    with show() as running, Browser() as browser:
        for how, name in (("canvas", "WebCodecs"), ("video", "MSE")):
            browser.goto(f"{running.address}/health")
            browser.run(PLAY, how)
            time.sleep(5)
            browser.run("late.length = 0")
            time.sleep(given.seconds)
            late = sorted(browser.run("return late"))
            share = [late[int(q * (len(late) - 1))] for q in (0.5, 0.9, 0.99)]
            print(
                f"{name:>10}: {len(late) / given.seconds:5.2f} frames a second shown; "
                f"delay {share[0]} ms, of 90 in 100 {share[1]} ms, of 99 in 100 {share[2]} ms",
                flush=True,
            )


# -- stream -----------------------------------------------------------------------------------------------


def stream(given: argparse.Namespace) -> None:
    """The service absent, killed and stopped: it must be back within 10 s, and the show must not stutter."""
    from tests.support.rtmp_server import RtmpServer, missing, probed

    if why := missing():
        sys.exit(f"stream: {why}")
    with tempfile.TemporaryDirectory() as folder:
        server = RtmpServer(Path(folder) / "service")
        with show(f"{server.address}/key") as running:
            frames, cpu, began = running.health()["frames_encoded"], running.cpu(), time.monotonic()

            def back(what: str) -> None:
                took = running.until(lambda found: found["stream"]["state"] == "on")
                print(f"{what}: back {took:.1f} s after it was there", flush=True)

            time.sleep(5)
            server.start()
            back("absent at the start")
            time.sleep(given.seconds)
            server.kill()
            running.until(lambda found: found["stream"]["state"] != "on")
            time.sleep(5)
            server.start()
            back("killed")
            time.sleep(given.seconds)
            server.signal(signal.SIGSTOP)
            time.sleep(30)
            server.signal(signal.SIGCONT)
            time.sleep(0.2)
            back("stopped for 30 s")
            time.sleep(given.seconds)
            took, after = time.monotonic() - began, running.cpu()
            done = running.health()["frames_encoded"] - frames
            ms = {name: round(1000 * (after[name] - cpu.get(name, 0)) / done, 2) for name in after}
            print(f"the show meanwhile: {done / took:.2f} frames a second; core-ms a frame {ms}")
        server.end()
        for path in server.recorded():
            if path.stat().st_size > 10_000:
                print(judged(path, probed))


def judged(path: Path, probed: Any) -> str:
    """What ffprobe says of a recording, in a line."""
    streams = {one["codec_type"]: one for one in probed(path, "-show_streams")["streams"]}
    entries = ("-show_entries", "packet=pts_time,size,flags", "-select_streams", "v")
    packets = probed(path, *entries)["packets"]
    keys = [float(one["pts_time"]) for one in packets if "K" in one["flags"]]
    apart = sorted({round(b - a, 3) for a, b in itertools.pairwise(keys)})
    seconds = [0] * (int(float(packets[-1]["pts_time"])) + 1)
    for one in packets:
        seconds[int(float(one["pts_time"]))] += int(one["size"]) * 8
    whole = [sum(seconds[n : n + 10]) / 10 for n in range(0, len(seconds) - 10, 5)]
    rates = f"{min(whole) / 1e6:.3f} to {max(whole) / 1e6:.3f}" if whole else "too short for a"
    video = streams["video"]
    return (
        f"{path.stat().st_size / 1e6:.1f} MB: {video['codec_name']} {video['profile']} "
        f"{video['width']}x{video['height']}, {streams['audio']['codec_name']}; key frames {apart} s apart; "
        f"{rates} Mbit/s over 10 s"
    )


PARTS = {"viewers": viewers, "delay": delay, "stream": stream}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.live_air", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--count", type=int, default=200, help="viewers (default 200)")
    parser.add_argument("--seconds", type=float, default=20.0, help="of each measurement (default 20)")
    parser.add_argument("--size", default="1024x576", help="of the picture (default 1024x576)")
    parser.add_argument("--address", help=argparse.SUPPRESS)
    given = parser.parse_args()
    SIZE[:] = map(int, given.size.split("x"))
    if given.parts == ["watchers"]:
        asyncio.run(watch(given.address, given.count, 1, given.seconds))
        return
    for name in given.parts or PARTS:
        if name not in PARTS:
            sys.exit(f"{name}: no such part; there are {', '.join(PARTS)}")
        print(f"{name}: {PARTS[name].__doc__} ({os.cpu_count()} cores)", flush=True)
        PARTS[name](given)


if __name__ == "__main__":
    main()
