"""``--cluster`` and ``--dry-run``: the time is one worker's, and by what to divide it is said."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from reverie.cli.machines import Machines
from support.commands import Ran


@pytest.mark.parametrize(("per_task", "cores"), [(None, 1), ("cpu=2", 2), ("cpu=1000", 1000)])
def test_local_workers_are_counted(per_task: str | None, cores: int) -> None:
    slots = max(1, (os.cpu_count() or 1) // cores)
    words = Machines(cluster="local", per_task=per_task).one_worker()
    assert (
        words == f"--cluster local: each time above is one worker's, of {slots} here; at best divide by that"
    )


def test_of_a_cluster_nobody_is_asked_and_of_this_machine_nothing_is_said() -> None:
    assert "of as many as the cluster has" in Machines(cluster="there:6379").one_worker()
    assert Machines().one_worker() == ""


@pytest.mark.slow
def test_a_dry_run_says_it_and_connects_to_nobody(here: Path, inside: Callable[..., Ran]) -> None:
    (here / "b.png").write_bytes((here / "chelsea.png").read_bytes())
    words = ("dream", "chelsea.png", "b.png", "-o", "out", "--size", "64", "--dry-run")
    said = inside(*words, "--cluster", "nowhere.example:1")
    assert (said.rc, said.stderr.count("one worker's")) == (0, 1)
    assert "one worker's" not in inside(*words).stderr
    assert "one worker's" not in inside(*words, "--cluster", "nowhere.example:1", "-q").stderr
