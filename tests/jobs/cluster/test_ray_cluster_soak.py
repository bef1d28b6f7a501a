"""Whole jobs on three nodes of this machine: nodes leave and come, workers and commands are killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from reverie.jobs.cluster.ray_cluster import RayCluster
from reverie.jobs.workspace import Workspace
from support.paths import SOURCES, TESTS
from support.ray_jobs import WHOLE, Counted, inputs, tree, whole_job
from support.ray_nodes import NODE
from support.ray_processes import busy

pytestmark = [pytest.mark.soak, pytest.mark.xdist_group("ray"), pytest.mark.timeout(1500)]
#: Workers that are killed in each job, and parts that come back between two kills at least.
KILLS, APART = 10, 1


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty photographs and a film of five scenes, each of two seconds and a half."""
    return inputs(tmp_path_factory.mktemp("whole"), photos=40, frames=15, rate=6)


@pytest.fixture(scope="module")
def alone(whole: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What each job comes to on one machine, by its name."""
    made: dict[str, dict[str, str]] = {}

    def of(name: str) -> dict[str, str]:
        if name not in made:
            out = tmp_path_factory.mktemp("one")
            whole_job(name, whole, out).run()
            made[name] = tree(out)
        return made[name]

    return of


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_job_has_the_bytes_of_one_machine(
    cluster: RayCluster, whole: Path, alone: Any, tmp_path: Path, name: str
) -> None:
    counted = Counted(cluster)
    whole_job(name, whole, tmp_path).run(None, Workspace(elsewhere=counted))
    assert counted.once()
    assert tree(tmp_path) == alone(name)


class Trouble:
    """Half-way a node goes and another comes; ten times a worker is killed that is at work."""

    def __init__(self, nodes: Any) -> None:
        self.nodes = nodes
        self.leaves = nodes.add_node(**NODE)
        self.kills, self.last = 0, 0

    def each(self, count: int) -> None:
        if count == 5:
            self.nodes.remove_node(self.leaves, allow_graceful=False)
            self.nodes.add_node(**NODE)
        elif self.kills < KILLS and count - self.last >= APART:
            until = time.monotonic() + 1  # between two generations there is none
            while not (found := busy()) and time.monotonic() < until:
                time.sleep(0.02)
            for process in found[:1]:
                process.send_signal(signal.SIGKILL)
                self.kills, self.last = self.kills + 1, count


@pytest.mark.parametrize("name", WHOLE)
def test_nodes_leave_and_come_and_workers_are_killed_ten_times(
    nodes: Any, cluster: RayCluster, whole: Path, alone: Any, tmp_path: Path, name: str
) -> None:
    trouble = Trouble(nodes)
    counted = Counted(cluster, trouble.each)
    whole_job(name, whole, tmp_path).run(None, Workspace(elsewhere=counted))
    assert trouble.kills == KILLS
    assert counted.once()
    assert tree(tmp_path) == alone(name)


@pytest.mark.parametrize("name", WHOLE)
def test_the_command_is_killed_twice(
    nodes: Any, cluster: RayCluster, whole: Path, alone: Any, tmp_path: Path, name: str
) -> None:
    """What was there is left as it is; at most what was at work is made again."""
    out, log = tmp_path / "out", tmp_path / "log"
    out.mkdir()
    paths = os.pathsep.join([str(TESTS), str(SOURCES), os.environ.get("PYTHONPATH", "")])
    words = [sys.executable, "-m", "support.ray_driver", nodes.address, name, str(whole), str(out), str(log)]
    kept: dict[Path, tuple[int, int]] = {}
    for lines in (*((2, 4) if name == "film" else (6, 12)), None):
        process = subprocess.Popen(words, env={**os.environ, "PYTHONPATH": paths}, stderr=subprocess.PIPE)
        if lines is not None:
            until = time.monotonic() + 600
            while not log.exists() or len(log.read_text().splitlines()) < lines:
                assert process.poll() is None, process.communicate(timeout=60)[1].decode()
                assert time.monotonic() < until
                time.sleep(0.01)
            process.kill()
            process.wait(timeout=60)
            kept |= {path: stamp(path) for path in results(out)}
        else:
            _, error = process.communicate(timeout=1200)
            assert process.returncode == 0, error.decode()
    assert tree(out) == alone(name)
    assert {path: stamp(path) for path in kept if path.exists()} == kept or name in ("film", "fool")
    again = [line for line, count in Counter(log.read_text().splitlines()).items() if count > 1]
    assert len(again) <= 2, again  # that came back just when it was killed


def results(out: Path) -> list[Path]:
    """Portraits and dreams that are there."""
    return [
        path for path in out.rglob("*") if path.suffix in (".png", ".webp") and "thumbs" not in path.parts
    ]


def stamp(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_ino, found.st_mtime_ns
