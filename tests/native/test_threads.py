"""The native library on torch's own threads."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from reverie.native import instruction_sets

pytestmark = [
    pytest.mark.skipif(not instruction_sets(), reason="no native library on this machine"),
    pytest.mark.skipif("OpenMP" not in torch.__config__.parallel_info(), reason="torch has no OpenMP"),
]
BEGIN = """
import os
import torch
from reverie.engine.native import NativeEngine
from reverie.native.threads import share
from reverie.network.zoo import load_net

torch.set_num_threads(3)
if not {shared}:
    import reverie.engine.native as module
    module.share_threads = lambda: False
engine = NativeEngine(load_net("lite0"))
picture = torch.rand(1, 3, 96, 80, generator=torch.Generator().manual_seed(0))

def gradient():
    found = engine.forward(picture, ["block4b"])
    return engine.backward({{"block4b": found["block4b"]}})
"""


def python(code: str, *, shared: bool = True) -> str:
    """What a process of its own prints: threads, once started, stay."""
    begin = BEGIN.format(shared=shared)
    done = subprocess.run(
        [sys.executable, "-c", begin + code], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="threads are counted in /proc")
@pytest.mark.parametrize("shared", [True, False])
def test_no_threads_beside_torchs(shared: bool) -> None:
    code = """
(torch.ones(1 << 21) + 1).sum()
before = len(os.listdir("/proc/self/task"))
gradient()
print(len(os.listdir("/proc/self/task")) - before, torch.get_num_threads())
"""
    assert python(code, shared=shared) == ("0 3" if shared else "2 3")


@pytest.mark.slow
def test_the_same_bytes_on_whosever_threads() -> None:
    code = "print(gradient().numpy().tobytes().hex())"
    assert python(code) == python(code, shared=False)


@pytest.mark.slow
def test_more_parts_than_threads_are_all_done() -> None:
    """OpenMP gives no more than its limit; the engine's parts are as many as it was told."""
    code = "engine._threads = 7\nprint(gradient().numpy().tobytes().hex())"
    limited = "import os\nos.environ['OMP_THREAD_LIMIT'] = '2'\n"
    begin = limited + BEGIN.format(shared=True)
    done = subprocess.run(
        [sys.executable, "-c", begin + code], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == python("print(gradient().numpy().tobytes().hex())", shared=False)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_forked_child_has_threads_of_its_own() -> None:
    code = """
expected = gradient()
child = os.fork()
if child == 0:
    os._exit(0 if torch.equal(gradient(), expected) else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    assert python(code) == "0"


@pytest.mark.slow
def test_asked_twice_it_is_done_once() -> None:
    assert python("print(share(), share(), torch.get_num_threads())") == "True True 3"
