"""``reverie bench``: what a user types, and what it prints."""

from __future__ import annotations

import pytest
import torch


@pytest.mark.soak
def test_the_command_prints_a_table_or_json(reverie):
    words = (
        "bench",
        "--seconds",
        "1",
        "--size",
        "64x48",
        "--layer",
        "block2a",
        "--engine",
        "plain",
        "--threads",
        "1",
    )
    found = reverie(*words, "--json").json
    assert [r["name"] for r in found["rows"]] == ["naive loop", "plain"]
    assert found["machine"]["torch"] == torch.__version__
    assert found["size"] == [64, 48]
    assert all(r["seconds"]["middle"] > 0 for r in found["rows"])
    done = reverie(*words)
    assert done.rc == 0, done.stderr
    assert done.stderr == ""
    assert "x naive" in done.stdout
    assert len([line for line in done.stdout.splitlines() if "fp32" in line]) == 2


@pytest.mark.slow
def test_the_command_refuses_what_cannot_be(reverie):
    reverie("bench", "--engine", "nativ").refused(2, "--engine nativ", "native")
    reverie("bench", "--layer", "block9z").refused(2, "block9z")
    reverie("bench", "--size", "8x8").refused(2, "32")
