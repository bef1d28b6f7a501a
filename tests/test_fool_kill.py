"""``reverie fool`` stopped by Ctrl-C, and killed ten times: what goes on is what never stopped."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from conftest import environment
from fool_help import tree
from terminal import on_a_terminal

pytestmark = pytest.mark.slow
LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)
from reverie.cli import main
main(sys.argv[2:])
"""
ENDLESS = ("--size", "32", "--children", "6", "--threads", "1", "-v")


def test_ctrl_c_saves_and_resume_goes_on(started, reverie, tmp_path):
    process = started("fool", "zebra", "-o", "f", "--generations", "100000", *ENDLESS)
    for line in process.stderr:
        if "generation 0/" in line:
            break
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    after = int(re.search(r"stopped after generation (\d+) of 100000", said)[1])
    assert "--resume goes on" in said
    assert {"run.json", "sheet.png"} == set(tree(tmp_path / "f"))
    # As many generations as were done: nothing is evolved, all is written.
    note = json.loads((tmp_path / "f" / "run.json").read_text())
    assert note["settings"]["generations"] == 100_000
    more = after + 3
    assert reverie("fool", "zebra", "-o", "f", "--resume", "--generations", more).rc == 0
    assert reverie("fool", "zebra", "-o", "g", "--generations", more, *ENDLESS).rc == 0
    assert tree(tmp_path / "f") == tree(tmp_path / "g")


#: A run that leaves a checkpoint and a sheet at each generation, so that a kill may fall anywhere.
EAGER = """
import sys
from reverie.fooling.run import Fooling
from reverie.fooling.folder import Folder
from reverie.fooling.settings import make_settings
folder = sys.argv[1]
settings = make_settings(size=32, population=6, children=6, generations=40, seed=2)
again = (Folder(folder).note).exists()
run = Fooling(folder, settings, resume=again, threads=1, checkpoint_every=0, sheet_every=0)
print("begun", flush=True)
run.carry_out(["zebra", "tabby"], each=lambda generation: print(generation.index, flush=True))
"""


def test_killed_ten_times_is_unbroken(tmp_path):
    def begin(folder):
        return subprocess.Popen(
            [sys.executable, "-c", EAGER, folder], env=environment(), stdout=subprocess.PIPE, text=True
        )

    whole = begin(tmp_path / "whole")
    whole.communicate(timeout=120)
    assert whole.returncode == 0
    rng = np.random.default_rng(0)
    for kill in range(10):
        process = begin(tmp_path / "f")
        for line in process.stdout:
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
    found = subprocess.run(
        [sys.executable, "-c", LIMITED, "10000", *words, "--resume", "--generations", "4"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert found.returncode == 6
    assert found.stderr.startswith("error: cannot write f/checkpoint.npz: File too large")
    assert found.stderr.rstrip().endswith("reverie fool -o f --resume goes on")
    assert found.stderr.count("\n") == 1
    assert (tmp_path / "f" / "checkpoint.npz").read_bytes() == kept
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.skipif(sys.platform == "win32", reason="there are terminals of this kind on Unix")
def test_a_terminal_sees_how_far_it_is(tmp_path):
    words = ["--size", "32", "--children", "6", "--threads", "1", "--generations", "40"]
    text = on_a_terminal(tmp_path, "fool", "zebra", "-o", "f", *words)
    assert re.search(r"generation \d+/40, median 0\.\d+, over \.5 \d+, \.95 \d+, \.99 \d+", text)
    assert "246 pictures judged" in text
