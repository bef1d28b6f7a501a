"""Parts of jobs on the workers of a Ray cluster: sent, waited for, and sent again where a worker dies."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Final

from reverie.errors import ResourceError, ReverieError, UsageError
from reverie.jobs.cluster.machines import Machine, check_alike, this_machine
from reverie.jobs.cluster.shard import PackedShard, Packer, Shard
from reverie.jobs.cluster.worker import Carried, Limits, carry_out
from reverie.jobs.job import Job, Result
from reverie.jobs.workspace import JobPart, Workspace
from reverie.media.picture.write import write_whole
from reverie.process.notices import warn

#: How often a shard is sent again whose worker died.
RETRIES: Final = 20
#: Shards that are on their way or waiting at a worker, for each that can be worked on at once.
AHEAD: Final = 2
#: Seconds between two looks at whether to stop.
PATIENCE: Final = 0.25
#: Seconds for which the number of machines is believed.
BELIEVED: Final = 2.0
#: Seconds in which a machine has to say what it is.
ANSWER: Final = 120.0


@dataclass(frozen=True)
class PerTask:
    """What one shard has to itself: cores, and GPUs if there are any."""

    #: The most cores and GPUs that one may ask for.
    MOST: ClassVar[int] = 1024
    cpu: int = 1
    gpu: float = 0.0

    @staticmethod
    def read(text: str | None) -> PerTask:
        """``cpu=2,gpu=1`` as what each picture has to itself; UsageError where it is something else."""
        found = {"cpu": 1, "gpu": 0}
        for part in (text or "cpu=1").split(","):
            name, _, number = part.strip().partition("=")
            known = name in found and number.isdecimal() and len(number) <= 4
            if not known or int(number) > PerTask.MOST:
                raise UsageError(f"--per-task {text}: cores or GPUs are needed, as in cpu=2 or cpu=1,gpu=1")
            found[name] = int(number)
        if found["cpu"] < 1:
            raise UsageError(f"--per-task {text}: a picture needs one core at least")
        return PerTask(**found)


@dataclass
class _Held:
    """A file in Ray's store, and how many shards that are at work have it."""

    content: Any
    users: int = 0
    lasting: bool = False


