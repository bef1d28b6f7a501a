"""Fixtures: a real Ray cluster of this machine, three nodes of one core that end with the file of tests."""

from __future__ import annotations

import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from support.ray_processes import end, marked

#: How often the nodes are begun.
TRIES = 5
#: What a node has.
NODE = {"num_cpus": 1, "include_dashboard": False, "object_store_memory": 80_000_000}


@pytest.fixture
def ray_ends() -> Iterator[str]:
    """What a command begins of Ray ends with the test; the mark that it has, of ``ray_processes``."""
    with marked() as word:
        yield word


@pytest.fixture(scope="module")
def nodes() -> Iterator[Any]:
    """The nodes."""
    if find_spec("ray") is None:
        pytest.skip("Ray is not installed")
    from reverie.jobs.cluster.connect import prepared

    with marked() as word:
        prepared(local=True)
        made = three_nodes(word)
        try:
            yield made
        finally:
            made.shutdown()


def three_nodes(word: str) -> Any:
    """They, begun again where this machine is so busy that Ray gives one up after its half minute."""
    from ray.cluster_utils import Cluster

    for left in reversed(range(TRIES)):
        try:
            made = Cluster(initialize_head=True, head_node_args=NODE)
            for _ in range(2):
                made.add_node(**NODE)
            return made
        except Exception:  # Ray raises no other
            end(word)
            if not left:
                raise
    raise AssertionError


@pytest.fixture(scope="module")
def cluster(nodes: Any) -> Iterator[Any]:
    """This process at work with them."""
    from reverie.jobs.cluster.connect import connected
    from reverie.jobs.cluster.ray_cluster import PerTask

    with connected(nodes.address, PerTask(1)) as found:
        until = time.monotonic() + 60
        while found.ray.cluster_resources().get("CPU", 0) < 3:
            assert time.monotonic() < until, "the nodes do not come"
            time.sleep(0.1)
        yield found


@pytest.fixture(scope="module")
def inputs_of(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with four photographs and a film of five scenes."""
    from support.ray_jobs import inputs

    return inputs(tmp_path_factory.mktemp("inputs"), photos=4, frames=3, rate=5)


@pytest.fixture(scope="module")
def photos(inputs_of: Path) -> list[str]:
    return sorted(map(str, (inputs_of / "photos").iterdir()))
