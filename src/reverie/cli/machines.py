"""Options of verbs that make many pictures: on which machines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from reverie.cli.fields import COMPUTE, other
from reverie.cli.groups import Group
from reverie.errors import UsageError
from reverie.recipe.recipe import Recipe

if TYPE_CHECKING:
    from reverie.cluster.ray_cluster import PerTask, RayCluster

#: The most cores and GPUs that one picture may ask for.
MOST = 1024


@dataclass(frozen=True)
class Machines(Group):
    """Who carries out the parts of a job."""

    cluster: Annotated[
        str | None,
        other(
            "--cluster",
            help="Share the pictures out among workers: local starts them on this machine, auto takes the "
            "Ray cluster that runs here, HOST:PORT another one.",
            panel=COMPUTE,
            metavar="local|auto|HOST:PORT",
        ),
    ] = None
    per_task: Annotated[
        str | None,
        other(
            "--per-task",
            help="With --cluster, what each picture has to itself (default cpu=1).",
            panel=COMPUTE,
            metavar="cpu=N[,gpu=N]",
        ),
    ] = None

    def recipe(self, recipe: Recipe) -> Recipe:
        """The recipe with as many threads as a picture has cores, unless it says how many itself.

        The number of threads decides the last bits: what a cluster makes is what one machine makes with
        ``--threads`` of so many.
        """
        if self.cluster is None or recipe.threads:
            return recipe
        return recipe.but(threads=per_task(self.per_task).cpu)


@contextmanager
def workers(machines: Machines) -> Iterator[RayCluster | None]:
    """The cluster that the options ask for, if they do; errors as of ``connected``."""
    if machines.cluster is None:
        if machines.per_task is not None:
            raise UsageError("--per-task: is for --cluster only; add it, or leave this out")
        yield None
        return
    share = per_task(machines.per_task)
    from reverie.cluster.ray_cluster import connected

    with connected(machines.cluster, share) as cluster:
        yield cluster


def per_task(text: str | None) -> PerTask:
    """``cpu=2,gpu=1`` as what each picture has to itself."""
    from reverie.cluster.ray_cluster import PerTask

    found = {"cpu": 1, "gpu": 0}
    for part in (text or "cpu=1").split(","):
        name, sign, number = part.strip().partition("=")
        if name not in found or not sign or not number.isdecimal() or len(number) > 4 or int(number) > MOST:
            raise UsageError(f"--per-task {text}: cores or GPUs are needed, as in cpu=2 or cpu=1,gpu=1")
        found[name] = int(number)
    if found["cpu"] < 1:
        raise UsageError(f"--per-task {text}: a picture needs one core at least")
    return PerTask(**found)
