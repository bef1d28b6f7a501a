"""A headless Chromium for tests, over the W3C WebDriver protocol (https://www.w3.org/TR/webdriver2/)."""

from __future__ import annotations

import base64
import http.client
import importlib.metadata
import json
import re
import shutil
import subprocess
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from support.endings import end, line_of

#: Seconds until what is to be pressed is there.
PATIENCE = 5.0
#: Seconds that the driver has to begin, that it may take to begin a browser, to answer, and to end one.
BEGINS, OPENS, ANSWERS, ENDS = 30.0, 60.0, 30.0, 10.0
#: Milliseconds after which the browser itself gives up a script, or a page that does not come.
GIVES_UP = 25_000
#: Seconds for which a script waits at most: longer waits are several.
WAITS = 5.0
#: What a key is called in the protocol (WebDriver, 17.4.2).
KEYS = {
    "ArrowLeft": "\ue012",
    "ArrowUp": "\ue013",
    "ArrowRight": "\ue014",
    "ArrowDown": "\ue015",
    "Enter": "\ue007",
    "Escape": "\ue00c",
    "Tab": "\ue004",
    "Backspace": "\ue003",
    "Home": "\ue011",
    "End": "\ue010",
    "Delete": "\ue017",
    "Space": " ",
}
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--hide-scrollbars",
)


def missing() -> str:
    """Why there is no browser to test with; empty if there is one."""
    absent = [n for n in ("chromium", "chromedriver") if not shutil.which(n)]
    return f"no {' and no '.join(absent)} here; on Debian: apt-get install chromium chromium-driver" * bool(
        absent
    )


def axe_source() -> str:
    """The accessibility checker's script, from the package that carries it."""
    (path,) = (p for p in importlib.metadata.files("axe-playwright-python") or [] if p.name == "axe.min.js")
    return Path(str(path.locate())).read_text("utf-8")


class BrowserStoodStill(Exception):
    """A browser, or its driver, did not begin or did not answer in time."""


