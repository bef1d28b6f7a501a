"""Whoever waits for the tests is told when they stand still: which ones, and where each of their threads is.

A test that hangs ends by its own limit. What that limit does not reach ends here: a worker that died
unnoticed, or whose channel did, leaves the one who hands out the tests waiting for ever. What had not been
run by then is listed in ``LEFT``, and ``make test`` runs it once more. The words that matter most come last:
of a long log that is what is kept.
"""

from __future__ import annotations

import faulthandler
import os
import re
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from support.paths import TESTS

#: Seconds in which no test begins or ends: more than the longest may take.
PATIENCE = 800.0
#: Seconds that workers have to say where they are.
LAST_WORDS = 3.0
#: The tests that were not over, for pytest's ``@FILE``; and the exit status if none had failed until then.
LEFT, STOOD_STILL = TESTS.parent / ".left-tests", 86
#: Of a thread's stack, the innermost calls; and of a failure, the last characters.
DEEPEST, LAST = 12, 600


class Watch:
    """A plugin of the process that hands out the tests.

    Args:
        patience: Seconds in which something has to happen.
        end: Is called, in a thread of its own, when nothing did.
    """

    def __init__(self, patience: float = PATIENCE, end: Callable[[int], None] = os._exit) -> None:
        self.patience, self.end = patience, end
        self.running: dict[str, float] = {}  # since when
        self.left: dict[str, None] = {}  # in their order
        self.failed: dict[str, str] = {}  # how
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
        if report.failed:
            self.failed[report.nodeid] = f"{report.when}: {report.longreprtext[-LAST:]}"

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._last = time.monotonic()
        self.running[nodeid] = self._last

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        self._last = time.monotonic()
        self.running.pop(nodeid, None)
        self.left.pop(nodeid, None)

    def _watch(self) -> None:
        while not self._over.wait(min(5.0, self.patience / 4)):
            if time.monotonic() - self._last > self.patience:
                end_children()
                self._tell()
                self.end(1 if self.failed else STOOD_STILL)
                return

    def _tell(self) -> None:
        now = time.monotonic()
        for nodeid, how in self.failed.items():
            print(f"\nfailed: {nodeid}\n{how}", file=sys.stderr)
        running = "".join(f"\n  {nodeid} ({now - since:.0f} s)" for nodeid, since in self.running.items())
        print(
            f"\n{len(self.failed)} tests had failed: {', '.join(self.failed) or 'none'}\n"
            f"no test has begun or ended for {self.patience:.0f} s; running:{running or ' none known'}\n"
            f"{len(self.left)} tests are not over; their names are in {LEFT.name}",
            file=sys.stderr,
            flush=True,
        )
        LEFT.write_text("".join(f"{nodeid}\n" for nodeid in self.left))


def said_by(worker: int, parent: int) -> Path:
    """The file into which a worker writes where its threads are, when it is asked to by SIGUSR1."""
    return Path(tempfile.gettempdir(), f"reverie-tests-{parent}-{worker}.stacks")


def end_children() -> None:
    """End all that this process began; workers say first where they are."""
    children = psutil.Process().children(recursive=True)
    files = {child.pid: said_by(child.pid, os.getpid()) for child in children}
    for child in children:
        if files[child.pid].exists():
            os.kill(child.pid, signal.SIGUSR1)
    time.sleep(LAST_WORDS)
    for child in children:
        try:
            words, state, parent = " ".join(child.cmdline())[:160], child.status(), child.ppid()
        except psutil.Error:
            continue
        print(
            f"\n{child.pid}, a child of {parent}, {state}, {sleeps_in(child.pid)}: {words}", file=sys.stderr
        )
        if files[child.pid].exists():
            print(innermost(files[child.pid].read_text()), file=sys.stderr)
            files[child.pid].unlink()
    for child in children:
        if child.is_running():
            child.kill()


def sleeps_in(process: int) -> str:
    """Where in the kernel a process is, as far as that is told."""
    try:
        return Path(f"/proc/{process}/wchan").read_text() or "?"
    except OSError:
        return "?"


def innermost(stacks: str) -> str:
    """The first lines of each thread in what the fault handler wrote, without those of the test runner."""
    threads = [part.splitlines() for part in re.split(r"\n(?=Thread |Current thread )", stacks.strip())]
    of_the_runner = re.compile(r"site-packages/(_pytest|pluggy|xdist|execnet)/")
    return "\n".join(
        "\n".join([line for line in lines if not of_the_runner.search(line)][: DEEPEST + 1])
        for lines in threads
    )


def pytest_configure(config: pytest.Config) -> None:
    """Watch where tests are handed out to workers; alone, a test's own limit is enough."""
    if hasattr(config, "workerinput"):
        if hasattr(signal, "SIGUSR1"):
            file = said_by(os.getpid(), os.getppid()).open("w")
            faulthandler.register(signal.SIGUSR1, file=file, all_threads=True)
            config.add_cleanup(lambda: forget(file.name))
    elif getattr(config.option, "numprocesses", None):
        config.pluginmanager.register(Watch(), "watch")


def forget(file: str) -> None:
    """Whatever happens from now on, this worker is not asked any more."""
    faulthandler.unregister(signal.SIGUSR1)
    Path(file).unlink(missing_ok=True)
