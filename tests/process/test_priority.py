"""Priorities that a library takes are given back."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="real-time priorities are Linux's here")

#: Takes the highest priority for itself and for a thread that it begins, as an encoder may.
TAKES = """
import os, sys, threading
from reverie.process.priority import ordinary_priority

over = threading.Event()

def take():
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(99))

def begun():
    take()
    ready.set()
    over.wait()

if "own" in sys.argv:
    os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
ready = threading.Event()
other = threading.Thread(target=begun)
with ordinary_priority():
    take()
    other.start()
    ready.wait()
print(os.sched_getscheduler(0), os.sched_getscheduler(other.native_id))
over.set()
"""


def scheduled(*words: str) -> list[int]:
    done = subprocess.run([sys.executable, "-c", TAKES, *words], capture_output=True, text=True, timeout=60)
    if "PermissionError" in done.stderr:
        pytest.skip("this user may not take a real-time priority")
    assert done.returncode == 0, done.stderr
    return [int(word) for word in done.stdout.split()]


def test_a_priority_that_was_taken_is_given_back():
    assert scheduled() == [os.SCHED_OTHER, os.SCHED_OTHER]


def test_a_priority_of_ones_own_stays():
    assert scheduled("own") == [os.SCHED_RR, os.SCHED_RR]
