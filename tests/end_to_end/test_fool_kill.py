"""``reverie fool`` stopped by Ctrl-C, and killed ten times: what goes on is what never stopped."""

from __future__ import annotations

import functools
import json
import os
import re
import sys
import time

import numpy as np
import pytest

from support.commands import begin, environment, interrupt, wait_for
from support.endings import lines_of
from support.fooling import eager, tree
from support.forked import Forked, limited
from support.terminal import on_a_terminal

pytestmark = pytest.mark.slow
ENDLESS = ("--size", "32", "--children", "6", "--threads", "1", "-v")


def test_ctrl_c_saves_and_resume_goes_on(started, reverie, tmp_path):
    process = started("fool", "zebra", "-o", "f", "--generations", "100000", *ENDLESS)
    wait_for(process, "generation 0/")
    time.sleep(0.5)
    _, said = interrupt(process)
    after = int(re.search(r"stopped after generation (\d+) of 100000", said)[1])
    assert "--resume goes on" in said
    assert os.path.join("f", "index.html") + " shows the best so far" in said
    assert "reverie fool zebra -o f --resume goes on" in said
    assert {"run.json", "sheet.png", "index.html", "archive.json"} < set(tree(tmp_path / "f"))
    # As many generations as were done: nothing is evolved, all is written.
    note = json.loads((tmp_path / "f" / "run.json").read_text())
    assert note["settings"]["generations"] == 100_000
    more = after + 3
    assert reverie("fool", "zebra", "-o", "f", "--resume", "--generations", more).rc == 0
    assert reverie("fool", "zebra", "-o", "g", "--generations", more, *ENDLESS).rc == 0
    assert tree(tmp_path / "f") == tree(tmp_path / "g")


@pytest.mark.parametrize("kills", [3, pytest.param(10, marks=pytest.mark.soak)])
def test_killed_again_and_again_it_is_unbroken(kills, tmp_path):
    def begin(folder):
        return Forked(functools.partial(eager, folder), tmp_path, environment())

    whole = begin(tmp_path / "whole")
    whole.communicate(timeout=120)
    assert whole.returncode == 0
    rng = np.random.default_rng(0)
    for kill in range(kills):
        process = begin(tmp_path / "f")
        for line in lines_of(process.stdout):
            if line.strip() == str(4 * kill) or (line.strip() == "begun" and kill == 0):
                break
        time.sleep(float(rng.uniform(0, 0.02)))
        process.kill()
        process.communicate(timeout=60)
    last = begin(tmp_path / "f")
    last.communicate(timeout=120)
    assert last.returncode == 0
    assert tree(tmp_path / "f") == tree(tmp_path / "whole")


@pytest.mark.skipif(sys.platform == "win32", reason="limits of this kind are Unix's")
def test_a_disk_that_fills_keeps_the_checkpoint(tmp_path, reverie):
    words = ["fool", "zebra", "-o", "f", "--size", "32", "--children", "6", "--threads", "1"]
    assert reverie(*words, "--generations", "2").rc == 0
    kept = (tmp_path / "f" / "checkpoint.npz").read_bytes()
    limit = functools.partial(limited, 10_000)
    process = begin([*words, "--resume", "--generations", "4"], tmp_path, limit)
    said = process.communicate(timeout=120)[1]
    assert process.returncode == 6
    assert said.startswith("error: cannot write f/checkpoint.npz: File too large")
    assert said.rstrip().endswith("reverie fool -o f --resume goes on")
    assert said.count("\n") == 1
    assert (tmp_path / "f" / "checkpoint.npz").read_bytes() == kept
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.skipif(sys.platform == "win32", reason="there are terminals of this kind on Unix")
def test_a_terminal_sees_how_far_it_is(tmp_path):
    words = ["--size", "32", "--children", "6", "--threads", "1", "--generations", "40"]
    text = on_a_terminal(tmp_path, "fool", "zebra", "-o", "f", *words)
    assert re.search(r"generation \d+/40, median 0\.\d+, over \.5 \d+, \.95 \d+, \.99 \d+", text)
    assert "246 pictures judged" in text
