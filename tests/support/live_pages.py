"""A whole show with its pages, and browsers before them; recorded frames in the place of a dream."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from support import browser
from support.browser import Browser
from support.commands import environment

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
    show=Show(**given["show"]), data=Path(given["data"]), port=0,
    dreamer="reverie.live.dreamer.recorded", words=tuple(given["words"]), **more,
)
say = lambda words: print(words, flush=True)
serve(settings, opens=False, ready=say, note=say)
"""


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
        self.said = [self.process.stdout.readline() for _ in range(3)]
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
        self.process.terminate()
        assert self.process.wait(PATIENCE) in (0, -15)
        assert self.process.stdout is not None
        self.process.stdout.close()


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
