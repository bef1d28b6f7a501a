"""Tests that stand still are ended, and it is said where they stand."""

from __future__ import annotations

import os
import queue
import re
import subprocess
import sys
from pathlib import Path

import pytest

from support import watch as watching
from support.paths import TESTS
from support.watch import STOOD_STILL, Watch

STANDS_STILL = """
import signal, threading

def test_it_ends(): pass

def test_stands_still():
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
    threading.Event().wait()
"""
WATCHED = """
from pathlib import Path

from support import watch
from support.watch import Watch

watch.LEFT = Path(__file__).parent / "left"

class Impatient(Watch):
    def pytest_runtest_logfinish(self, nodeid):
        super().pytest_runtest_logfinish(nodeid)
        self.patience = 3

def pytest_configure(config):
    if hasattr(config, "workerinput"):
        watch.pytest_configure(config)
    else:
        config.pluginmanager.register(Impatient())
"""


@pytest.mark.parametrize("failed", [False, True])
def test_it_ends_what_nothing_is_heard_of(
    failed: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "LEFT", tmp_path / "left")
    monkeypatch.setattr(watching, "end_children", lambda: None)
    ended: queue.Queue[int] = queue.Queue()
    watch = Watch(0.1, ended.put)
    watch.pytest_xdist_node_collection_finished(["this", "that", "other"])
    watch.pytest_xdist_node_collection_finished(["this", "that", "other"])
    watch.pytest_runtest_logstart("this")
    watch.pytest_runtest_logstart("that")
    outcome, how = ("failed", "one is not two") if failed else ("passed", None)
    watch.pytest_runtest_logreport(pytest.TestReport("this", ("", 0, ""), {}, outcome, how, "call"))
    watch.pytest_runtest_logfinish("this")
    watch.pytest_sessionstart()
    assert ended.get(timeout=60) == (1 if failed else STOOD_STILL)
    told = capsys.readouterr().err
    assert re.search(r"running:\n  that \(\d+ s\)\n2 tests are not over", told)
    assert ("failed: this\ncall: one is not two\n" in told) == failed
    assert ("1 tests had failed: this" if failed else "0 tests had failed: none") in told
    assert (tmp_path / "left").read_text() == "that\nother\n"


@pytest.mark.slow
def test_it_is_quiet_when_all_is_over() -> None:
    ended: queue.Queue[int] = queue.Queue()
    watch = Watch(0.2, ended.put)
    watch.pytest_sessionstart()
    watch.pytest_sessionfinish()
    with pytest.raises(queue.Empty):
        ended.get(timeout=0.6)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there are no signals to end it by")
def test_a_worker_says_where_it_stands(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(WATCHED)
    (tmp_path / "test_still.py").write_text(STANDS_STILL)
    words = [
        "-m",
        "pytest",
        "-n",
        "1",
        "--timeout",
        "1000",
        "-c",
        os.devnull,
        "--rootdir",
        str(tmp_path),
        str(tmp_path),
    ]
    environment = os.environ | {"PYTHONPATH": str(TESTS), "PYTEST_ADDOPTS": ""}
    for name in [name for name in environment if name.startswith("PYTEST_XDIST")]:
        del environment[name]
    ran = subprocess.run(
        [sys.executable, *words], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120
    )
    assert ran.returncode == STOOD_STILL
    assert (tmp_path / "left").read_text() == "test_still.py::test_stands_still\n"
    where = 'test_still.py", line 8 in test_stands_still'
    what = "no test has begun or ended for 3 s; running:\n  test_still.py::test_stands_still"
    assert 0 < ran.stderr.index(where) < ran.stderr.index(what)  # of a long log the end is kept
    assert "Extension modules" not in ran.stderr
    assert "pluggy" not in ran.stderr.split("running:")[0].split(where)[1]
