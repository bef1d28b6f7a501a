"""The machine, described, and what a process takes of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
import torch

from reverie.jobs.bench.machine import describe, in_words


def test_the_machine_is_described():
    found = describe()
    assert found["torch"] == torch.__version__
    assert found["cores"] <= (os.cpu_count() or 1)
    json.dumps(found)
    words = in_words(found, 1)
    assert "1 thread;" in words
    assert found["processor"] in words


@pytest.mark.slow
def test_the_peak_counts_what_was_given_back():
    code = """
import numpy as np
from reverie.jobs.bench.machine import peak, resident
before = resident()
block = np.ones(peak() - before + 200_000_000, np.uint8)  # more than this process ever held
most = block.nbytes
del block
assert peak() > before + 0.9 * most
assert resident() < before + 0.5 * most
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)  # engines keep what they are given