@dataclass
class RayCluster:
    """A cluster that is connected, see ``connect.connected``: carries out parts of jobs.

    Attributes:
        ray: The library.
        per_task: What each shard has to itself.
        environment: Variables that workers begin with.
    """

    ray: Any
    per_task: PerTask
    environment: dict[str, str] = field(default_factory=dict)
    _packer: Packer = field(default_factory=Packer)
    _held: dict[str, _Held] = field(default_factory=dict)
    _room: tuple[float, int] = (0.0, 0)

    def machines(self) -> list[Machine]:
        """Every machine, asked for what it is; ResourceError where one does not answer."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        asked = []
        for node in self.ray.nodes():
            if node["Alive"]:
                place = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
                task = self.ray.remote(this_machine).options(
                    num_cpus=0, scheduling_strategy=place, **self._begun_with()
                )
                asked.append((node, task.remote()))
        found, until = [], time.monotonic() + ANSWER
        for node, answer in asked:
            try:
                machine = self.ray.get(answer, timeout=max(1.0, until - time.monotonic()))
            except self.ray.exceptions.GetTimeoutError as error:
                raise ResourceError(
                    f"machine {node['NodeManagerAddress']}: no worker has begun there within {ANSWER:.0f} s; "
                    "it may be busy: try again, or take it out of the cluster"
                ) from error
            except self.ray.exceptions.RayError as error:
                what = " ".join(str(error).split())[:200]
                raise ResourceError(
                    f"machine {node['NodeManagerAddress']}: no worker begins there ({what}); install reverie "
                    "there, or take it out of the cluster"
                ) from error
            has = node["Resources"]
            found.append(replace(machine, cores=has.get("CPU", 0.0), gpus=has.get("GPU", 0.0)))
        return found

    def check(self) -> list[Machine]:
        """The machines; ResourceError where they cannot work together, or none has room for a shard."""
        found = self.machines()
        check_alike(this_machine(), found)
        if not any(m.cores >= self.per_task.cpu and m.gpus >= self.per_task.gpu for m in found):
            room = ", ".join(f"{m.name} has {m.cores:g} cores and {m.gpus:g} GPUs" for m in found)
            raise ResourceError(f"--per-task: no machine has so much ({room}); ask for less")
        return found

    def slots(self) -> int:
        """How many shards are worked on at once, as of a moment ago."""
        asked, slots = self._room
        if time.monotonic() - asked > BELIEVED:
            has = self.ray.cluster_resources()
            slots = int(has.get("CPU", 1.0) / max(1, self.per_task.cpu))
            if self.per_task.gpu:
                slots = min(slots, int(has.get("GPU", 0.0) / self.per_task.gpu))
            self._room = time.monotonic(), slots
        return max(1, slots)

    def carry_out(
        self, parts: Iterable[JobPart | None], workspace: Workspace, stop: Callable[[], bool]
    ) -> Iterator[tuple[JobPart, tuple[Any, ...] | ReverieError]]:
        """See ``Elsewhere``."""
        limits, waiting, more = Limits(workspace.max_pixels, workspace.offline), iter(parts), True
        at_work: dict[Any, tuple[JobPart, PackedShard]] = {}
        try:
            while not stop():
                while more and len(at_work) < self.slots() * AHEAD:
                    try:
                        part = next(waiting)
                    except StopIteration:
                        more = False
                        break
                    if part is None:
                        break
                    try:
                        packed = self._packer.pack(part, workspace, self._held)
                    except ReverieError as error:
                        yield part, error
                        continue
                    at_work[self._sent(packed, limits)] = part, packed
                if not at_work:
                    return
                for answer in self._back(list(at_work)):
                    part, packed = at_work.pop(answer)
                    self._let_go(packed.shard)
                    yield part, self._taken(answer, part, packed)
        finally:
            for answer, (_, packed) in at_work.items():
                self.ray.cancel(answer, force=True)
                self._let_go(packed.shard)

    def _begun_with(self) -> dict[str, Any]:
        return {"runtime_env": {"env_vars": dict(self.environment)}} if self.environment else {}

    def _sent(self, packed: PackedShard, limits: Limits) -> Any:
        """A shard on its way, its files in Ray's store."""
        for content in packed.shard.contents:
            if content.sha256 not in self._held:
                self._held[content.sha256] = _Held(self.ray.put(packed.data[content.sha256]))
            held = self._held[content.sha256]
            held.users, held.lasting = held.users + 1, held.lasting or content.lasting
        packed.data.clear()
        lasting, own = (
            [self._held[digest].content for digest in packed.shard.hashes(lasting=lasting)]
            for lasting in (True, False)
        )
        task = self.ray.remote(_carry).options(
            num_cpus=self.per_task.cpu,
            num_gpus=self.per_task.gpu,
            max_retries=RETRIES,
            **self._begun_with(),
        )
        return task.remote(packed.shard, limits, lasting, *own)

    def _let_go(self, shard: Shard) -> None:
        """Nobody holds a file any more that no other shard will need."""
        for content in shard.contents:
            held = self._held[content.sha256]
            held.users -= 1
            if not held.users and not held.lasting:
                del self._held[content.sha256]

    def _back(self, answers: list[Any]) -> list[Any]:
        """Those that came back by now, at least one unless it takes long."""
        done, rest = self.ray.wait(answers, timeout=PATIENCE)
        if done and rest:
            done += self.ray.wait(rest, num_returns=len(rest), timeout=0)[0]
        return list(done)

    def _taken(self, answer: Any, part: JobPart, packed: PackedShard) -> tuple[Result, ...] | ReverieError:
        """What came of a part, its files written under their names."""
        assert isinstance(part.job, Job)
        try:
            found: Carried = self.ray.get(answer)
        except self.ray.exceptions.RayTaskError as error:
            raise error.as_instanceof_cause() from None
        except self.ray.exceptions.RayError as error:
            what = type(error).__name__
            return ResourceError(f"{part.job.label}: the worker was lost ({what}); the same command goes on")
        if found.error is not None:
            return type(found.error)(packed.named(str(found.error)))
        overwrite = getattr(getattr(part.job, "output", None), "overwrite", False)
        results = []
        try:
            for place, (data, result) in enumerate(zip(found.files, found.results, strict=True)):
                taken = result.said(packed.named)
                for text in taken.warnings:
                    warn(text)
                if part.outs:
                    write_whole(data, part.outs[place], overwrite=overwrite)
                    taken = replace(taken, files=(part.outs[place],))
                results.append(taken)
        except ReverieError as error:
            return error
        return tuple(results)


def _carry(shard: Shard, limits: Limits, lasting: list[Any], *own: bytes) -> Carried:
    """What a worker is asked to do; what lasts is fetched only where it is not there yet."""
    there = dict(zip(shard.hashes(lasting=False), own, strict=True))
    where = dict(zip(shard.hashes(lasting=True), lasting, strict=True))

    def bytes_of(digest: str) -> bytes:
        return there[digest] if digest in there else _fetched(where[digest])

    return carry_out(shard, bytes_of, limits)


def _fetched(content: Any) -> bytes:
    """A file out of Ray's store."""
    import ray

    found: bytes = ray.get(content)
    return found
