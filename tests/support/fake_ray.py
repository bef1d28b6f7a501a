"""Ray without processes: tasks are carried out here when they are waited for, in a drawn order."""

from __future__ import annotations

import random
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from unittest import mock

from reverie.jobs.cluster import ray_cluster
from reverie.jobs.cluster.ray_cluster import PerTask, RayCluster


class Ref:
    """What was put into the store, or what a task gives."""

    def __init__(self, value: Any = None, task: Callable[[], Any] | None = None) -> None:
        self.value, self.task = value, task

    def made(self) -> Any:
        if self.task is not None:
            self.value, self.task = self.task(), None
        return self.value


class Task:
    def __init__(self, ray: FakeRay, function: Callable[..., Any]) -> None:
        self.ray, self.function = ray, function

    def options(self, **_: Any) -> Task:
        return self

    def remote(self, *arguments: Any) -> Ref:
        self.ray.sent += 1

        def run() -> Any:
            self.ray.done += 1
            return self.function(*(a.made() if isinstance(a, Ref) else a for a in arguments))

        return Ref(task=run)


class FakeRay:
    """As much of Ray as ``RayCluster`` needs.

    Attributes:
        slots: How many work at once.
        sent, done: Tasks that were sent, and carried out.
        most: The most bytes that lay in the store.
    """

    class _Error(Exception):
        pass

    exceptions = SimpleNamespace(RayError=_Error, RayTaskError=type("TaskError", (_Error,), {}))

    def __init__(self, slots: int = 3, seed: int = 0) -> None:
        self.slots = slots
        self.sent = self.done = self.most = 0
        self._chance = random.Random(seed)
        self._held: weakref.WeakSet[Ref] = weakref.WeakSet()

    def put(self, data: bytes) -> Ref:
        found = Ref(data)
        self._held.add(found)
        self.most = max(self.most, sum(len(ref.value) for ref in self._held))
        return found

    def remote(self, function: Callable[..., Any]) -> Task:
        return Task(self, function)

    def wait(
        self, refs: Sequence[Ref], *, num_returns: int = 1, timeout: float
    ) -> tuple[list[Ref], list[Ref]]:
        if timeout == 0:
            return [], list(refs)
        one = self._chance.choice(list(refs)[: self.slots])
        one.made()
        return [one], [ref for ref in refs if ref is not one]

    def get(self, ref: Ref, timeout: float = 0) -> Any:
        return ref.made()

    def cancel(self, ref: Ref, *, force: bool) -> None:
        ref.task = None

    def cluster_resources(self) -> dict[str, float]:
        return {"CPU": float(self.slots)}


@contextmanager
def fake_cluster(slots: int = 3, seed: int = 0) -> Iterator[tuple[RayCluster, FakeRay]]:
    """A cluster that this process is."""
    ray = FakeRay(slots, seed)
    with mock.patch.object(ray_cluster, "_fetched", Ref.made):
        yield RayCluster(ray, PerTask(1)), ray
