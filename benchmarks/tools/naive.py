"""The loop most people write. "usual": hook, whole network, weight gradients; "best": frozen and cut."""

from __future__ import annotations

import time

import numpy as np
import torch
from torch import Tensor

from benchmarks.job import Job
from benchmarks.tools.networks import Cut, hooked, network, normalised, picture
from reverie.jobs.bench.timing import clock


def measure(job: Job) -> dict[str, object]:
    began = time.perf_counter()
    double = job.how == "float64"
    layers = job.layer.split("+")
    module = network(job.network)
    x = picture(*job.size)
    if double:
        module, x = module.double(), x.double()
    module, x = module.to(job.device), x.to(job.device)
    kept: list[Tensor] = []
    if job.how == "usual":
        for part in hooked(module, job.network, layers):
            part.register_forward_hook(lambda _module, _given, out: kept.append(out))
    else:
        module = Cut(module.requires_grad_(False), job.network, layers)

    def step() -> Tensor:
        kept.clear()
        leaf = x.detach().requires_grad_(True)
        out = module(normalised(leaf, job.network))
        found = kept if job.how == "usual" else out if isinstance(out, list) else [out]
        sum(a.square().mean() for a in found).backward()
        if job.device == "cuda":
            torch.cuda.synchronize()
        return leaf.grad

    gradient = step()
    ready = time.perf_counter() - began
    if job.gradient:
        np.save(job.gradient, gradient.double().cpu().numpy())
    warm, most = (0, 1) if double else (1, 200)
    times = clock(step, seconds=job.seconds, warm=warm, most=most)
    return {"times": times, "ready": ready, "ran": "float64" if double else "fp32"}
