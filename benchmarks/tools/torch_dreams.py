"""torch-dreams' ``Dreamer.render``."""

from __future__ import annotations

import torch

from benchmarks.job import Job
from benchmarks.tools import shim  # noqa: F401
from benchmarks.tools.networks import STEPS, Cut, Stamps, network


def measure(job: Job) -> dict[str, object]:
    from torch_dreams import Dreamer

    best = job.how == "best"
    module = network("lite0")
    target = module.get_submodule("_blocks.10")
    if best:
        module = Cut(module.requires_grad_(False), "lite0", [job.layer])
    module = module.to(job.device)
    stamps = Stamps(module)
    dreamer = Dreamer(module, device=job.device, quiet=True)
    if best:
        dreamer.set_custom_transforms(torch.nn.Identity())
    dreamer.render(
        layers=[target],
        width=job.size[0],
        height=job.size[1],
        iters=STEPS,
        custom_func=lambda outputs: -(outputs[0] ** 2).mean(),
    )
    return {"times": stamps.times(), "ran": "fp32"}
