"""torch-dreams' ``Dreamer.render``."""

from __future__ import annotations

import torch

from benchmarks.job import Job
from benchmarks.tools import shim  # noqa: F401
from benchmarks.tools.networks import Stamps, asked_of, middle_of_lite0


def measure(job: Job) -> dict[str, object]:
    from torch_dreams import Dreamer

    best = job.how == "best"
    module, target = middle_of_lite0(job)
    stamps = Stamps(module)
    dreamer = Dreamer(module, device=job.device, quiet=True)
    if best:
        dreamer.set_custom_transforms(torch.nn.Identity())
    dreamer.render(
        **asked_of(job, target),
    )
    return {"times": stamps.times(), "ran": "fp32"}
