"""Jobs on a real Ray cluster of this machine: three nodes, workers that die, a node that leaves."""

from __future__ import annotations

import hashlib
import signal
import threading
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from PIL import Image

from reverie.cluster.ray_cluster import PerTask, RayCluster, connected, prepared
from reverie.errors import ResourceError
from reverie.jobs.batch import BatchJob, VariationsJob
from reverie.jobs.job import Event, ItemFinished, Job, Listener
from reverie.jobs.microscope.job import MicroscopeJob
from reverie.jobs.portraits import PortraitsJob
from reverie.jobs.workspace import Workspace
from reverie.recipe.presets.preset import preset

if find_spec("ray") is None:
    pytest.skip("Ray is not installed", allow_module_level=True)
ray = prepared(local=True)
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("ray")]
NODE = {"num_cpus": 1, "include_dashboard": False, "object_store_memory": 80_000_000}


@pytest.fixture(scope="module")
def nodes() -> Iterator[Any]:
    """A cluster of three nodes of one core."""
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args=NODE)
    for _ in range(2):
        made.add_node(**NODE)
    yield made
    made.shutdown()


@pytest.fixture(scope="module")
def cluster(nodes: Any) -> Iterator[RayCluster]:
    with connected(nodes.address, PerTask(1)) as found:
        yield found


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(2)
    for i in range(4):
        small = Image.fromarray(rng.integers(0, 255, (6, 9, 3), np.uint8))
        small.resize((96, 64), Image.Resampling.BICUBIC).save(folder / f"{i}.png")
    return [str(path) for path in sorted(folder.iterdir())]


def jobs(photos: list[str], out: Path) -> list[Job[Any]]:
    out.mkdir(exist_ok=True)
    dream = preset("reverie", octaves=1, steps=(2,), threads=1)
    sketch = preset("sketch", size=(48, 48), steps=(3,), threads=1)
    return [
        BatchJob(recipe=dream, photos=photos, output=str(out / "batch")),
        VariationsJob(recipe=dream, photo=photos[0], count=3, output=str(out / "v.png")),
        PortraitsJob(recipe=sketch, targets=("tabby", "block5c:0-2"), output=str(out / "p.png")),
        MicroscopeJob(
            recipe=sketch, layers=("block4a",), channels="0-3", classes=("tabby",), output=str(out / "site")
        ),
    ]


def tree(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_three_machines_are_seen_and_alike(cluster: RayCluster) -> None:
    found = cluster.check()
    assert [machine.cores for machine in found] == [1, 1, 1]


def test_every_job_has_the_bytes_of_one_machine(
    cluster: RayCluster, photos: list[str], tmp_path: Path
) -> None:
    for job in jobs(photos, tmp_path / "many"):
        job.run(None, Workspace(elsewhere=cluster))
    for job in jobs(photos, tmp_path / "one"):
        job.run(None, Workspace())
    made = tree(tmp_path / "many")
    assert len(made) > 20
    assert made == tree(tmp_path / "one")


class Killer(Listener):
    """Kills a worker after each of the first items, and counts how often each item was finished."""

    def __init__(self, kills: int) -> None:
        self.kills, self.done = kills, list[str]()

    def on_event(self, event: Event) -> None:
        if isinstance(event, ItemFinished):
            self.done.append(str(event.path))
            if self.kills:
                self.kills -= 1
                busy = [
                    p for p in psutil.process_iter(["cmdline"]) if "ray::_carry" in str(p.info["cmdline"])
                ]
                for process in busy[:1]:
                    process.send_signal(signal.SIGKILL)


@pytest.mark.parametrize("kills", [1, pytest.param(10, marks=pytest.mark.soak)])
def test_workers_may_die(cluster: RayCluster, photos: list[str], tmp_path: Path, kills: int) -> None:
    dream = preset("reverie", octaves=1, steps=(6,), threads=1)
    killer = Killer(kills)
    for name, listener, elsewhere in (("many", killer, cluster), ("one", None, None)):
        job = VariationsJob(
            recipe=dream, photo=photos[0], count=kills + 3, output=str(tmp_path / name / "v.png")
        )
        (tmp_path / name).mkdir()
        job.run(listener, Workspace(elsewhere=elsewhere))
    assert tree(tmp_path / "many") == tree(tmp_path / "one")
    assert killer.kills == 0
    assert len(killer.done) == len(set(killer.done)) == kills + 3


@pytest.mark.soak
def test_a_machine_may_leave_and_another_come(
    nodes: Any, cluster: RayCluster, photos: list[str], tmp_path: Path
) -> None:
    leaves, _ = nodes.add_node(**NODE), nodes.add_node(**NODE)
    dream = preset("reverie", octaves=1, steps=(6,), threads=1)

    def change() -> None:
        time.sleep(1)
        nodes.remove_node(leaves, allow_graceful=False)

    changing = threading.Thread(target=change)
    changing.start()
    job = BatchJob(recipe=dream, photos=photos, output=str(tmp_path / "many"))
    job.run(None, Workspace(elsewhere=cluster))
    changing.join()
    BatchJob(recipe=dream, photos=photos, output=str(tmp_path / "one")).run()
    assert tree(tmp_path / "many") == tree(tmp_path / "one")


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
    broken = tmp_path / "broken.png"
    broken.write_bytes(Path(photos[0]).read_bytes()[:100])
    dream = preset("reverie", octaves=1, steps=(1,), threads=1)
    job = BatchJob(recipe=dream, photos=[str(broken), photos[1]], output=str(tmp_path / "out"))
    result = job.run(None, Workspace(elsewhere=cluster))
    assert [Path(one.path).name for one in result.made] == ["1.png"]
    ((name, error),) = result.failed
    assert name == str(broken)
    assert "broken.png" in str(error)


def test_more_than_any_machine_has_is_said(cluster: RayCluster) -> None:
    with pytest.raises(ResourceError, match="--per-task: no machine has so much"):
        RayCluster(ray, PerTask(9)).check()
