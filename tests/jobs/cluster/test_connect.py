"""Ray begins and ends with whoever asked for it, whatever becomes of them."""

from __future__ import annotations

import subprocess
import sys
import time
from importlib.util import find_spec

import pytest

from reverie.errors import ResourceError
from reverie.jobs.cluster.connect import connected, prepared
from reverie.jobs.cluster.ray_cluster import PerTask
from support.commands import environment
from support.endings import line_of
from support.ray_processes import begun

pytestmark = [
    pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed"),
    pytest.mark.xdist_group("ray"),
    pytest.mark.timeout(500),
]
HOLDS = """
import time
from reverie.jobs.cluster.connect import connected
from reverie.jobs.cluster.ray_cluster import PerTask
with connected("local", PerTask(1)):
    print("there", flush=True)
    time.sleep(600)
"""


@pytest.mark.soak
def test_nothing_outlives_a_command_that_is_killed(ray_ends: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS], env=environment(), stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert line_of(process.stdout) == "there\n"
    assert len(begun(ray_ends)) > 3
    process.kill()
    process.wait(timeout=60)
    until = time.monotonic() + 120
    while left := begun(ray_ends):
        assert time.monotonic() < until, left
        time.sleep(0.2)


class Refuses:
    """Ray where nothing can begin."""

    tries = 0

    def init(self, **_: object) -> None:
        self.tries += 1
        raise Exception("the raylet\n timed out")

    def shutdown(self) -> None:
        pass


@pytest.mark.parametrize(
    ("where", "tries", "said"), [("local", 3, "Ray does not begin"), ("auto", 1, "no cluster")]
)
def test_what_does_not_begin_is_one_line(
    monkeypatch: pytest.MonkeyPatch, where: str, tries: int, said: str
) -> None:
    ray = Refuses()
    monkeypatch.setattr("reverie.jobs.cluster.connect.prepared", lambda local: ray)
    with (
        pytest.raises(ResourceError, match=rf"--cluster {where}: {said}.* \(the raylet timed out\)"),
        connected(where, PerTask(1)),
    ):
        raise AssertionError
    assert ray.tries == tries


@pytest.mark.slow
def test_ray_is_told_to_be_private_before_it_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    """No reports, and a token: drawn here for a cluster of this machine alone, unless there is one."""
    for name in ("RAY_USAGE_STATS_ENABLED", "RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    import os

    prepared(local=False)
    assert (os.environ["RAY_USAGE_STATS_ENABLED"], os.environ["RAY_AUTH_MODE"]) == ("0", "token")
    assert "RAY_AUTH_TOKEN" not in os.environ
    prepared(local=True)
    assert len(os.environ["RAY_AUTH_TOKEN"]) == 64
    monkeypatch.setenv("RAY_AUTH_TOKEN", "mine")
    prepared(local=True)
    assert os.environ["RAY_AUTH_TOKEN"] == "mine"
