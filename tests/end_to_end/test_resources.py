"""What a user gets when disk or memory runs out: the real command under limits of the operating system."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from PIL import Image

from support.commands import Ran, run_code

resource = pytest.importorskip("resource", reason="limits of this kind are Unix's")
LIMITED = """
import resource, sys
resource.setrlimit(getattr(resource, sys.argv[1]), (int(sys.argv[2]),) * 2)
from reverie.cli.main import main
main(sys.argv[3:])
"""
QUICK = ("--steps", "1", "--octaves", "1", "--threads", "1")


def limited(folder: Path, limit: str, size: int, *arguments: str) -> Ran:
    """Run the command with one resource limited."""
    return run_code(LIMITED, limit, str(size), *arguments, folder=folder, timeout=240)


@pytest.mark.slow
def test_a_disk_that_fills_leaves_no_file(here):
    found = limited(here, "RLIMIT_FSIZE", 20_000, "dream", "chelsea.png", "-o", "d.png", *QUICK)
    assert found.rc == 6
    assert found.stderr.startswith("error: cannot write d.png")
    assert found.stderr.count("\n") == 1
    assert [p.name for p in here.iterdir()] == ["chelsea.png"]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the limit on memory is kept only there")
def test_memory_that_runs_out_is_one_line(here):
    Image.open(here / "chelsea.png").resize((5000, 4000)).save(here / "large.png")
    found = limited(here, "RLIMIT_AS", 1600 << 20, "dream", "large.png", "-o", "d.png", *QUICK)
    assert found.rc == 6
    assert found.stderr.splitlines()[-1].startswith("error: out of memory")
    assert "--max-size" in found.stderr
    assert "Traceback" not in found.stderr
    assert sorted(p.name for p in here.iterdir()) == ["chelsea.png", "large.png"]
