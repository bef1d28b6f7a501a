"""A whole show with its pages, and browsers before them; recorded frames in the place of a dream."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any

import httpx2 as httpx
import numpy as np
import pytest
from fastapi import FastAPI
from numpy.typing import NDArray

from reverie.live.crowd.crowd import Crowd
from reverie.live.dreamer.protocol import Order, ShowCount
from reverie.live.lobby import Lobby
from reverie.live.routes import ROUTERS
from reverie.live.routes.pages import PAGES
from reverie.live.show import Hours, Show
from reverie.live.topics import Topics
from reverie.web.addresses import Addresses, addresses
from reverie.web.answers import tell_errors
from reverie.web.door import App, Door
from reverie.web.page_files import serve_files
from reverie.web.serving import bound, make_server
from support import browser
from support.browser import Browser
from support.commands import environment
from support.endings import end, first_line

#: Tests of pages are for machines with a browser.
needs_browser = pytest.mark.skipif(bool(browser.missing()), reason=browser.missing())
#: Seconds until anything has come about on a machine that does much else.
PATIENCE = 60.0
#: The verb's own server; its addresses are printed.
SERVER = """
import json, sys
from pathlib import Path
from reverie.live.serve import serve
from reverie.live.settings import LiveSettings
from reverie.live.show import Show

given = json.loads(sys.argv[1])
more = {"describe": Path(given["describe"])} if given["describe"] else {}
settings = LiveSettings(
    show=Show(**given["show"]), data=Path(given["data"]), port=given["port"],
    dreamer="reverie.live.dreamer.recorded", words=tuple(given["words"]), **more,
)
say = lambda words: print(words, flush=True)
serve(settings, opens=False, ready=say, note=say)
"""


class FakeRoom:
    """A show without a picture."""

    def __init__(self, data: Path, **show: Any) -> None:
        self.show = Show(**{"playlist": (Hours(topics=("jellyfish", "castle")),), **show})
        self.crowd = Crowd(self.show, Topics.of("lite0"), secret="s")
        self.data, self.token, self.viewers, self.ready = data, "the-moderators-own-token", 3, True
        self.listeners: list[Callable[[], None]] = []
        self.orders: list[Order] = []
        self.woken = 0
        self.counts: ShowCount | None = None

    def order(self, order: Order, /) -> None:
        self.orders.append(order)

    def wake(self) -> None:
        self.woken += 1

    def newest(self) -> NDArray[np.uint8] | None:
        return np.full((72, 128, 3), 90, np.uint8)

    async def turn(self) -> None:
        """What is next, as the show's own room asks."""
        while True:
            if self.crowd.next_topics(time.time()) is not None:
                for listener in self.listeners:
                    listener()
            await asyncio.sleep(0.02)


class Alone:
    """The pages and their server alone, in a thread; nothing is dreamt."""

    def __init__(self, data: Path, **show: Any) -> None:
        self.room = FakeRoom(data, **show)
        listener = bound("127.0.0.1", 0)
        port = listener.getsockname()[1]
        self.address = f"http://127.0.0.1:{port}"
        self.lobby = Lobby(self.room, self.address)
        self.stage, self.moderator, self.overlay = (
            self.lobby.link(r) for r in ("stage", "moderator", "overlay")
        )
        self._people: list[Visitor] = []
        ours = addresses("127.0.0.1", port)
        self._server = make_server(self._app(ours), ours)
        self._thread = threading.Thread(target=self._server.run, args=([listener],), daemon=True)
        self._thread.start()
        until(lambda: self._server.started)

    def _app(self, ours: Addresses) -> App:
        @asynccontextmanager
        async def lifespan(app: FastAPI) -> AsyncIterator[None]:
            self.loop = asyncio.get_running_loop()
            tasks = [asyncio.create_task(one()) for one in (self.room.turn, self.lobby.run)]
            yield
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        app = FastAPI(lifespan=lifespan, openapi_url=None)
        app.state.lobby = self.lobby
        for router in ROUTERS:
            app.include_router(router)
        tell_errors(app)
        serve_files(app, PAGES)
        gate = self.lobby.gate
        return Door(app, ours, gate, headers=gate.headers, guest=gate.guest)

    def visitor(self, role_link: str = "") -> Visitor:
        """Somebody new."""
        self._people.append(Visitor(self.address, role_link))
        return self._people[-1]

    def cut_off(self) -> None:
        """Every page's connection breaks, on this side."""

        def cut() -> None:
            for watcher in self.lobby._watchers:
                watcher.sight = []  # type: ignore[assignment]  # of which nothing can be told
                watcher.call()

        self.loop.call_soon_threadsafe(cut)

    def close(self) -> None:
        for one in self._people:
            one.http.close()
        self._server.should_exit = True
        self._thread.join(PATIENCE)


