"""The studio's page in a browser: from a server that really runs, or its modules alone."""

from __future__ import annotations

import base64
import functools
import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from reverie.studio.app import PAGE
from reverie.web.page_files import VENDOR
from support import browser
from support.browser import Browser
from support.endings import join
from support.studio import studio

#: Tests of the page are for machines with a browser.
needs_browser = pytest.mark.skipif(bool(browser.missing()), reason=browser.missing())
#: Settings of a dream that takes a second or two, and of one that is never over before it is stopped.
QUICK = {"max_size": 96, "steps": [4]}
ENDLESS = {"max_size": 256, "octaves": 1, "steps": [10_000]}
#: Seconds that the page may take to show something, and a job to be over, on a machine that does much else.
SHOWN, MADE = 150.0, 300.0
OVER = ("done", "stopped", "failed", "cancelled")


@contextmanager
def modules() -> Iterator[str]:
    """The page's files on a plain server, for tests of one module; its address."""
    handler = functools.partial(_Quiet, directory=str(PAGE))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        join(thread)
        server.server_close()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass

    def translate_path(self, path: str) -> str:
        if path.startswith(("/vendor/", "/shared/")):
            return f"{Path(VENDOR).parent}{path}"
        return super().translate_path(path)


@contextmanager
def module_browser() -> Iterator[Browser]:
    """A browser on an empty page from which modules can be imported."""
    with modules() as address, Browser() as window:
        window.goto(f"{address}/icon.svg")
        yield window


def call(window: Browser, module: str, body: str, *arguments: Any) -> Any:
    """What a function body returns, which knows the module's exports as ``it``."""
    script = f"const given = [...arguments]; return import('/{module}').then((it) => {{ {body} }});"
    return window.run(script, *arguments)


