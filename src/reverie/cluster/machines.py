"""What a machine of a cluster is, and whether it can work with this one."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from reverie._version import __version__
from reverie.errors import ResourceError


@dataclass(frozen=True)
class Machine:
    """One machine, or one node of a cluster.

    Attributes:
        name: Of the machine.
        reverie, torch, python: Versions there.
        kernels: What the rest of a step and the native engine would run with, the fastest.
        cores, gpus: That the cluster may use.
    """

    name: str
    reverie: str
    torch: str
    python: str
    kernels: str
    cores: float = 0.0
    gpus: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """A JSON object."""
        return asdict(self)


def this_machine() -> Machine:
    """What this process sees; the cores are those that it may run on."""
    import torch

    from reverie.native import instruction_sets

    sets = [one.name.lower() for one in instruction_sets()]
    return Machine(
        name=platform.node() or "unknown",
        reverie=__version__,
        torch=torch.__version__,
        python=platform.python_version(),
        kernels=sets[-1] if sets else "torch",
        cores=float(
            len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        ),
    )


def check_alike(here: Machine, others: Sequence[Machine]) -> None:
    """ResourceError where a machine has another version of reverie or torch than this one."""
    for machine in others:
        for what in ("reverie", "torch"):
            ours, theirs = getattr(here, what), getattr(machine, what)
            if ours != theirs:
                there = f"machine {machine.name}: has {what} {theirs}"
                raise ResourceError(f"{there}, and this one {ours}; install the same there")
