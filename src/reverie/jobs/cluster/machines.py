"""What a machine of a cluster is, and whether it can work with this one."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from reverie._version import __version__
from reverie.errors import ResourceError
from reverie.native import MOST, Isa, instruction_sets
from reverie.process.cores import cores

#: What ``kernels`` says where there is no native library.
NO_KERNELS: Final = "torch"
#: What torch's own kernels may be compiled for, from the plainest, as torch says it and is told it.
TORCH: Final = ("DEFAULT", "AVX2", "AVX512")
#: What oneDNN, which torch computes convolutions with, is told instead of each instruction set.
ONEDNN: Final = {
    Isa.AVX2: "AVX2",
    Isa.AVX512: "AVX512_CORE",
    Isa.AVX512_BF16: "AVX512_CORE_BF16",
    Isa.AMX: "AVX512_CORE_AMX",
}


@dataclass(frozen=True)
class Machine:
    """One machine, or one node of a cluster.

    Attributes:
        name: Of the machine.
        reverie, torch, python: Versions there.
        kernels: What the rest of a step and the native engine would run with, the fastest.
        torch_kernels: What torch's own kernels run with.
        cores, gpus: That the cluster may use.
    """

    name: str
    reverie: str
    torch: str
    python: str
    kernels: str
    torch_kernels: str = "DEFAULT"
    cores: float = 0.0
    gpus: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """A JSON object."""
        return asdict(self)


def this_machine() -> Machine:
    """What this process sees; the cores are those that it may run on."""
    import torch

    sets = [one.name.lower() for one in instruction_sets()]
    return Machine(
        name=platform.node() or "unknown",
        reverie=__version__,
        torch=torch.__version__,
        python=platform.python_version(),
        kernels=sets[-1] if sets else NO_KERNELS,
        torch_kernels=torch.backends.cpu.get_cpu_capability(),
        cores=float(cores()),
    )


def check_alike(here: Machine, others: Sequence[Machine]) -> None:
    """ResourceError where a machine has another version of reverie or torch than this one."""
    for machine in others:
        for what in ("reverie", "torch"):
            ours, theirs = getattr(here, what), getattr(machine, what)
            if ours != theirs:
                there = f"machine {machine.name}: has {what} {theirs}"
                raise ResourceError(f"{there}, and this one {ours}; install the same there")


def common_kernels(machines: Sequence[Machine]) -> dict[str, str]:
    """What a process is told before it loads torch, so that all of these machines come to the same bytes.

    Raises:
        ResourceError: They are of different kinds, and share no instruction set that torch has a name for.
    """
    for machine in machines:
        if machine.torch_kernels not in TORCH:
            raise ResourceError(
                f"--same-bytes: machine {machine.name} has kernels of its own kind "
                f"({machine.torch_kernels}); leave it out of the cluster"
            )
    torch = min((machine.torch_kernels for machine in machines), key=TORCH.index)
    named = [machine.kernels.upper() for machine in machines]
    native = min((Isa[name] for name in named if name in Isa.__members__), default=None)
    alike = native is not None and all(name in Isa.__members__ for name in named)
    bounds = {"DEFAULT": "SSE41", "AVX2": "AVX2", "AVX512": "AVX512_CORE"}
    return {
        MOST: native.name.lower() if native is not None and alike else "none",
        "ATEN_CPU_CAPABILITY": torch.lower(),
        "ONEDNN_MAX_CPU_ISA": ONEDNN[native] if native is not None and alike else bounds[torch],
        "MKL_CBWR": "COMPATIBLE",
    }