class Page:
    """A browser on a studio, with what people do there as methods."""

    def __init__(self, window: Browser, address: str) -> None:
        self.window, self.address = window, address

    def open(self, view: str = "dream", *, fresh: bool = True, drafts: dict[str, Any] | None = None) -> None:
        """Come to a tab, as somebody who was never here unless told otherwise."""
        if fresh:
            kept = {kind: {"changes": changes} for kind, changes in (drafts or {}).items()}
            self.window.goto(f"{self.address}/static/icon.svg")
            self.window.run(
                "localStorage.clear(); localStorage.setItem('reverie.drafts', arguments[0])", json.dumps(kept)
            )
        self.window.goto(f"{self.address}/static/icon.svg")
        self.window.goto(f"{self.address}/#{view}")
        self.window.wait_for("document.querySelector('#main > *')")

    def go(self, view: str) -> None:
        """Go to another tab."""
        self.window.run("location.hash = arguments[0]", view)
        self.sees(f"document.querySelector('nav [aria-current]')?.hash === '#{view}'")

    def drop(self, path: Path) -> None:
        """Let go of a file over the page."""
        self.window.run(
            "const [data, name] = arguments;"
            "const bytes = Uint8Array.from(atob(data), (one) => one.charCodeAt(0));"
            "const given = new DataTransfer(); given.items.add(new File([bytes], name));"
            "for (const type of ['dragenter', 'dragover', 'drop'])"
            "  document.body.dispatchEvent("
            "    new DragEvent(type, {dataTransfer: given, bubbles: true, cancelable: true}));",
            base64.b64encode(path.read_bytes()).decode(),
            path.name,
        )

    def chooses_class(self, name: str) -> None:
        """Find a class by its name, and choose it."""
        self.window.press("/")
        self.window.type(name)
        self.sees(
            f"[...document.querySelectorAll('.name-row .name')].some((one) => one.textContent === {name!r})"
        )
        self.window.click(".name-row", says=name)

    def sees(self, condition: str, *, seconds: float = SHOWN) -> None:
        """Wait until a selector finds something, or an expression holds.

        What is waited for has to stay once it is there: a fast machine is past all else before anybody looks.
        """
        test = condition if "document." in condition else f"document.querySelector({condition!r})"
        self._until(lambda: bool(self.window.run(f"return Boolean({test})")), seconds, f"{condition} is seen")

    def _until(self, holds: Callable[[], bool], seconds: float, what: str) -> None:
        """Look again and again, each time shortly, so that no single question takes long."""
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end, f"not within {seconds:g} s: {what}"
            time.sleep(0.03)

    def jobs(self) -> dict[str, dict[str, Any]]:
        """All jobs that the server tells of, by id, the latest first."""
        told = self.get("/api/jobs")
        jobs = [*told["running"], *told["waiting"], *told["recent"]]
        return {job["id"]: job for job in sorted(jobs, key=lambda job: -job["created"])}

    def asks(self, act: Callable[[], object], count: int = 1) -> list[str]:
        """The ids of the jobs that something asks for, as soon as there are so many, the first first."""
        before = self.jobs()
        act()

        def new() -> list[str]:
            return [id for id in self.jobs() if id not in before][::-1]

        self._until(lambda: len(new()) >= count, SHOWN, f"{count} jobs are asked for")
        return new()

    def until(self, holds: Callable[[], bool], what: str = "what the server tells") -> None:
        """Wait until something holds of what the server tells."""
        self._until(holds, SHOWN, what)

    def steered(self, id: str) -> list[dict[str, Any]]:
        """How a running job was steered, once it was."""
        self.until(lambda: bool(self.get(f"/api/jobs/{id}")["steered"]), f"job {id} is steered")
        return list(self.get(f"/api/jobs/{id}")["steered"])

    def comes_to(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first job that is done and is as it is wanted."""
        found: list[dict[str, Any]] = []

        def look() -> bool:
            found.extend(job for job in self.jobs().values() if job["state"] == "done" and wanted(job))
            return bool(found)

        self._until(look, MADE, "a job that is as it is wanted")
        return found[0]

    def over(self, id: str, *, seconds: float = MADE) -> dict[str, Any]:
        """A job, as soon as the server says that it is over."""
        self._until(lambda: self.get(f"/api/jobs/{id}")["state"] in OVER, seconds, f"job {id} is over")
        return dict(self.get(f"/api/jobs/{id}"))

    def makes(self, act: Callable[[], object], state: str = "done") -> dict[str, Any]:
        """The job that something asks for, once it has ended so and its picture is seen."""
        (id,) = self.asks(act)
        return self.made(id, state)

    def made(self, id: str, state: str = "done") -> dict[str, Any]:
        """A job, once it has ended so and the page shows its picture."""
        job = self.over(id)
        assert job["state"] == state, job
        self.shows(job["picture"])
        return job

    def made_film(self, id: str, state: str = "done") -> dict[str, Any]:
        """A zoom or a film, once it has ended so and plays on the page."""
        job = self.over(id)
        assert job["state"] == state, job
        self.sees(f"document.querySelector('video[src*={json.dumps(job['picture'])}]')?.readyState > 0")
        return job

    def shows(self, picture: str) -> None:
        """Wait until a picture is on the stage, and what can be done with it beneath."""
        self.sees(
            f"document.querySelector('.stage .layer[src*={json.dumps(picture)}]')"
            " && document.querySelector('.under .act')"
        )

    def done(self) -> str:
        """Wait for whatever picture the tab comes to; its id."""
        self.sees("document.querySelector('.under .act') && document.querySelector('img.result')?.complete")
        return str(
            self.window.run("return document.querySelector('img.result').src.match(/pictures\\/([^?/]+)/)[1]")
        )

    def dreams(self, act: Callable[[], object]) -> str:
        """The job that something asks for, once three of its pictures were seen; it has to be endless."""
        (id,) = self.asks(act)
        self.sees("Number(document.querySelector('canvas.live')?.dataset.frames) > 2")
        return id

    def get(self, path: str) -> Any:
        """What the server says, asked by the page."""
        return self.window.run("return fetch(arguments[0]).then((answer) => answer.json())", path)

    def errors(self) -> list[str]:
        """What the console complained of; a picture alone has no icon, which is no fault of the page."""
        return [one for one in self.window.errors() if "/favicon.ico" not in one]

    def focused(self) -> str:
        """The name of what has the keyboard."""
        return str(
            self.window.run(
                "const one = document.activeElement;"
                "return one.getAttribute('aria-label') ?? (one.labels?.[0] ?? one).textContent.trim()"
            )
        )


def garden(path: Path) -> Path:
    """A small photograph with something in it."""
    rng = np.random.default_rng(3)
    small = Image.fromarray(rng.integers(0, 256, (6, 9, 3), dtype=np.uint8))
    small.resize((144, 96), Image.Resampling.BICUBIC).save(path)
    return path


@contextmanager
def at_studio(folder: Path, drafts: dict[str, Any]) -> Iterator[Page]:
    """The page of a studio that runs, with a data folder in ``folder`` and these wishes begun."""
    with studio(folder / "data") as running, Browser(width=1280, height=860) as window:
        running.ready()
        page = Page(window, running.address)
        page.open(drafts=drafts)
        yield page
