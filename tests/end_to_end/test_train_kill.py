"""``reverie train`` stopped by Ctrl-C, and killed: what goes on is what never stopped."""

from __future__ import annotations

import functools
import time

import numpy as np
import pytest

from support.commands import environment, interrupt, wait_for
from support.endings import lines_of
from support.forked import Forked
from support.training import eager, files, folder_of_kinds

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("kills", [2, pytest.param(5, marks=pytest.mark.soak)])
def test_killed_again_and_again_it_is_unbroken(kills, tmp_path):
    kinds = folder_of_kinds(tmp_path / "kinds", 6)
    for name in ("whole", "broken"):
        (tmp_path / name).mkdir()

    def begin(folder):
        out = tmp_path / folder / "m.safetensors"
        return Forked(functools.partial(eager, kinds, out), tmp_path, environment())

    whole = begin("whole")
    whole.communicate(timeout=120)
    assert whole.returncode == 0
    rng = np.random.default_rng(0)
    reached = 0
    for kill in range(kills):
        process = begin("broken")
        for line in lines_of(process.stdout):
            step = int(line.split()[1])
            assert step > reached  # it went on where it was
            if step >= 3 * (kill + 1):
                break
        time.sleep(float(rng.uniform(0, 0.02)))
        process.kill()
        process.communicate(timeout=60)
        reached = step - 1  # of the last step the checkpoint may be missing
    last = begin("broken")
    last.communicate(timeout=120)
    assert last.returncode == 0
    assert files(tmp_path / "broken") == files(tmp_path / "whole")


def test_ctrl_c_keeps_it_and_the_same_command_goes_on(started, reverie, tmp_path):
    folder_of_kinds(tmp_path / "kinds", 6)
    words = ("train", "kinds", "-o", "m.safetensors", "--size", "16", "--batch", "8", "--threads", "1")
    process = started(*words, "--steps", "300", "-v")
    wait_for(process, "step 15/300")
    _, said = interrupt(process)
    assert "the same command goes on" in said
    assert [*files(tmp_path)] == ["m.training"]
    ran = reverie(*words, "--steps", "300")
    assert ran.rc == 0, ran.stderr
    assert "m.training" not in files(tmp_path)
