"""What pip says while things are installed: a line for each package, and errors as they are."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pip_says import complain, said
from support.paths import ROOT

LINES = """\
Looking in indexes: https://example.org/simple
Obtaining file:///reverie
Collecting torch==2.13.0
  Downloading torch-2.13.0-cp312-cp312-manylinux_2_28_x86_64.whl.metadata (30 kB)
Downloading torch-2.13.0-cp312-cp312-manylinux_2_28_x86_64.whl (195.4 MB)
Progress 0 of 195400000
Progress 30000000 of 195400000
Progress 31000000 of 195400000
Progress 195400000 of 195400000
Using cached rich-15.0.0-py3-none-any.whl (314 kB)
Processing /wheels/numpy-2.4.6-cp312-cp312-manylinux_2_27_x86_64.whl (from torch)
Downloading six-1.0.tar.gz (30 kB)
Progress 30000 of 30000
Building wheel for six (pyproject.toml): started
Building wheel for six (pyproject.toml): finished with status 'done'
Installing collected packages: six, rich, numpy, torch
Successfully installed six-1.0
"""


def test_each_package_is_named_once_with_its_size_and_large_ones_on_the_way() -> None:
    assert list(said(LINES.splitlines(keepends=True))) == [
        "  torch-2.13.0 (195.4 MB)",
        "    10 %",
        "    100 %",
        "  rich-15.0.0 (314 kB)",
        "  numpy-2.4.6",
        "  six-1.0 (30 kB)",
        "  building six",
        "  putting 4 packages in place",
    ]


def test_complaints_come_through_and_folders_that_are_not_there_do_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = [
        "WARNING: Location 'file:///wheels/six/' is ignored: it is neither a file nor a directory.\n",
        "WARNING: Skipping six as it is not installed.\n",
        "ERROR: No matching distribution found for six\n",
    ]
    complain(lines)
    assert capsys.readouterr().err == "".join(lines[1:])


@pytest.mark.slow
def test_errors_and_the_exit_status_come_through(tmp_path: Path) -> None:
    words = ["install", "--no-index", "--target", str(tmp_path), "nothing-is-called-this"]
    ran = subprocess.run(
        [sys.executable, ROOT / "tools" / "pip_says.py", *words], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 1
    assert "nothing-is-called-this" in ran.stderr
    assert ran.stdout == ""
