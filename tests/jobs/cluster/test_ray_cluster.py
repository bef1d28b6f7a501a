"""Jobs on a real Ray cluster of this machine: three nodes, workers that die, a stop and what goes on."""

from __future__ import annotations

import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reverie.errors import ResourceError
from reverie.jobs.cluster.ray_cluster import PerTask, RayCluster
from reverie.jobs.dreaming.batch import BatchJob, VariationsJob
from reverie.jobs.job import Event, ItemFinished, Listener
from reverie.jobs.workspace import Workspace
from reverie.recipe.presets.preset import preset
from support.ray_jobs import Counted, small_jobs, tree
from support.ray_processes import busy

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("ray"), pytest.mark.timeout(300)]


def test_three_machines_are_seen_and_alike(cluster: RayCluster) -> None:
    found = cluster.check()
    assert [machine.cores for machine in found] == [1, 1, 1]


def test_every_job_has_the_bytes_of_one_machine(cluster: RayCluster, inputs_of: Path, tmp_path: Path) -> None:
    counted = Counted(cluster)
    for job in small_jobs(inputs_of, tmp_path / "many"):
        job.run(None, Workspace(elsewhere=counted))
    for job in small_jobs(inputs_of, tmp_path / "one"):
        job.run(None, Workspace())
    made = tree(tmp_path / "many")
    assert len(made) > 40
    assert made == tree(tmp_path / "one")
    assert counted.once()
    assert not cluster._held or all(held.lasting for held in cluster._held.values())


class Killer(Listener):
    """Kills a worker after each of the first items, and counts how often each item was finished."""

    def __init__(self, kills: int) -> None:
        self.kills, self.done = kills, list[str]()

    def on_event(self, event: Event) -> None:
        if isinstance(event, ItemFinished):
            self.done.append(str(event.path))
            if self.kills:
                self.kills -= 1
                for process in busy()[:1]:
                    process.send_signal(signal.SIGKILL)


def test_a_worker_may_die(cluster: RayCluster, photos: list[str], tmp_path: Path) -> None:
    dream = preset("reverie", octaves=1, steps=(6,), threads=1)
    killer = Killer(1)
    for name, listener, elsewhere in (("many", killer, cluster), ("one", None, None)):
        job = VariationsJob(recipe=dream, photo=photos[0], count=4, output=str(tmp_path / name / "v.png"))
        (tmp_path / name).mkdir()
        job.run(listener, Workspace(elsewhere=elsewhere))
    assert tree(tmp_path / "many") == tree(tmp_path / "one")
    assert killer.kills == 0
    assert len(killer.done) == len(set(killer.done)) == 4


class StopsAfter(Listener):
    def __init__(self, count: int) -> None:
        self.count, self.made = count, 0

    def on_event(self, event: Event) -> None:
        if isinstance(event, ItemFinished) and not event.skipped:
            self.made += 1

    def should_stop(self) -> bool:
        return self.made >= self.count


def test_what_was_stopped_is_gone_on_with(cluster: RayCluster, photos: list[str], tmp_path: Path) -> None:
    dream = preset("reverie", octaves=1, steps=(4,), threads=1)
    job = BatchJob(recipe=dream, photos=photos, output=str(tmp_path / "many"))
    first, second = StopsAfter(1), StopsAfter(99)
    stopped = job.run(first, Workspace(elsewhere=cluster))
    assert stopped.stopped == f"{first.made} of 4 photographs"
    result = job.run(second, Workspace(elsewhere=cluster))
    assert not result.stopped
    assert result.skipped == first.made
    assert second.made == 4 - first.made
    BatchJob(recipe=dream, photos=photos, output=str(tmp_path / "one")).run()
    assert tree(tmp_path / "many") == tree(tmp_path / "one")


def test_a_broken_photograph_costs_only_itself(
    cluster: RayCluster, photos: list[str], tmp_path: Path
) -> None:
    """It is called what it is called here, wherever it was read."""
    broken = tmp_path / "broken.png"
    broken.write_bytes(Path(photos[0]).read_bytes()[:100])
    dream = preset("reverie", octaves=1, steps=(1,), threads=1)
    lines = []
    for name, elsewhere in (("many", cluster), ("one", None)):
        job = BatchJob(recipe=dream, photos=[str(broken), photos[1]], output=str(tmp_path / name))
        result = job.run(None, Workspace(elsewhere=elsewhere))
        assert [Path(one.path).name for one in result.made] == ["01.png"]
        ((path, error),) = result.failed
        assert path == str(broken)
        lines.append(f"{type(error).__name__}: {error}")
    assert lines[0] == lines[1]


def test_more_than_any_machine_has_is_said(cluster: RayCluster) -> None:
    with pytest.raises(ResourceError, match="--per-task: no machine has so much"):
        RayCluster(cluster.ray, PerTask(9)).check()


def test_machines_of_other_versions_are_refused(cluster: RayCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the nodes say is true; it is this machine that is another one."""
    from reverie.jobs.cluster import ray_cluster

    here = ray_cluster.this_machine()
    asked: list[Any] = cluster.machines()
    monkeypatch.setattr(ray_cluster, "this_machine", lambda: replace(here, torch="0.0.1"))
    monkeypatch.setattr(RayCluster, "machines", lambda self: asked)
    with pytest.raises(ResourceError, match=r"has torch .*, and this one 0\.0\.1; install the same there"):
        cluster.check()
    assert ResourceError.exit_code == 6
