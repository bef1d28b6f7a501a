"""Whoever waits for the tests is told when they stand still: which ones, and where each of their threads is.

A test that hangs ends by its own limit. What that limit does not reach ends here: a worker that died
unnoticed, or whose channel did, leaves the one who hands out the tests waiting for ever. What had not been
run by then is listed in ``LEFT``, and ``make test`` runs it once more.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable

import psutil
import pytest

from support.paths import TESTS

#: Seconds in which no test begins or ends: more than the longest may take.
PATIENCE = 800.0
#: Seconds that workers have to say where they are.
LAST_WORDS = 10.0
#: The tests that were not over, for pytest's ``@FILE``; and the exit status if none had failed until then.
LEFT, STOOD_STILL = TESTS.parent / ".left-tests", 86


class Watch:
    """A plugin of the process that hands out the tests.

    Args:
        patience: Seconds in which something has to happen.
        end: Is called, in a thread of its own, when nothing did.
    """

    def __init__(self, patience: float = PATIENCE, end: Callable[[int], None] | None = None) -> None:
        self.patience, self.end = patience, end or end_all
        self.running: set[str] = set()
        self.left: dict[str, None] = {}  # in their order
        self.failed = False
        self._last = time.monotonic()
        self._over = threading.Event()

    def pytest_sessionstart(self) -> None:
        threading.Thread(target=self._watch, name="watch", daemon=True).start()

    def pytest_sessionfinish(self) -> None:
        self._over.set()

    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        self._last = time.monotonic()
        self.left = self.left or dict.fromkeys(ids)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.failed = self.failed or report.failed

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._last = time.monotonic()
        self.running.add(nodeid)

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        self._last = time.monotonic()
        self.running.discard(nodeid)
        self.left.pop(nodeid, None)

    def _watch(self) -> None:
        while not self._over.wait(min(5.0, self.patience / 4)):
            if time.monotonic() - self._last > self.patience:
                self._tell()
                self.end(1 if self.failed else STOOD_STILL)
                return

    def _tell(self) -> None:
        running = "".join(f"\n  {nodeid}" for nodeid in sorted(self.running)) or " none that is known"
        print(f"\nno test has begun or ended for {self.patience:.0f} s; running:{running}", file=sys.stderr)
        print(
            f"{len(self.left)} tests are not over; their names are in {LEFT.name}",
            file=sys.stderr,
            flush=True,
        )
        LEFT.write_text("".join(f"{nodeid}\n" for nodeid in self.left))


def end_all(status: int) -> None:
    """End the tests: all that this process began, which say where they are if they can, and then itself."""
    children = psutil.Process().children(recursive=True)
    for child in children:
        print(f"{child.pid} is a child of {child.ppid()}: {' '.join(child.cmdline())[:160]}", file=sys.stderr)
    for child in children:
        child.send_signal(signal.SIGABRT)  # Python's fault handler writes the stacks of its threads
    psutil.wait_procs(children, LAST_WORDS)
    for child in children:
        if child.is_running():
            child.kill()
    sys.stderr.flush()
    os._exit(status)


def pytest_configure(config: pytest.Config) -> None:
    """Watch where tests are handed out to workers; alone, a test's own limit is enough."""
    if getattr(config.option, "numprocesses", None) and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Watch(), "watch")
