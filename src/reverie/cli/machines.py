"""Options of verbs that make many pictures: on which machines."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NoReturn

from reverie.cli.fields import COMPUTE, other
from reverie.cli.groups import Group
from reverie.cli.meant import TAKEN
from reverie.errors import UsageError
from reverie.recipe.recipe import Recipe

if TYPE_CHECKING:
    from reverie.jobs.cluster.connect import OtherKernels
    from reverie.jobs.cluster.ray_cluster import PerTask, RayCluster

#: An option that says what computes.
computes = partial(other, panel=COMPUTE)


@dataclass(frozen=True)
class Machines(Group):
    """Who carries out the parts of a job."""

    cluster: str | None = computes(
        "--cluster",
        help="Share the work out among workers: local starts them on this machine, auto takes the "
        "Ray cluster that runs here, HOST:PORT another one.",
        metavar="local|auto|HOST:PORT",
    )
    same_bytes: bool = computes(
        "--same-bytes",
        help="With --cluster, compute everywhere with the instruction set that all machines have.",
    )
    per_task: str | None = computes(
        "--per-task",
        help="With --cluster, what each part has to itself (default cpu=1).",
        metavar="cpu=N[,gpu=N]",
    )

    def recipe(self, recipe: Recipe) -> Recipe:
        """The recipe with as many threads as a picture has cores, unless it says how many itself.

        The number of threads decides the last bits: what a cluster makes is what one machine makes with
        ``--threads`` of so many.
        """
        return recipe.but(threads=self.threads(recipe.threads)) if self.cluster is not None else recipe

    def one_worker(self) -> str:
        """What an estimate is of, where ``--dry-run`` connects to nobody; empty for this machine alone."""
        if self.cluster is None:
            return ""
        slots = max(1, (os.cpu_count() or 1) // self.share.cpu)
        many = f"of {slots} here" if self.cluster == "local" else "of as many as the cluster has"
        return f"--cluster {self.cluster}: each time above is one worker's, {many}; at best divide by that"

    def threads(self, given: int | None) -> int:
        """As many threads as were asked for, or as a part has cores."""
        return given or (0 if self.cluster is None else self.share.cpu)

    @property
    def share(self) -> PerTask:
        """What each picture has to itself."""
        from reverie.jobs.cluster.ray_cluster import PerTask

        return PerTask.read(self.per_task)


@contextmanager
def workers(machines: Machines) -> Iterator[RayCluster | None]:
    """The cluster that the options ask for, if they do; errors as of ``connected``."""
    if machines.cluster is None:
        for option, given in (("--per-task", machines.per_task), ("--same-bytes", machines.same_bytes)):
            if given:
                raise UsageError(f"{option}: is for --cluster only; add it, or leave this out")
        yield None
        return
    from reverie.jobs.cluster.connect import OtherKernels, connected

    with ExitStack() as stack:
        try:
            link = connected(machines.cluster, machines.share, same_bytes=machines.same_bytes)
            cluster = stack.enter_context(link)
        except OtherKernels as error:
            begin_again(error)
        yield cluster


def begin_again(error: OtherKernels) -> NoReturn:
    """This command from its beginning, in this process's place, with other kernels; nothing was done yet."""
    words = TAKEN.get()
    if os.name != "posix" or not words:
        raise error
    os.execve(sys.executable, [sys.executable, "-m", "reverie", *words], {**os.environ, **error.environment})
