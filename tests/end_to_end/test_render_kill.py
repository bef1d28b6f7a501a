"""A render that is killed twenty times, and one whose disk fills: nothing is lost, and nothing changes."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import subprocess
import sys
import time

import numpy as np
import pytest

from reverie.media.video.write.work_folder import WorkFolder
from support.commands import environment
from support.endings import SAID
from support.paths import SOURCES, TESTS
from support.renders import make, played, write_film

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="signals and limits of this kind are Unix's"),
]
COUNT = 60

#: Under a limit on the size of files.
LIMITED = """
import resource, sys
sys.path.insert(0, sys.argv[1])
from support.renders import *
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]),) * 2)
try:
    make(sys.argv[2], int(sys.argv[4]))
except Exception as error:
    print(type(error).__name__, error, flush=True)
"""


@pytest.fixture(scope="module")
def processes():
    """Processes that have everything loaded, so that twenty of them are quick."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        ["support.renders", "reverie.media.video.write.render", "safetensors.torch", "numpy"]
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(TESTS), str(SOURCES)]))
        yield context


def test_killed_twenty_times_it_is_the_unbroken_film(tmp_path, processes):
    whole = make(tmp_path / "whole.mp4", COUNT)
    out, part = tmp_path / "z.mp4", tmp_path / "z.mp4.part"
    rng = np.random.default_rng(0)
    safe = [0]
    for kill in range(20):
        hears, tells = processes.Pipe(duplex=False)
        # Every other time each frame is made safe by itself, so that kills fall everywhere.
        process = processes.Process(target=write_film, args=(str(out), COUNT, 60.0 * (kill % 2), tells))
        process.start()
        tells.close()
        with contextlib.suppress(EOFError):  # it was quicker
            for _ in range(int(rng.integers(0, 9))):
                assert hears.poll(SAID)
                hears.recv()
        time.sleep(float(rng.uniform(0, 0.03)))
        process.kill()
        process.join(60)
        found = WorkFolder(part, str(out))._checkpoint() if part.exists() else None
        if found is not None:
            # All that is safe plays, up to the second that is not full yet.
            safe.append(found[0].frames)
            assert played(part / "partial.mp4") >= found[0].frames - found[0].waiting
            assert found[0].waiting < 5
        assert not out.exists() or out.read_bytes() == whole
        if out.exists():
            break
    assert safe == sorted(safe)
    assert safe[-1] > 10
    assert make(out, COUNT, overwrite=True) == whole
    assert sorted(os.listdir(tmp_path)) == ["whole.mp4", "z.mp4"]


def test_a_disk_that_fills_keeps_what_is_done(tmp_path):
    whole = make(tmp_path / "whole.apng", 30)
    out = tmp_path / "z.apng"
    for limit in (1000, len(whole) // 2, len(whole) - 1000):
        words = [sys.executable, "-c", LIMITED, str(TESTS), str(out), str(limit), "30"]
        found = subprocess.run(
            words, env=environment(), capture_output=True, text=True, timeout=120, check=False
        )
        said = found.stdout.strip()
        assert said.startswith(f"ResourceError cannot write {out}: File too large"), found.stderr
        assert not out.exists()
        if limit == 1000:
            assert said.endswith("make room, or choose another place")
            assert os.listdir(tmp_path) == ["whole.apng"]
            continue
        assert said.endswith(f"what is done is kept in {out}.part, the same command goes on with it")
        assert not list((tmp_path / "z.apng.part").glob("whole*"))
        safe, _ = WorkFolder(tmp_path / "z.apng.part", str(out))._checkpoint()
        assert safe.frames >= 10
    assert make(out, 30) == whole
