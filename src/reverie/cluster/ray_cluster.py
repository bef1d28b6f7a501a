"""Parts of jobs on the workers of a Ray cluster: sent, waited for, and sent again where a worker dies."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final

from reverie.cluster.machines import Machine, check_alike, this_machine
from reverie.cluster.shard import Packer, Shard
from reverie.cluster.worker import Carried, Limits, carry_out
from reverie.errors import ResourceError, ReverieError, UsageError
from reverie.jobs.job import Job
from reverie.jobs.workspace import JobPart, Workspace
from reverie.media.picture.write import write_whole
from reverie.notices import warn

#: How often a shard is sent again whose worker died.
RETRIES: Final = 20
#: Shards that are on their way or waiting at a worker, for each that can be worked on at once.
AHEAD: Final = 2
#: Seconds between two looks at whether to stop.
PATIENCE: Final = 0.2
#: What Ray is told before it is loaded: no report of its use, tokens, and few words.
ENVIRONMENT: Final = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_AUTH_MODE": "token",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
#: Where Ray looks for a token.
_TOKENS: Final = {"RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"}


@dataclass(frozen=True)
class PerTask:
    """What one shard has to itself: cores, and GPUs if there are any."""

    cpu: int = 1
    gpu: float = 0.0


@dataclass
class RayCluster:
    """A cluster that is connected, see ``connected``: carries out parts of jobs.

    Attributes:
        ray: The library.
        per_task: What each shard has to itself.
    """

    ray: Any
    per_task: PerTask
    _sent: dict[str, Any] = field(default_factory=dict)

    def machines(self) -> list[Machine]:
        """Every machine, asked for what it is."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        asked = []
        for node in self.ray.nodes():
            if node["Alive"]:
                place = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
                task = self.ray.remote(this_machine).options(num_cpus=0, scheduling_strategy=place)
                asked.append((node["Resources"], task.remote()))
        found = []
        for resources, answer in asked:
            machine = self.ray.get(answer)
            found.append(replace(machine, cores=resources.get("CPU", 0.0), gpus=resources.get("GPU", 0.0)))
        return found

    def check(self) -> list[Machine]:
        """The machines; ResourceError where they cannot work together, or none has room for a shard."""
        found = self.machines()
        check_alike(this_machine(), found)
        if not any(m.cores >= self.per_task.cpu and m.gpus >= self.per_task.gpu for m in found):
            room = ", ".join(f"{m.name} has {m.cores:g} cores and {m.gpus:g} GPUs" for m in found)
            raise ResourceError(f"--per-task: no machine has so much ({room}); ask for less")
        return found

    def pictures(
        self, parts: Sequence[JobPart], workspace: Workspace, stop: Callable[[], bool]
    ) -> Iterator[tuple[int, tuple[Any, ...] | ReverieError]]:
        """See ``Elsewhere``."""
        packer, limits = Packer(), Limits(workspace.max_pixels, workspace.offline)
        carry = self.ray.remote(_carry).options(
            num_cpus=self.per_task.cpu, num_gpus=self.per_task.gpu, max_retries=RETRIES
        )
        waiting, at_work = list(enumerate(parts))[::-1], dict[Any, int]()
        try:
            while (waiting or at_work) and not stop():
                while waiting and len(at_work) < self._most():
                    index, part = waiting.pop()
                    try:
                        shard = packer.pack(_job(part), workspace)
                        contents = [self._content(packer, digest) for digest in shard.hashes]
                    except ReverieError as error:
                        yield index, error
                        continue
                    at_work[carry.remote(shard, limits, *contents)] = index
                done, _ = self.ray.wait(list(at_work), timeout=PATIENCE) if at_work else ([], [])
                for answer in done:
                    index = at_work.pop(answer)
                    yield index, self._taken(answer, parts[index])
        finally:
            for answer in at_work:
                self.ray.cancel(answer, force=True)
            self._sent.clear()

    def _most(self) -> int:
        """How many shards are sent at once."""
        room = self.ray.cluster_resources()
        slots = room.get("CPU", 1.0) / max(1, self.per_task.cpu)
        if self.per_task.gpu:
            slots = min(slots, room.get("GPU", 0.0) / self.per_task.gpu)
        return max(1, int(slots)) * AHEAD

    def _content(self, packer: Packer, digest: str) -> Any:
        """A file in Ray's store, put there once."""
        if digest not in self._sent:
            self._sent[digest] = self.ray.put(packer.read(digest))
        return self._sent[digest]

    def _taken(self, answer: Any, part: JobPart) -> tuple[Any, ...] | ReverieError:
        """What came of a part, its files written under their names."""
        try:
            found: Carried = self.ray.get(answer)
        except self.ray.exceptions.RayError as error:
            what = type(error).__name__
            return ResourceError(
                f"{_job(part).label}: the worker was lost ({what}); the same command goes on"
            )
        if found.error is not None:
            return found.error
        overwrite = getattr(getattr(part.job, "output", None), "overwrite", False)
        results = []
        for path, data, result in zip(part.outs, found.files, found.results, strict=True):
            write_whole(data, path, overwrite=overwrite)
            for text in result.warnings:
                warn(text)
            results.append(replace(result, files=(path,)))
        return tuple(results)


@contextmanager
def connected(where: str, per_task: PerTask) -> Iterator[RayCluster]:
    """A cluster to work on, let go at the end.

    Args:
        where: ``local`` starts Ray on this machine, on loopback alone; ``auto`` takes the one that runs here;
            else its address, HOST:PORT.
        per_task: What each shard has to itself.

    Raises:
        UsageError: Ray is not installed.
        ResourceError: There is no such cluster, or its machines cannot work with this one.
    """
    ray = prepared(local=where == "local")
    try:
        ray.init(**_how(where))
    except (ConnectionError, OSError, RuntimeError, ValueError) as error:
        told = " ".join(str(error).split())[:200]
        raise ResourceError(f"--cluster {where}: no cluster answers there ({told})") from error
    try:
        cluster = RayCluster(ray, per_task)
        cluster.check()
        yield cluster
    finally:
        ray.shutdown()


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


def _carry(shard: Shard, limits: Limits, *contents: bytes) -> Carried:
    """What a worker is asked to do."""
    bytes_of: Mapping[str, bytes] = dict(zip(shard.hashes, contents, strict=True))
    return carry_out(shard, bytes_of, limits)


def _job(part: JobPart) -> Job[Any]:
    assert isinstance(part.job, Job)
    return part.job