def pages_alone(data: Path, **show: Any) -> closing[Alone]:
    """The pages without a picture, until the end of the block."""
    return closing(Alone(data, **show))


class Visitor:
    """Somebody with a browser of their own, without a window: cookies and calls."""

    def __init__(self, address: str, role_link: str = "") -> None:
        self.http = httpx.Client(base_url=address, timeout=PATIENCE)
        if role_link:
            self.http.get(role_link)
        assert self.http.get("/").status_code == 200

    def post(self, path: str, **body: Any) -> Any:
        answer = self.http.post(path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def wish(self, text: str) -> Any:
        return self.post("/api/wishes", text=text)

    def show(self) -> Any:
        return self.http.get("/api/show").json()


class Pages:
    """A show that runs, and its addresses."""

    def __init__(self, data: Path, words: tuple[str, ...], describe: Path | None, **show: Any) -> None:
        data.mkdir(parents=True, exist_ok=True)
        given = {"show": {"size": (128, 72), **show}, "data": str(data), "words": words}
        given["describe"] = str(describe) if describe else ""
        with socket.socket() as probe:  # the same port after a restart, for pages that are open
            probe.bind(("127.0.0.1", 0))
            given["port"] = probe.getsockname()[1]
        self.data, self.log = data, data / "errors.txt"
        self._given, self._people = given, list[Visitor]()
        self.begin()

    def begin(self) -> None:
        """Begin it, or begin it again."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", SERVER, json.dumps(self._given)],
                stdout=subprocess.PIPE, stderr=log, env=environment(), text=True,
            )  # fmt: skip
        assert self.process.stdout is not None
        self.said = [first_line(self.process) for _ in range(3)]
        assert self.said[0], self.log.read_text()[-3000:]
        links = re.findall(r"http://\S+", "".join(self.said))
        self.stage, self.moderator, self.overlay = links[:3]
        self.address = self.stage.partition("/?")[0]

    def visitor(self, role_link: str = "") -> Visitor:
        """Somebody new."""
        self._people.append(Visitor(self.address, role_link))
        return self._people[-1]

    def end(self) -> None:
        """End it in good order."""
        for one in self._people:
            one.http.close()
        self._people.clear()
        end(self.process, signal.SIGINT, PATIENCE)


@contextmanager
def live_pages(
    data: Path, *, words: tuple[str, ...] = (), describe: Path | None = None, **show: Any
) -> Iterator[Pages]:
    """A show that runs until the end of the block."""
    pages = Pages(data, words, describe, **show)
    try:
        yield pages
    finally:
        pages.end()


def until(found: Callable[[], Any], *, seconds: float = PATIENCE) -> Any:
    """What a function gives as soon as that is something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := found():
            return value
        time.sleep(0.1)
    raise AssertionError("it never came about")


@contextmanager
def before(address: str, **size: Any) -> Iterator[Browser]:
    """A browser before a page."""
    with Browser(**size) as window:
        window.goto(address)
        yield window


def fixture_before(role: str, size: tuple[int, int], there: str) -> Any:
    """A fixture: a window of this size before the page of a role of the show, once something is there."""

    @pytest.fixture(scope="module")
    def window(show: Alone) -> Iterator[Browser]:
        with before(getattr(show, role)) as one:
            one.resize(*size)
            one.wait_for(f"document.querySelector('{there}')")
            yield one

    return window
