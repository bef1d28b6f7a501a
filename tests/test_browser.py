"""The browser of the tests ends and begins again, and children are heard and ended within bounds."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from support import browser
from support.browser import Browser, BrowserStoodStill
from support.endings import end, kill, line_of, lines_of, session_of, within

#: Begins a child in its session that hears no signal but one, and says so.
STUBBORN = (
    "import signal, subprocess, sys, time\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
    "print('one', flush=True); print('two', flush=True); time.sleep(600)\n"
)


@pytest.fixture
def stubborn():
    process = subprocess.Popen(
        [sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    yield process
    kill(process)


def test_a_child_is_ended_with_all_that_it_began(stubborn):
    assert line_of(stubborn.stdout) == "one\n"
    assert len(session_of(stubborn.pid)) == 2
    began = time.monotonic()
    assert end(stubborn, seconds=0.2) == -signal.SIGKILL
    assert session_of(stubborn.pid) == []
    assert time.monotonic() - began < 20


def test_who_says_nothing_is_not_waited_for(stubborn):
    assert [line_of(stubborn.stdout), line_of(stubborn.stdout)] == ["one\n", "two\n"]
    lines = lines_of(stubborn.stdout, 0.3)
    with pytest.raises(AssertionError, match="a line of a child"):
        next(lines)


def test_what_takes_too_long_is_said():
    with pytest.raises(AssertionError, match=r"not within 0.1 s: a nap"):
        within(lambda: time.sleep(1), 0.1, "a nap")
    assert within(lambda: 3, 1, "a number") == 3
    with pytest.raises(KeyError):
        within(lambda: {}["nothing"], 1, "an error")


needs_browser = pytest.mark.skipif(bool(browser.missing()), reason=browser.missing())


@pytest.mark.slow
@needs_browser
def test_a_browser_that_stands_still_is_ended_and_the_next_question_goes_to_another(monkeypatch, tmp_path):
    page = tmp_path / "page.html"
    page.write_text("<title>here</title><h1>here</h1>")
    with Browser() as window:
        window.goto(page)
        first = session_of(window._driver.pid)
        for one in first:
            one.suspend()
        monkeypatch.setattr(browser, "ANSWERS", 1.0)
        with pytest.raises(BrowserStoodStill, match="no answer to POST"):
            window.run("return 1")
        monkeypatch.undo()
        assert not [one for one in first if one.is_running() and one.status() != "zombie"]
        assert window.run("return document.title") == "here"
        last = session_of(window._driver.pid)
        assert last
    assert not [one for one in last if one.is_running() and one.status() != "zombie"]


@pytest.mark.slow
@needs_browser
def test_a_wait_that_is_in_vain_ends_and_leaves_the_browser(tmp_path):
    page = tmp_path / "page.html"
    page.write_text("<h1>here</h1>")
    with Browser() as window:
        window.goto(page)
        with pytest.raises(AssertionError, match=r"never true: document\.querySelector"):
            window.wait_for("document.querySelector('h2')", seconds=0.3)
        assert window.run("return document.querySelector('h1').textContent") == "here"


def test_a_driver_that_does_not_begin_is_ended(monkeypatch, tmp_path):
    deaf = tmp_path / "chromedriver"
    deaf.write_text("#!/bin/sh\nexec sleep 600\n")
    deaf.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(browser, "BEGINS", 0.3)
    with pytest.raises(BrowserStoodStill, match="did not begin"), Browser():
        pass
