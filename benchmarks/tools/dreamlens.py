"""dreamlens' ``FeatureVisualizer.synthesize``."""

from __future__ import annotations

import dreamlens

from benchmarks.job import Job
from benchmarks.tools.networks import STEPS, Cut, Stamps, network


def measure(job: Job) -> dict[str, object]:
    best = job.how == "best"
    module = network("lite0")
    target = module.get_submodule("_blocks.10")
    if best:
        module = Cut(module.requires_grad_(False), "lite0", [job.layer])
    module = module.to(job.device)
    stamps = Stamps(module)
    plain = {"transforms": lambda x: x, "fft": False, "decorrelate": False} if best else {}
    dreamlens.FeatureVisualizer(module, quiet=True, device=job.device).synthesize(
        layers=[target],
        width=job.size[0],
        height=job.size[1],
        iters=STEPS,
        custom_func=lambda outputs: -(outputs[0] ** 2).mean(),
        **plain,
    )
    return {"times": stamps.times(), "ran": "fp32"}
