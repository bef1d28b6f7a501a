"""Connecting to a Ray cluster: one that is started here, one that runs here, or one at an address."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from reverie.errors import ResourceError, UsageError
from reverie.jobs.cluster.machines import common_kernels
from reverie.jobs.cluster.ray_cluster import PerTask, RayCluster

#: What Ray is told before it is loaded: no report of its use, tokens, and few words.
ENVIRONMENT: Final = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_AUTH_MODE": "token",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_worker_niceness": "0",  # else workers get next to nothing where anything else is at work
}
#: How often Ray is started here: of a busy machine it gives up after half a minute, which cannot be set.
TRIES: Final = 3
#: Where Ray looks for a token.
_TOKENS: Final = {"RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"}


@contextmanager
def connected(where: str, per_task: PerTask, *, same_bytes: bool = False) -> Iterator[RayCluster]:
    """A cluster to work on, let go at the end.

    Args:
        where: ``local`` starts Ray on this machine, on loopback alone; ``auto`` takes the one that runs here;
            else its address, HOST:PORT.
        per_task: What each shard has to itself.
        same_bytes: Whether this process and all workers compute with the instruction set that all have.

    Raises:
        UsageError: Ray is not installed.
        OtherKernels: ``same_bytes`` comes too late for this process.
        ResourceError: There is no such cluster, or its machines cannot work with this one.
    """
    ray = prepared(local=where == "local")
    _begin(ray, where)
    try:
        cluster = RayCluster(ray, per_task)
        if same_bytes:
            cluster.environment = common_kernels(cluster.machines())
            compute_with(cluster.environment)
        cluster.check()
        yield cluster
    finally:
        ray.shutdown()


def _begin(ray: Any, where: str) -> None:
    """Start or join Ray; ResourceError where it cannot be."""
    for left in reversed(range(TRIES if where == "local" else 1)):
        try:
            ray.init(**_how(where))
            return
        except Exception as error:  # Ray has no error of its own for what goes wrong here
            ray.shutdown()
            if not left:
                told = " ".join(str(error).split())[:200]
                what = "Ray does not begin" if where == "local" else "no cluster answers there"
                raise ResourceError(f"--cluster {where}: {what} ({told}); see docs/cluster.md") from error


def prepared(*, local: bool) -> Any:
    """Ray, told to be private before it is loaded; the token of a cluster on this machine is drawn here.

    Raises:
        UsageError: It is not installed.
    """
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    if local and os.environ["RAY_AUTH_MODE"] == "token" and not _TOKENS.intersection(os.environ):
        os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)
    try:
        import ray
    except ImportError as error:
        raise UsageError('--cluster: Ray is not installed; pip install "reverie[cluster]"') from error
    return ray


class OtherKernels(UsageError):
    """This process has loaded torch for other kernels than its workers will compute with.

    Attributes:
        environment: What it should have begun with.
    """

    def __init__(self, environment: dict[str, str]) -> None:
        given = " ".join(f"{name}={value}" for name, value in environment.items())
        super().__init__(f"--same-bytes: torch is at work already; begin the program with {given}")
        self.environment = environment


def compute_with(environment: dict[str, str]) -> None:
    """Have this process compute as its workers will; OtherKernels where it is too late for that."""
    wanted = {name: value for name, value in environment.items() if os.environ.get(name) != value}
    if wanted and "torch" in sys.modules:
        raise OtherKernels(environment)
    os.environ.update(wanted)


def _how(where: str) -> dict[str, Any]:
    """What Ray is started or joined with."""
    quiet = {"log_to_driver": False, "logging_level": "ERROR", "configure_logging": True}
    if where != "local":
        return {"address": where, **quiet}
    return {
        "address": "local",
        "include_dashboard": False,
        "_node_ip_address": "127.0.0.1",
        **quiet,
    }