class Browser:
    """One window; ``with Browser() as browser``. Network beyond this machine is not reachable from it.

    One that stands still is ended, and the question after that goes to a fresh one, at the same address.
    """

    def __init__(self, *, width: int = 1200, height: int = 900, dark: bool = False) -> None:
        self._size = width, height
        self._dark = dark
        self._driver: subprocess.Popen[str] | None = None
        self._session = self._at = ""

    def __enter__(self) -> Browser:
        self._begin()
        return self

    def __exit__(self, *_: object) -> None:
        if self._driver is not None:
            with suppress(BrowserStoodStill, RuntimeError):
                self._ask("DELETE", self._session, seconds=ENDS)
        self._end()

    def _begin(self) -> None:
        """A driver, and a browser; both are ended where one does not come."""
        self._profile = tempfile.mkdtemp(prefix="reverie-browser-")
        self._driver = subprocess.Popen(
            ["chromedriver", "--port=0"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,  # so that all that it begins is known
        )
        try:
            self._port = self._port_of(self._driver)
            answer = self._ask("POST", "/session", {"capabilities": self._wanted()}, seconds=OPENS)
        except BaseException:
            self._end()
            raise
        self._session = f"/session/{answer['sessionId']}"
        if self._dark:
            features = [{"name": "prefers-color-scheme", "value": "dark"}]
            self.devtools("Emulation.setEmulatedMedia", {"features": features})
        if self._at:
            self.goto(self._at)

    def _port_of(self, driver: subprocess.Popen[str]) -> int:
        """Where the driver listens, as it says."""
        end = time.monotonic() + BEGINS
        while (left := end - time.monotonic()) > 0:
            try:
                line = line_of(driver.stdout, left)
            except AssertionError:
                break
            if found := re.search(r"started successfully on port (\d+)", line):
                return int(found[1])
            if not line:
                raise BrowserStoodStill(f"chromedriver ended with {driver.wait(ENDS)}")
        raise BrowserStoodStill(f"chromedriver did not begin within {BEGINS:g} s")

    def _wanted(self) -> dict[str, Any]:
        """What the browser is to be like, for the driver."""
        # A proxy that is not there: a page that asks for anything from elsewhere fails, and says so.
        arguments = [
            *FLAGS,
            f"--window-size={self._size[0]},{self._size[1]}",
            f"--user-data-dir={self._profile}",
            "--proxy-server=127.0.0.1:1",
        ]
        return {
            "alwaysMatch": {
                "goog:chromeOptions": {"args": arguments, "binary": shutil.which("chromium")},
                "goog:loggingPrefs": {"browser": "ALL"},
                "timeouts": {"script": GIVES_UP, "pageLoad": GIVES_UP},
            }
        }

    def _end(self) -> None:
        """End the driver and all that it began, without waiting for what hangs in the kernel."""
        driver, self._driver = self._driver, None
        if driver is None:
            return
        end(driver)
        sweep = threading.Thread(target=shutil.rmtree, args=(self._profile, True), daemon=True)
        sweep.start()
        sweep.join(ENDS)

    def _ask(self, method: str, path: str, body: Any = None, *, seconds: float | None = None) -> Any:
        seconds = seconds or ANSWERS
        if self._driver is None:  # the one before stood still
            old = self._session
            self._begin()
            path = path.replace(old, self._session, 1)
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=seconds)
        data = None if body is None else json.dumps(body)
        try:
            connection.request(method, path, data, {"Content-Type": "application/json"})
            response = connection.getresponse()
            answer = json.loads(response.read())["value"]
        except (OSError, http.client.HTTPException) as error:
            self._end()
            raise BrowserStoodStill(f"no answer to {method} {path} in {seconds:g} s: {error!r}") from error
        finally:
            connection.close()
        if response.status >= 400:
            raise RuntimeError(f"{answer['error']}: {answer['message']}")
        return answer

    def devtools(self, command: str, parameters: dict[str, Any]) -> Any:
        """A command of Chromium's own protocol."""
        body = {"cmd": command, "params": parameters}
        return self._ask("POST", f"{self._session}/goog/cdp/execute", body)

    def resize(self, width: int, height: int) -> None:
        """As a telephone or a desk sees the page."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.devtools("Emulation.setDeviceMetricsOverride", metrics)

    def goto(self, page: Path | str) -> None:
        """Open a file, or an address."""
        address = page.as_uri() if isinstance(page, Path) else page
        self._ask("POST", f"{self._session}/url", {"url": address})
        self._at = address

    def begin(self, page: Path | str) -> Browser:
        """Open a page as somebody who was never here, on a desk; what was complained of is forgotten."""
        self.goto(page)
        self.run("try { localStorage.clear(); } catch {}")
        self.goto(page)
        self.resize(1200, 900)
        self.errors()
        return self

    def run(self, script: str, *arguments: Any) -> Any:
        """The value that a script returns, also one that it promises."""
        body = {"script": script, "args": list(arguments)}
        return self._ask("POST", f"{self._session}/execute/sync", body)

    def wait_for(self, condition: str, *, seconds: float = 10) -> None:
        """Wait until a script's expression is true."""
        script = (
            "const [text, until] = arguments, end = performance.now() + until;"
            "const test = new Function(`return (${text})`);"
            "return new Promise((done) => { const look = () => {"
            " if (test()) done(true); else if (performance.now() > end) done(false);"
            " else setTimeout(look, 20); }; look(); });"
        )
        end = time.monotonic() + seconds
        while not self.run(script, condition, 1000 * min(WAITS, max(0.0, end - time.monotonic()))):
            assert time.monotonic() < end, f"never true: {condition}"

    @property
    def address(self) -> str:
        """Of the page that is open."""
        return str(self._ask("GET", f"{self._session}/url"))

    def press(self, *keys: str) -> None:
        """Press and release keys one after the other: letters, or names such as ``ArrowLeft``."""
        actions = []
        for key in keys:
            value = KEYS.get(key, key)
            actions += [{"type": "keyDown", "value": value}, {"type": "keyUp", "value": value}]
        source = {"type": "key", "id": "keys", "actions": actions}
        self._ask("POST", f"{self._session}/actions", {"actions": [source]})

    def type(self, text: str) -> None:
        """Type a text into what has the keyboard."""
        self.press(*text)

    def click(self, selector: str, *, says: str = "", seconds: float = PATIENCE) -> None:
        """Press the first element in sight whose words, or name, contain what is said, once it is there."""
        script = (
            "const [selector, says] = arguments;"
            "const name = (one) => `${one.getAttribute('aria-label') ?? ''} ${one.textContent}`;"
            "const found = [...document.querySelectorAll(selector)]"
            "  .find((one) => one.getClientRects().length && name(one).includes(says));"
            "found?.click(); return Boolean(found);"
        )
        end = time.monotonic() + seconds
        while not self.run(script, selector, says):
            assert time.monotonic() < end, f"nothing to press: {selector} {says}"
            time.sleep(0.02)

    def choose(self, selector: str, path: Path) -> None:
        """Give a file to a file input, as the machine's own dialog does."""
        root = self.devtools("DOM.getDocument", {})["root"]["nodeId"]
        node = self.devtools("DOM.querySelector", {"nodeId": root, "selector": selector})["nodeId"]
        self.devtools("DOM.setFileInputFiles", {"nodeId": node, "files": [str(path)]})

    def theme(self, *, dark: bool) -> None:
        """Prefer dark or light colours, and no motion, as the machine's own settings do."""
        features = [
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]
        self.devtools("Emulation.setEmulatedMedia", {"features": features})

    def asked(self) -> list[str]:
        """The addresses of everything that the page has fetched."""
        return list(self.run("return performance.getEntriesByType('resource').map((one) => one.name)"))

    def errors(self) -> list[str]:
        """What the console complained of since last asked."""
        entries = self._ask("POST", f"{self._session}/se/log", {"type": "browser"})
        return [e["message"] for e in entries if e["level"] in ("SEVERE", "WARNING")]

    def axe(self, *impacts: str) -> list[str]:
        """Accessibility faults of the page: rule, impact, and where."""
        self.run(axe_source() + "; return true;")
        # It would fetch style sheets again, which a page of files may not.
        options = {"resultTypes": ["violations"], "preload": False}
        found = self.run("return axe.run(document, arguments[0]).then((r) => r.violations);", options)
        wanted = impacts or ("serious", "critical", "moderate", "minor")
        return [
            f"{fault['id']} ({fault['impact']}): {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
            for fault in found
            if fault["impact"] in wanted
            for node in fault["nodes"]
        ]

    def screenshot(self, path: Path, *, whole: bool = False) -> None:
        """What is seen, as PNG; with ``whole`` the page from top to bottom."""
        found = self.devtools("Page.captureScreenshot", {"format": "png", "captureBeyondViewport": whole})
        path.write_bytes(base64.b64decode(found["data"]))
