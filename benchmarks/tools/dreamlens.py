"""dreamlens' ``FeatureVisualizer.synthesize``."""

from __future__ import annotations

import dreamlens

from benchmarks.job import Job
from benchmarks.tools.networks import Stamps, asked_of, middle_of_lite0


def measure(job: Job) -> dict[str, object]:
    best = job.how == "best"
    module, target = middle_of_lite0(job)
    stamps = Stamps(module)
    plain = {"transforms": lambda x: x, "fft": False, "decorrelate": False} if best else {}
    dreamlens.FeatureVisualizer(module, quiet=True, device=job.device).synthesize(
        **asked_of(job, target),
        **plain,
    )
    return {"times": stamps.times(), "ran": "fp32"}
